/** What a rule of the linter is, and what it finds. */
import type { Place } from "./document.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Workflow } from "./workflow.ts";

export type Severity = "error" | "warning";

export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly place: Place;
  /** A phrase in lower case without a full stop. Never holds a secret. */
  readonly message: string;
  /** What to change, in a phrase. */
  readonly fix: string;
}

/** What a rule returns; the rule's own severity and fix count where it does not say otherwise. */
export interface Found {
  readonly place: Place;
  readonly message: string;
  readonly severity?: Severity;
  readonly fix?: string;
}

/** What rules may know besides the workflow they look at. */
export interface LintContext {
  /** All workflows of the repository, this one too. */
  readonly workflows: readonly Workflow[];
  /** `name@version` of the packages whose version is a prerelease and whose manifest names no dist-tag. */
  readonly prereleases: readonly string[];
  /** Where the packages go; empty where that is not known. */
  readonly registries: readonly string[];
}

export interface Example {
  /**
   * What the snippets are: a whole workflow, steps of the publishing job of a workflow that is otherwise well, or a whole
   * `.gitlab-ci.yml`.
   */
  readonly frame: "workflow" | "steps" | "gitlab";
  /** The lines that the rule reports end in `# <--`. */
  readonly before: string;
  readonly after: string;
  /** What other rules say of it before. */
  readonly alsoFound?: readonly string[];
  /** A second workflow of the repository. */
  readonly beside?: string;
  readonly prereleases?: readonly string[];
}

export interface Rule {
  readonly id: string;
  readonly severity: Severity;
  /** What is wrong, in a phrase. */
  readonly title: string;
  /** What can happen, in sentences. */
  readonly why: string;
  readonly fix: string;
  /** The audits of zizmor that look for the same or nearly so. */
  readonly zizmor?: readonly string[];
  /** Looks at every workflow, not only at those that publish. */
  readonly isForAll?: boolean;
  readonly example: Example;
  readonly check: (workflow: Workflow, context: LintContext) => readonly Found[];
  readonly checkPipeline?: (pipeline: Pipeline) => readonly Found[];
}
