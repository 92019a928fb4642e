/** What became of a release: a fold of plan and state, the same for terminal, JSON, summary and notification. */
import type { Kept, Plan, Tarball } from "./plan.ts";
import { exitCodeOf, type Problem } from "./problem.ts";
import type { RunState, StepState } from "./run.ts";
import { formatSpec } from "./spec.ts";
import { isShown, type Status } from "./step.ts";

/**
 * `published` sent by this release and read back · `already` shown with our bytes before this attempt sent anything ·
 * `bound` published by an earlier attempt of this commit with other bytes.
 */
export type How = "published" | "already" | "bound";

export interface ReportedVersion {
  readonly name: string;
  readonly version: string;
  readonly registry: string;
  readonly status: Status;
  readonly how?: How;
  readonly integrity?: string;
  /** The dist-tag of this version and what became of it. */
  readonly tag?: { readonly tag: string; readonly status: Status; readonly shown?: string };
  readonly evidence?: string;
  /** Paths that differ from our build, for a bound version. */
  readonly differingFiles?: readonly string[];
  /** How often its stuck tarball was removed in this attempt. */
  readonly repairs?: number;
  readonly sizeBytes?: number;
  readonly fileCount?: number;
  readonly problems: readonly Problem[];
}

export interface Report {
  readonly schema: 1;
  readonly releaseId: string;
  readonly commit: string | undefined;
  /** True when every planned fact is shown. */
  readonly isComplete: boolean;
  readonly exitCode: 0 | 1 | 2 | 3 | 4;
  readonly attempt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly versions: readonly ReportedVersion[];
  readonly kept: readonly Kept[];
  readonly warnings: readonly string[];
  readonly counts: {
    readonly published: number;
    readonly already: number;
    /** Without those that were not tried because of another. */
    readonly failed: number;
    /** Not tried because something they depend on is not done. */
    readonly blocked: number;
    readonly unconfirmed: number;
    readonly kept: number;
  };
}

const failedStatuses: ReadonlySet<Status> = new Set(["stale", "conflict", "corrupt", "wedged", "failed", "blocked"]);

/** True for a status that makes the run fail. */
export function isFailed(status: Status): boolean {
  return failedStatuses.has(status);
}

function reportVersion(node: StepState, tagNode: StepState | undefined, tarball: Tarball | undefined): ReportedVersion {
  const { name, version, registry } = node.step;
  const how: How = node.bound !== undefined ? "bound" : node.sends > 0 ? "published" : "already";
  const goal = tagNode?.step.goal;
  return {
    name,
    version,
    registry,
    status: node.status,
    ...(isShown(node.status) ? { how } : {}),
    ...(node.expected === undefined ? {} : { integrity: node.expected }),
    ...(goal?.kind === "dist-tag" && tagNode !== undefined
      ? {
          tag: {
            tag: goal.tag,
            status: tagNode.status,
            ...(typeof tagNode.shown === "string" ? { shown: tagNode.shown } : {}),
          },
        }
      : {}),
    ...(node.bound === undefined ? {} : { evidence: node.bound.evidence, differingFiles: node.bound.files }),
    ...(node.repairs === 0 ? {} : { repairs: node.repairs }),
    ...(tarball === undefined ? {} : { sizeBytes: tarball.sizeBytes, fileCount: tarball.fileCount }),
    problems: [node.problem, problemOfTag(node, tagNode)].filter((item) => item !== undefined),
  };
}

/** A tag that waits for its version has nothing to say as long as the version does. */
function problemOfTag(node: StepState, tagNode: StepState | undefined): Problem | undefined {
  if (tagNode === undefined || node.problem === undefined || isShown(node.status)) return tagNode?.problem;
  return isFailed(tagNode.status) && tagNode.status !== "blocked" ? tagNode.problem : undefined;
}

function exitCodeFor(state: RunState, isComplete: boolean): 0 | 1 | 3 | 4 {
  if (isComplete) return 0;
  const steps = [...state.nodes.values()].filter((node) => !node.isKept);
  if (steps.some((node) => isFailed(node.status))) return 1;
  if (steps.some((node) => node.problem !== undefined && exitCodeOf(node.problem.code) !== 3)) return 1;
  return steps.every((node) => isShown(node.status) || node.status === "staged") ? 4 : 3;
}

/** True when every step of the plan is shown. */
export function isComplete(state: RunState): boolean {
  return state.plan.steps.every((step) => isShown(state.nodes.get(step.id)?.status ?? "ready"));
}

export function makeReport(plan: Plan, state: RunState, endedAt: number): Report {
  const tarballs = new Map((plan.tarballs ?? []).map((tarball) => [tarball.spec, tarball]));
  const tags = new Map<string, StepState>();
  for (const node of state.nodes.values())
    if (node.step.goal.kind === "dist-tag") tags.set(formatSpec(node.step.name, node.step.version), node);
  const versions = [...state.nodes.values()]
    .filter((node) => node.step.goal.kind === "publish" && !node.isKept)
    .map((node) => {
      const spec = formatSpec(node.step.name, node.step.version);
      return reportVersion(node, tags.get(spec), tarballs.get(spec));
    });
  const complete = isComplete(state);
  const shown = versions.filter((item) => isShown(item.status));
  const blocked = versions.filter((item) => item.status === "blocked").length;
  const failed = versions.filter((item) =>
    isFailed(item.status) ? item.status !== "blocked" : item.tag !== undefined && isFailed(item.tag.status),
  ).length;
  return {
    schema: 1,
    releaseId: plan.releaseId,
    commit: plan.source.commit,
    isComplete: complete,
    exitCode: exitCodeFor(state, complete),
    attempt: state.attempt,
    startedAt: state.startedAt,
    endedAt,
    versions,
    kept: plan.kept,
    warnings: plan.warnings,
    counts: {
      published: shown.filter((item) => item.how === "published").length,
      already: shown.filter((item) => item.how !== "published").length,
      failed,
      blocked,
      unconfirmed: versions.length - shown.length - versions.filter((item) => isFailed(item.status)).length,
      kept: plan.kept.length,
    },
  };
}
