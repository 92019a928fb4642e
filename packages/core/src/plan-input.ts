/** What a plan is decided from, as gathered by the caller. Types only. */
import type { ChangesetsInput } from "./changesets.ts";
import type { Packument, Reading } from "./packument.ts";
import type { PlanOptions, Source } from "./plan.ts";
import type { Spec } from "./spec.ts";
import type { Workspace } from "./workspace.ts";

export interface GitFacts {
  /** Git tags of the form `name@version`. */
  readonly releaseTags: ReadonlySet<Spec>;
  /** Whether a commit belongs to this repository, by commit; one that is not listed cannot be known (shallow clone). */
  readonly commitsHere: ReadonlyMap<string, boolean>;
  /** Files below a package that changed since the `gitHead` of its shown version, by package name; posix paths. */
  readonly changedFiles: ReadonlyMap<string, readonly string[]>;
  /** Commits, of those that shown versions were made from, that come after the one that is checked out. */
  readonly laterCommits?: ReadonlySet<string>;
}

/** What earlier attempts of this very release left behind. */
export interface ReleaseEvidence {
  /** Versions for which the journal of this release shows a write. */
  readonly journalWrites: ReadonlySet<Spec>;
  /** Versions whose contents the journal of this release has judged to be somebody else's. */
  readonly judgedForeign?: ReadonlySet<Spec>;
  /** True when a report says that this release was completed. */
  readonly isReleaseComplete: boolean;
}

export interface PlanInput {
  readonly workspace: Workspace;
  readonly source: Source;
  /** 12 hex digits, from `releaseIdInput`. */
  readonly releaseId: string;
  readonly options: PlanOptions;
  /** `--tag`. */
  readonly tag: string | undefined;
  /** Access of packages whose publishConfig says nothing. */
  readonly access: "public" | "restricted" | undefined;
  /** Names that `--only` selects; undefined selects all. */
  readonly selected: ReadonlySet<string> | undefined;
  /** Names whose version changed since `--base`; undefined without `--base`. */
  readonly changed: ReadonlySet<string> | undefined;
  /** URL of the registry a package belongs to, by name. */
  readonly registries: ReadonlyMap<string, string>;
  /** Registries known to burn a version number once it was unpublished. */
  readonly burningRegistries?: ReadonlySet<string>;
  /** Registries that were read without credentials and may hide what they do not show to everybody. */
  readonly anonymousRegistries?: ReadonlySet<string>;
  /** Full packuments, by name; a package that nobody asked about has none. */
  readonly readings: ReadonlyMap<string, Reading<Packument>>;
  readonly git: GitFacts;
  readonly evidence: ReleaseEvidence;
  /** Undefined where there is no `.changeset/config.json`, or it is not gone by. */
  readonly changesets?: ChangesetsInput | undefined;
}
