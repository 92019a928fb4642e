/** Looks for what endangers a release in the workflows of a repository. Reads no file: it is given their texts. */
import { parseDocument, type Value } from "./document.ts";
import { applyComments } from "./ignore-comments.ts";
import { readPipeline } from "./pipeline.ts";
import { isReleaseWorkflow } from "./release-steps.ts";
import type { Finding, LintContext, Rule } from "./rule.ts";
import { ignoreWithoutReason, notAWorkflow } from "./rules/files.ts";
import { rules } from "./rules.ts";
import { readWorkflow, type Workflow } from "./workflow.ts";

export interface SourceText {
  /** From the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
}

export interface LintInput {
  /** Files of `.github/workflows`. */
  readonly workflows: readonly SourceText[];
  /** `.gitlab-ci.yml` and what stands in `.gitlab`. */
  readonly pipelines?: readonly SourceText[];
  /** Composite actions of the repository, as the path that `uses: ./…` names. */
  readonly actions?: readonly SourceText[];
  /** Shell scripts of the repository that workflows run. */
  readonly scripts?: readonly SourceText[];
  readonly prereleases?: readonly string[];
  readonly registries?: readonly string[];
}

/** All findings, by file, line and column. */
export async function lintWorkflows(input: LintInput): Promise<readonly Finding[]> {
  const scripts = input.scripts ?? [];
  const actions = await Promise.all(
    (input.actions ?? []).map(async ({ path, text }) => [path, await parseDocument(path, text)] as const),
  );
  const referred = {
    actions: new Map(
      actions.flatMap(([path, parsed]): readonly (readonly [string, Value])[] =>
        parsed.kind === "value" ? [[path.replace(/\/?action\.ya?ml$/, ""), parsed.value]] : [],
      ),
    ),
    scripts: new Map(scripts.map(({ path, text }) => [path, text])),
  };
  const workflows: Workflow[] = [];
  const findings: Finding[] = [];
  for (const { path, text } of input.workflows) {
    const parsed = await parseDocument(path, text);
    const workflow = parsed.kind === "value" ? readWorkflow(path, parsed.value, referred) : undefined;
    if (workflow !== undefined) workflows.push(workflow);
    else {
      const place = parsed.kind === "value" ? { path, line: 1, column: 1 } : parsed.place;
      findings.push(
        finding(notAWorkflow, {
          place,
          message: parsed.kind === "value" ? "it has no jobs" : lowerFirst(parsed.message),
        }),
      );
    }
  }
  const context: LintContext = { workflows, prereleases: input.prereleases ?? [], registries: input.registries ?? [] };
  for (const workflow of workflows) findings.push(...lintOne(workflow, context));
  for (const { path, text } of input.pipelines ?? []) findings.push(...(await lintPipeline(path, text)));
  const texts = [...input.workflows, ...(input.pipelines ?? []), ...(input.actions ?? []), ...scripts];
  const report = { rule: ignoreWithoutReason.id, severity: ignoreWithoutReason.severity, fix: ignoreWithoutReason.fix };
  const left = texts.reduce<readonly Finding[]>(
    (found, { path, text }) => applyComments(path, text, found, report),
    distinct(findings),
  );
  return left.toSorted(byPlace);
}

async function lintPipeline(path: string, text: string): Promise<readonly Finding[]> {
  const parsed = await parseDocument(path, text);
  // GitLab has tags of its own (`!reference`), and says itself what is no pipeline.
  if (parsed.kind !== "value") return [];
  const pipeline = readPipeline(path, parsed.value);
  return rules.flatMap((rule) => (rule.checkPipeline?.(pipeline) ?? []).map((found) => finding(rule, found)));
}

function lintOne(workflow: Workflow, context: LintContext): readonly Finding[] {
  const isRelease = isReleaseWorkflow(workflow);
  return rules
    .filter(({ isForAll }) => isForAll === true || isRelease)
    .flatMap((rule) => rule.check(workflow, context).map((found) => finding(rule, found)));
}

function finding({ id, severity, fix }: Rule, found: ReturnType<Rule["check"]>[number]): Finding {
  return { rule: id, severity, fix, ...found };
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}

/** A script or action that two jobs use is reported once. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((item) => [`${item.rule} ${formatPlace(item)} ${item.message}`, item])).values()];
}

export function formatPlace({ place }: Finding): string {
  return `${place.path}:${place.line}:${place.column}`;
}

function byPlace(a: Finding, b: Finding): number {
  const order = a.place.path < b.place.path ? -1 : a.place.path > b.place.path ? 1 : 0;
  return order || a.place.line - b.place.line || a.place.column - b.place.column || (a.rule < b.rule ? -1 : 1);
}
