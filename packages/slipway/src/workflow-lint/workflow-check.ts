/** What `slipway doctor` says of the repository's workflows: errors are problems, warnings are lines, all of it is data. */
import { formatSpec, problem, type Problem, type WorkspacePackage } from "@slipway/core";
import { count } from "../views/quantities.ts";
import { formatPlace, lintWorkflows } from "./lint.ts";
import { readWorkflows } from "./read-workflows.ts";
import type { Finding } from "./rule.ts";

export interface WorkflowExamination {
  /** Errors and warnings, by file and line. */
  readonly findings: readonly Finding[];
  readonly problems: readonly Problem[];
  /** Where the files are. */
  readonly about: string;
  readonly note: string;
  /** The warnings, a line for each rule, file and message. */
  readonly details: readonly string[];
}

/** Undefined where the repository has no workflows. */
export async function examineWorkflows(
  root: string,
  packages: readonly WorkspacePackage[],
  registries: readonly string[],
): Promise<WorkflowExamination | undefined> {
  const files = readWorkflows(root);
  if (files === undefined) return undefined;
  const findings = await lintWorkflows({ ...files, prereleases: findPrereleases(packages), registries });
  const errors = findings.filter(({ severity }) => severity === "error");
  const warnings = findings.filter(({ severity }) => severity === "warning");
  const counts = [
    ...(errors.length > 0 ? [count(errors.length, "error")] : []),
    ...(warnings.length > 0 ? [count(warnings.length, "warning")] : []),
  ];
  return {
    findings,
    problems: errors.map(describeError),
    about: files.workflows.length > 0 ? ".github/workflows" : ".gitlab-ci.yml",
    note: [count(files.workflows.length + files.pipelines.length, "file"), ...counts].join(", "),
    details: [...Map.groupBy(warnings, ({ rule, place, message }) => `${rule} ${place.path} ${message}`).values()].map(
      describeWarnings,
    ),
  };
}

/** Packages whose prerelease nothing but a flag keeps away from `latest`. */
function findPrereleases(packages: readonly WorkspacePackage[]): readonly string[] {
  return packages
    .filter(
      ({ isPrivate, version, publishConfig }) =>
        !isPrivate && /^[^+]*-/.test(version) && publishConfig.tag === undefined,
    )
    .map(({ name, version }) => formatSpec(name, version));
}

function describeError(finding: Finding): Problem {
  return problem("SLIP_WORKFLOW_UNSAFE", `${formatPlace(finding)} ${finding.rule}: ${finding.message}`, {
    hint: finding.fix,
  });
}

function describeWarnings(group: readonly Finding[]): string {
  const [first, ...others] = group;
  if (first === undefined) return "";
  const further = others.map(({ place }) => `${place.line}:${place.column}`);
  return `${[formatPlace(first), ...further].join(", ")} ${first.rule}: ${first.message}`;
}
