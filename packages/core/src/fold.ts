/**
 * Folding one event into the state of a release. All the rules about what a reading or an answer proves are here; none of them
 * needs more than the event's own instant.
 */
import type { Event } from "./event.ts";
import { type Problem, problem } from "./problem.ts";
import { packageKey, type RunState, type StepState } from "./run.ts";
import { formatSpec } from "./spec.ts";
import { isFinal, isShown, type Status } from "./step.ts";
import { judgeTag } from "./tags.ts";

type EventOf<T extends Event["type"]> = Extract<Event, { type: T }>;

/** Changes `state` in place: a thousand packages stay linear. The same events give the same state, always. */
export function applyEvent(state: RunState, event: Event): void {
  switch (event.type) {
    case "opened":
    case "resumed":
      return beginAttempt(state, event);
    case "observed":
      for (const node of state.byPackage.get(packageKey(event.registry, event.name)) ?? [])
        change(state, node, event.at, () => observe(state, node, event));
      return;
    case "waited":
      state.pausedUntil.set(event.registry, { untilAt: event.untilAt, reason: event.reason });
      return;
    case "ended":
      return end(state, event);
    case "turned-back":
      return;
    default: {
      const node = state.nodes.get(event.step);
      // A journal of an earlier plan of this release may speak of steps that this plan no longer has.
      if (node !== undefined) change(state, node, event.at, () => applyToNode(state, node, event));
    }
  }
}

type NodeEvent = EventOf<"downloaded" | "looked-up" | "bound" | "judged" | "write-started" | "write-ended" | "failed">;

function applyToNode(state: RunState, node: StepState, event: NodeEvent): void {
  switch (event.type) {
    case "downloaded":
      return foldDownload(state, node, event);
    case "looked-up":
      return foldVersionDocument(state, node, event);
    case "bound":
      node.bound = { verdict: event.verdict, evidence: event.evidence, files: event.files };
      node.expected = event.integrity;
      node.needsJudging = false;
      node.polls = 0;
      return setStatus(node, "accepted", event.at);
    case "judged":
      return foldVerdict(state, node, event);
    case "write-started":
      return foldWriteStarted(state, node, event);
    case "write-ended":
      return foldWriteEnded(state, node, event);
    case "failed":
      return setFinal(node, "failed", event.at, event.problem);
  }
}

/** A step counts towards opening the gate once it was looked at and judged, or needs neither. */
function isDecided(node: StepState): boolean {
  return node.isKept || isFinal(node.status) || (node.observedAt !== undefined && !node.needsJudging);
}

/** Runs one change of a node and keeps everything that is derived from it true: gate, dependents, open steps. */
function change(state: RunState, node: StepState, at: number, apply: () => void): void {
  if (isFinal(node.status)) return;
  const wasDecided = isDecided(node);
  apply();
  settle(state, node, at);
  const decided = isDecided(node);
  if (decided !== wasDecided) state.undecided += decided ? -1 : 1;
  if (state.undecided > 0) return;
  state.isGateOpen = true;
  if (!state.wroteInAttempt) refuseStalePlan(state, at);
}

/** Follows up a change: a final step leaves the open ones and releases or blocks what waits for it. */
function settle(state: RunState, node: StepState, at: number): void {
  if (!isFinal(node.status) && node.blockedBy !== undefined && needsWrite(node)) block(state, node, at);
  if (!isFinal(node.status)) return;
  if (!state.open.delete(node)) return;
  if (isShown(node.status)) state.lastProgressAt = Math.max(state.lastProgressAt, at);
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
  // The upload carried the tag: give the registry time to show it before writing it a second time.
  const publish = state.nodes.get(`publish:${formatSpec(node.step.name, node.step.version)}`);
  if (publish !== undefined && publish.sends > 0) {
    node.maybeApplied = true;
    node.absentSince = undefined;
    node.nextAt = at;
    setStatus(node, "pending", at);
  }
}

function setStatus(node: StepState, status: Status, at: number): void {
  if (node.status === status) return;
  node.status = status;
  node.since = at;
}

function setFinal(node: StepState, status: Status, at: number, why: Problem | undefined): void {
  setStatus(node, status, at);
  node.problem = why;
}

/** Everything is looked at again: what an earlier attempt proved was true then. What it sent is not forgotten. */
function beginAttempt(state: RunState, event: EventOf<"opened" | "resumed">): void {
  state.attempt = event.attempt;
  state.startedAt = event.at;
  state.lastProgressAt = event.at;
  state.isRefused = false;
  state.wroteInAttempt = false;
  state.ended = undefined;
  state.writing.clear();
  state.pausedUntil.clear();
  state.open.clear();
  state.undecided = state.plan.steps.length;
  state.isGateOpen = false;
  for (const node of state.nodes.values()) {
    if (node.status === "writing") {
      // The process died with the request under way: it may have landed, and may still land.
      node.maybeApplied = true;
      node.mayHaveWedged = true;
      node.answer = "ambiguous";
      node.absentSince = undefined;
      node.lastWriteAt = event.at;
    }
    node.waitingOn = node.step.after.length;
    Object.assign(node, {
      observedAt: undefined,
      shown: undefined,
      needsJudging: false,
      isWedgeSuspect: false,
      needsRepair: false,
      sends: 0,
      retries: 0,
      polls: 0,
      mismatches: 0,
      nextAt: 0,
      blockedBy: undefined,
      problem: undefined,
      refusal: undefined,
    } satisfies Partial<StepState>);
    setStatus(node, "ready", event.at);
    state.open.add(node);
  }
}

/** Stale or in conflict before the first write: the plan is refused as a whole and nothing is written. */
function refuseStalePlan(state: RunState, at: number): void {
  const refusing = [...state.nodes.values()].find(
    (node) => !node.isKept && (node.status === "stale" || node.status === "conflict" || node.status === "corrupt"),
  );
  if (refusing === undefined || state.isRefused) return;
  state.isRefused = true;
  for (const node of state.open) {
    node.blockedBy ??= refusing.step.id;
    if (needsWrite(node)) {
      block(state, node, at);
      state.open.delete(node);
    }
  }
}

function end(state: RunState, event: EventOf<"ended">): void {
  state.ended = { reason: event.reason, isComplete: event.isComplete };
  for (const node of state.open) {
    const spec = formatSpec(node.step.name, node.step.version);
    const pause = state.pausedUntil.get(node.step.registry);
    if (pause !== undefined && pause.untilAt > event.at) {
      const seconds = Math.ceil((pause.untilAt - event.at) / 1000);
      node.problem = problem(
        "SLIP_RATE_LIMITED",
        `${node.step.registry} asked for a pause of another ${seconds} s (${pause.reason})`,
        { spec },
      );
    } else if (event.reason === "interrupted")
      node.problem = problem("SLIP_INTERRUPTED", `the run was interrupted before ${spec} was proven`, { spec });
    else
      node.problem = problem(
        "SLIP_UNCONFIRMED",
        `${node.step.registry} has not shown ${spec}${node.maybeApplied ? " after its upload" : ""}`,
        { spec },
      );
    if (node.writes > 0 || node.status !== "ready") setStatus(node, "unconfirmed", event.at);
  }
}

function backOff(state: RunState, node: StepState, at: number): void {
  const { pollFirstMs, pollFactor, pollMaxMs } = state.limits;
  node.nextAt = at + Math.min(pollMaxMs, Math.round(pollFirstMs * pollFactor ** Math.min(node.polls, 40)));
  node.polls += 1;
}

function observe(state: RunState, node: StepState, event: EventOf<"observed">): void {
  if (node.status === "writing") return;
  if (event.packument === "unavailable") return foldUnavailable(state, node, event);
  if (node.step.goal.kind === "dist-tag") return observeTag(state, node, event, node.step.goal);
  const entry = event.packument === "shown" ? event.versions?.[node.step.version] : null;
  if (entry === null || entry === undefined)
    return event.fresh ? foldAbsent(state, node, event.at) : pollStale(state, node, event.at);
  if (event.fresh || node.observedAt !== undefined) node.observedAt = event.at;
  node.absentSince = undefined;
  node.shown = entry.integrity ?? "";
  if (node.isKept && node.expected === undefined) node.expected = entry.integrity;
  if (entry.integrity !== undefined && entry.integrity === node.expected) {
    node.needsJudging = false;
    if (node.status !== "accepted") node.nextAt = event.at;
  } else if (node.isKept) {
    const spec = formatSpec(node.step.name, node.step.version);
    return setFinal(
      node,
      "conflict",
      event.at,
      problem("SLIP_INTEGRITY_CONFLICT", `${spec} is not what it was when the plan was made`, { spec }),
    );
  } else {
    node.needsJudging = true;
    node.nextAt = event.at;
  }
  setStatus(node, "accepted", event.at);
}

/** A cache answered "absent": that says nothing, and asks for another look. */
function pollStale(state: RunState, node: StepState, at: number): void {
  if (node.status === "accepted") node.shown = null;
  backOff(state, node, at);
}

function foldUnavailable(state: RunState, node: StepState, event: EventOf<"observed">): void {
  const { name, registry } = node.step;
  if ((event.status === 401 || event.status === 403) && !node.maybeApplied) {
    const why = problem("SLIP_READ_REFUSED", `${registry} answered ${event.status} to a read of ${name}`, {
      spec: name,
      status: event.status,
    });
    return setFinal(node, "failed", event.at, why);
  }
  backOff(state, node, event.at);
}

/** How long absence must last before it is believed, which depends on what the last request was answered. */
function patienceMs(state: RunState, node: StepState): number {
  if (node.isAsync) return state.limits.lostAsyncMs;
  if (node.answer === "accepted" || node.answer === "pending") return state.limits.lostMs;
  if (node.answer === "exists") return state.limits.wedgeMs;
  return state.limits.settleMs;
}

function foldAbsent(state: RunState, node: StepState, at: number): void {
  node.shown = null;
  node.observedAt = at;
  node.needsJudging = false;
  if (!node.maybeApplied && !node.isKept) return setStatus(node, "ready", at);
  node.absentSince ??= at;
  const patience = node.isKept ? state.limits.settleMs : patienceMs(state, node);
  if (at - node.absentSince < patience) {
    if (node.status === "ready") setStatus(node, "pending", at);
    backOff(state, node, at);
    node.nextAt = Math.max(at + 1, Math.min(node.nextAt, node.absentSince + patience));
    return;
  }
  believeAbsence(state, node, at);
}

function believeAbsence(state: RunState, node: StepState, at: number): void {
  const spec = formatSpec(node.step.name, node.step.version);
  if (node.isKept) {
    const why = problem("SLIP_DEPENDENCY_UNPUBLISHED", `${node.step.registry} no longer shows ${spec}`, { spec });
    return setFinal(node, "failed", at, why);
  }
  if (node.answer === "exists" && !node.needsRepair) {
    node.isWedgeSuspect = true;
    node.nextAt = at;
    return setStatus(node, "pending", at);
  }
  if (node.refusal !== undefined) return setFinal(node, "failed", at, node.refusal);
  if (node.expected !== undefined && node.writtenIntegrities.size > 0 && !node.writtenIntegrities.has(node.expected)) {
    const why = problem(
      "SLIP_TARBALL_CHANGED",
      `the journal records an upload of ${spec} with other bytes, which are no longer in the release folder`,
      { spec },
    );
    return setFinal(node, "failed", at, why);
  }
  const delay = node.sends === 0 ? 0 : state.limits.resendDelaysMs[node.sends - 1];
  if (delay === undefined) {
    const why = problem(
      "SLIP_UPLOAD_EXHAUSTED",
      `${spec} was sent ${node.sends} times and ${node.step.registry} never showed it`,
      { spec },
    );
    return setFinal(node, "failed", at, why);
  }
  node.nextAt = Math.max(at, (node.lastWriteAt ?? at) + delay);
  setStatus(node, "ready", at);
}

function observeTag(
  state: RunState,
  node: StepState,
  event: EventOf<"observed">,
  goal: { readonly tag: string; readonly to: string | undefined },
): void {
  const shown = event.packument === "shown" ? (event.tags?.[goal.tag] ?? undefined) : undefined;
  // Only what is wanted is believed of a plain read: anything else may be a replica that lags.
  if (!event.fresh && (event.isUncached !== true || shown === undefined || shown !== goal.to)) return;
  node.shown = shown ?? null;
  node.observedAt = event.at;
  const { name, version, from } = node.step;
  switch (judgeTag({ shown, from, to: goal.to, tag: goal.tag })) {
    case "shown":
      if (node.waitingOn === 0) setFinal(node, "done", event.at, undefined);
      return;
    case "from":
      return foldTagUnmoved(state, node, event.at);
    case "superseded":
      setFinal(node, "superseded", event.at, undefined);
      return refuseToMoveBack(state, node, event.at);
    case "other": {
      const message = `the dist-tag ${goal.tag} of ${name} shows ${shown ?? "nothing"}; the plan saw ${from ?? "nothing"} and wants ${goal.to ?? "nothing"}`;
      setFinal(node, "stale", event.at, problem("SLIP_PLAN_STALE", message, { spec: formatSpec(name, version) }));
      return refuseToMoveBack(state, node, event.at);
    }
  }
}

/** The tag still shows what the plan saw. Where an upload or a write may have moved it, that must last before it is written. */
function foldTagUnmoved(state: RunState, node: StepState, at: number): void {
  if (node.waitingOn > 0 || !node.maybeApplied) return;
  node.absentSince ??= at;
  if (at - node.absentSince < state.limits.settleMs) {
    backOff(state, node, at);
    node.nextAt = Math.max(at + 1, Math.min(node.nextAt, node.absentSince + state.limits.settleMs));
    return setStatus(node, "pending", at);
  }
  if (node.refusal !== undefined) return setFinal(node, "failed", at, node.refusal);
  const delay = node.sends === 0 ? 0 : state.limits.resendDelaysMs[node.sends - 1];
  const spec = formatSpec(node.step.name, node.step.version);
  if (delay === undefined)
    return setFinal(
      node,
      "failed",
      at,
      problem("SLIP_UPLOAD_EXHAUSTED", `the dist-tag for ${spec} was written ${node.sends} times and never moved`, {
        spec,
      }),
    );
  node.nextAt = Math.max(at, (node.lastWriteAt ?? at) + delay);
  setStatus(node, "ready", at);
}

/** An upload carries its tag and would move it back: a version not yet sent must not be sent under this plan. */
function refuseToMoveBack(state: RunState, tagNode: StepState, at: number): void {
  const spec = formatSpec(tagNode.step.name, tagNode.step.version);
  const publish = state.nodes.get(`publish:${spec}`);
  if (publish === undefined || isFinal(publish.status) || publish.status === "writing") return;
  if (typeof publish.shown === "string" || publish.maybeApplied) return;
  const goal = tagNode.step.goal;
  const tag = goal.kind === "dist-tag" ? goal.tag : "";
  const message = `uploading ${spec} would move the dist-tag ${tag} of ${tagNode.step.name} back from ${tagNode.shown ?? "nothing"}`;
  change(state, publish, at, () => setFinal(publish, "stale", at, problem("SLIP_PLAN_STALE", message, { spec })));
}

function foldDownload(state: RunState, node: StepState, event: EventOf<"downloaded">): void {
  if (event.result !== "hashed") return backOff(state, node, event.at);
  if (event.integrity === node.expected) return setFinal(node, "done", event.at, undefined);
  foldMismatch(state, node, event.at, event.integrity);
}

/** One bad download may be the network's; the same again and again is the registry's. */
function foldMismatch(state: RunState, node: StepState, at: number, integrity: string | undefined): void {
  node.mismatches += 1;
  if (node.mismatches < state.limits.corruptReads) return backOff(state, node, at);
  const spec = formatSpec(node.step.name, node.step.version);
  const why = problem(
    "SLIP_TARBALL_CORRUPT",
    `${node.step.registry} serves a tarball for ${spec} that does not hash to its integrity`,
    {
      spec,
      details: [`registry says ${node.shown ?? "nothing"}`, `bytes are    ${integrity ?? "unreadable"}`],
    },
  );
  setFinal(node, "corrupt", at, why);
}

function foldVerdict(state: RunState, node: StepState, event: EventOf<"judged">): void {
  if (event.verdict === "corrupt") return foldMismatch(state, node, event.at, event.integrity);
  const spec = formatSpec(node.step.name, node.step.version);
  const why = problem("SLIP_INTEGRITY_CONFLICT", `${spec} is already in ${node.step.registry} with other contents`, {
    spec,
    details: [`registry  ${event.integrity ?? "unknown"}`, `packed    ${node.expected ?? "unknown"}`, ...event.details],
    hint: `run only the failed job again (its release folder still has the first bytes), accept them with --accept ${spec}=${event.integrity ?? "sha512-…"}, or bump the version`,
  });
  setFinal(node, "conflict", event.at, why);
}

function foldVersionDocument(state: RunState, node: StepState, event: EventOf<"looked-up">): void {
  if (event.version !== "absent") {
    node.isWedgeSuspect = false;
    node.absentSince = undefined;
    return backOff(state, node, event.at);
  }
  const spec = formatSpec(node.step.name, node.step.version);
  const isOurs = node.mayHaveWedged;
  if (!isOurs || node.repairs >= state.limits.repairsMax) {
    const message = `${node.step.registry} says that ${spec} is present, but does not show it${isOurs ? "" : ", and no upload of this release explains it"}`;
    return setFinal(node, "wedged", event.at, problem("SLIP_WEDGED", message, { spec }));
  }
  node.needsRepair = true;
  node.isWedgeSuspect = false;
  node.nextAt = event.at;
  setStatus(node, "ready", event.at);
}

function foldWriteStarted(state: RunState, node: StepState, event: EventOf<"write-started">): void {
  state.writing.set(node.packageKey, node);
  state.wroteInAttempt = true;
  setStatus(node, "writing", event.at);
  if (event.write === "repair") {
    node.repairs += 1;
    return;
  }
  node.writes += 1;
  node.sends += 1;
  if (event.integrity !== undefined) node.writtenIntegrities.add(event.integrity);
  node.maybeAppliedBefore = node.maybeApplied;
  node.maybeApplied = true;
  node.absentSince = undefined;
}

function foldWriteEnded(state: RunState, node: StepState, event: EventOf<"write-ended">): void {
  state.writing.delete(node.packageKey);
  node.lastWriteAt = event.at;
  node.polls = 0;
  node.nextAt = event.at;
  if (event.write === "repair") return foldRepairEnded(state, node, event);
  node.answer = event.answer;
  node.isAsync = event.isAsync === true;
  if (event.answer === "accepted" || event.answer === "ambiguous" || event.answer === "pending")
    node.mayHaveWedged = true;
  switch (event.answer) {
    case "accepted":
      return setStatus(node, "accepted", event.at);
    case "exists":
      return setStatus(node, "pending", event.at);
    case "pending":
    case "ambiguous":
      node.nextAt = event.at + state.limits.pollFirstMs;
      return setStatus(node, "pending", event.at);
    case "retry":
      return foldNothingLanded(state, node, event);
    case "refused":
      if (!node.maybeAppliedBefore) {
        node.maybeApplied = false;
        return setFinal(node, "failed", event.at, event.problem);
      }
      // An earlier request may have landed, and then this refusal says nothing: look until absence has lasted.
      node.refusal = event.problem;
      node.answer = "ambiguous";
      return setStatus(node, "pending", event.at);
  }
}

function foldNothingLanded(state: RunState, node: StepState, event: EventOf<"write-ended">): void {
  const delays = state.limits.resendDelaysMs;
  const delay = event.retryAfterMs ?? delays[Math.min(node.retries, delays.length - 1)] ?? state.limits.settleMs;
  node.nextAt = event.at + delay;
  // Nothing landed, so it does not count against the resends; the time without progress bounds it.
  node.sends = Math.max(0, node.sends - 1);
  node.retries += 1;
  node.maybeApplied = node.maybeAppliedBefore;
  node.answer = node.maybeApplied ? "ambiguous" : "retry";
  setStatus(node, node.maybeApplied ? "pending" : "ready", event.at);
}

function foldRepairEnded(state: RunState, node: StepState, event: EventOf<"write-ended">): void {
  node.needsRepair = false;
  if (event.answer === "refused") {
    const spec = formatSpec(node.step.name, node.step.version);
    const why = problem("SLIP_WEDGED", `${node.step.registry} refused to remove the stuck tarball of ${spec}`, {
      spec,
      ...(event.status === undefined ? {} : { status: event.status }),
    });
    return setFinal(node, "wedged", event.at, why);
  }
  // Removed, or perhaps: the next upload tells. Absence has lasted long enough to send at once.
  node.answer = undefined;
  node.maybeApplied = false;
  setStatus(node, "ready", event.at);
}
