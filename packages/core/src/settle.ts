/**
 * Changing one step and keeping all that follows from it true: what waits for it, what it blocks, and whether writing may begin.
 * Which change an event makes is told elsewhere.
 */
import { type Problem, problem } from "./problem.ts";
import type { RunState, StepState } from "./run.ts";
import { formatSpec } from "./spec.ts";
import { isFinal, isShown, type Status } from "./step.ts";
import { noteWait } from "./waits.ts";

/** A step counts towards opening the gate once it was looked at and judged, or needs neither. */
function isDecided(node: StepState): boolean {
  return node.isKept || isFinal(node.status) || (node.observedAt !== undefined && !node.needsJudging);
}

/** Runs one change of a node and keeps everything that is derived from it true: gate, dependents, open steps. */
export function change(state: RunState, node: StepState, at: number, apply: () => void): void {
  if (isFinal(node.status)) return;
  const wasDecided = isDecided(node);
  apply();
  keepTagForward(state, node, at);
  settle(state, node, at);
  const decided = isDecided(node);
  if (decided !== wasDecided) state.undecided += decided ? -1 : 1;
  if (state.undecided > 0) return;
  state.isGateOpen = true;
  if (!state.wroteInAttempt) refuseStalePlan(state, at);
}

/** An upload carries its tag: a version that is about to be sent is not sent when that tag has moved on meanwhile. */
function keepTagForward(state: RunState, node: StepState, at: number): void {
  const { goal, name, version } = node.step;
  if (goal.kind !== "publish" || node.isKept || node.status !== "ready" || node.shown !== null) return;
  const moved = state.byPackage
    .get(node.packageKey)
    ?.find((other) => other.step.version === version && (other.status === "superseded" || other.status === "stale"));
  if (moved?.step.goal.kind !== "dist-tag") return;
  const spec = formatSpec(name, version);
  const message = `uploading ${spec} would move the dist-tag ${moved.step.goal.tag} of ${name} back from ${moved.shown ?? "nothing"}`;
  setFinal(node, "stale", at, problem("SLIP_PLAN_STALE", message, { spec }));
}

/** Follows up a change: a final step leaves the open ones and releases or blocks what waits for it. */
function settle(state: RunState, node: StepState, at: number): void {
  if (!isFinal(node.status) && node.blockedBy !== undefined && needsWrite(node)) block(state, node, at);
  if (!isFinal(node.status)) return;
  if (!state.open.delete(node)) return;
  if (isShown(node.status)) {
    state.lastProgressAt = Math.max(state.lastProgressAt, at);
    noteWait(state, node, at);
  }
  for (const dependent of state.dependents.get(node.step.id) ?? []) {
    if (isShown(node.status)) {
      dependent.waitingOn -= 1;
      if (dependent.waitingOn === 0) release(state, dependent, at);
    } else {
      dependent.blockedBy ??= node.blockedBy ?? node.step.id;
      // Blocking is a change of its own, but of a node that nothing before it can wait for: no cycle.
      if (!isFinal(dependent.status) && needsWrite(dependent))
        change(state, dependent, at, () => block(state, dependent, at));
    }
  }
}

function needsWrite(node: StepState): boolean {
  if (node.step.goal.kind === "dist-tag") return node.shown !== node.step.goal.to;
  return node.status === "ready" && node.shown === null;
}

function block(state: RunState, node: StepState, at: number): void {
  const by = node.blockedBy ?? "";
  const cause = state.nodes.get(by)?.step;
  const what = cause === undefined ? by : formatSpec(cause.name, cause.version);
  const spec = formatSpec(node.step.name, node.step.version);
  setFinal(
    node,
    "blocked",
    at,
    problem("SLIP_DEPENDENCY_FAILED", `${spec} was not tried: ${what} is not done`, { spec }),
  );
}

/** All that a step waited for is shown. A dist-tag that is already right is done with that. */
function release(state: RunState, node: StepState, at: number): void {
  if (node.step.goal.kind !== "dist-tag" || isFinal(node.status)) return;
  if (node.shown !== undefined && (node.shown ?? undefined) === node.step.goal.to) {
    change(state, node, at, () => setFinal(node, "done", at, undefined));
    return;
  }
  // The upload carried the tag, in whatever attempt, or a dead attempt was writing it: give the registry time to show it
  // before writing it a second time.
  const publish = state.nodes.get(`publish:${formatSpec(node.step.name, node.step.version)}`);
  if (node.maybeApplied || (publish !== undefined && publish.writes > 0)) {
    node.maybeApplied = true;
    node.absentSince = undefined;
    node.nextAt = at;
    setStatus(node, "pending", at);
  }
}

export function setStatus(node: StepState, status: Status, at: number): void {
  if (node.status === status) return;
  node.status = status;
  node.since = at;
}

export function setFinal(node: StepState, status: Status, at: number, why: Problem | undefined): void {
  setStatus(node, status, at);
  node.problem = why;
}

export function backOff(state: RunState, node: StepState, at: number): void {
  const { pollFirstMs, pollFactor, pollMaxMs } = state.limits;
  node.nextAt = at + Math.min(pollMaxMs, Math.round(pollFirstMs * pollFactor ** Math.min(node.polls, 40)));
  node.polls += 1;
}

/** True for what must not be found before the first write; a step that could not even be looked at is among it. */
function refuses(node: StepState): boolean {
  const { status } = node;
  const isUnseen = status === "failed" && node.observedAt === undefined;
  return isUnseen || status === "stale" || status === "conflict" || status === "corrupt";
}

/** Stale or in conflict before the first write: the plan is refused as a whole and nothing is written. */
function refuseStalePlan(state: RunState, at: number): void {
  const refusing = [...state.nodes.values()].find((node) => !node.isKept && refuses(node));
  if (refusing === undefined || state.isRefused) return;
  state.isRefused = true;
  for (const node of state.open) {
    // The refusing step itself may not have left the open ones yet: it keeps its own status and problem.
    if (isFinal(node.status)) continue;
    node.blockedBy ??= refusing.step.id;
    if (needsWrite(node)) {
      block(state, node, at);
      state.open.delete(node);
    }
  }
}
