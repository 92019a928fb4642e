/** What a reading proves: a packument, a tarball, a version document, a verdict. Rules 1 and 3 of the design live here. */
import type { EventOf } from "./event.ts";
import type { Limits } from "./limits.ts";
import { problem } from "./problem.ts";
import type { RunState, StepState } from "./run.ts";
import { backOff, change, setFinal, setStatus } from "./settle.ts";
import { formatSpec } from "./spec.ts";
import { judgeTag } from "./tags.ts";

export function observe(state: RunState, node: StepState, event: EventOf<"observed">): void {
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
  const isExpected = entry.integrity !== undefined && entry.integrity === node.expected;
  // A registry that shows no sha512 for a kept version leaves nothing to compare with but the tarball.
  if (isExpected || (node.isKept && entry.integrity === undefined)) {
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
  // A tag that waits for its version is judged with it: given up alone, it could no longer keep the upload from moving it back.
  const isWaitingTag = node.step.goal.kind === "dist-tag" && node.waitingOn > 0;
  if ((event.status === 401 || event.status === 403) && !node.maybeApplied && !isWaitingTag) {
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
  if (node.isKept || node.bound !== undefined) return state.limits.settleMs;
  if (node.isAsync) return state.limits.lostAsyncMs;
  if (node.answer === "accepted" || node.answer === "pending") return state.limits.lostMs;
  if (node.answer === "exists" && node.step.goal.kind === "publish") return state.limits.wedgeMs;
  return state.limits.settleMs;
}

/**
 * The instant from which absence is believed. What was taken counts as lost by the age of its upload, over all attempts: the
 * patience for a scan is longer than a run waits, and each run would begin it anew. In each attempt absence must last, too.
 */
function believedAt(state: RunState, node: StepState, absentSince: number): number {
  const patience = patienceMs(state, node);
  const isTaken = node.isAsync || node.answer === "accepted" || node.answer === "pending";
  const since = isTaken ? Math.min(absentSince, node.lastWriteAt ?? absentSince) : absentSince;
  return Math.max(absentSince + Math.min(patience, state.limits.settleMs), since + patience);
}

function foldAbsent(state: RunState, node: StepState, at: number): void {
  node.shown = null;
  node.observedAt = at;
  node.needsJudging = false;
  if (!node.maybeApplied && !node.isKept && node.bound === undefined) return setStatus(node, "ready", at);
  node.absentSince ??= at;
  const until = believedAt(state, node, node.absentSince);
  if (at >= until) return believeAbsence(state, node, at);
  if (node.status === "ready") setStatus(node, "pending", at);
  backOff(state, node, at);
  node.nextAt = Math.max(at + 1, Math.min(node.nextAt, until));
}

/**
 * True where a look at `at` that does not show the version would let the same bytes be sent again, though the request before may have
 * landed: a registry that scans hides what it has taken, and says so to who asks. Then it is asked first.
 */
export function isBeforeResend(node: StepState, limits: Limits, at: number): boolean {
  const { step, isKept, bound, answer, maybeApplied, status } = node;
  if (step.goal.kind !== "publish" || isKept || bound !== undefined || status === "writing") return false;
  return answer === "ambiguous" && maybeApplied && at - (node.absentSince ?? at) >= limits.settleMs;
}

/** The registry has it: it is waited for as what was answered 202 is, and nothing is sent again. */
export function foldStatus(node: StepState, event: EventOf<"status-told">): void {
  if (node.status === "writing") return;
  node.answer = "pending";
  node.isAsync = true;
  node.refusal = undefined;
  node.takenAt ??= event.at;
  setStatus(node, "pending", event.at);
}

function believeAbsence(state: RunState, node: StepState, at: number): void {
  const spec = formatSpec(node.step.name, node.step.version);
  if (node.isKept) {
    const why = problem("SLIP_DEPENDENCY_UNPUBLISHED", `${node.step.registry} no longer shows ${spec}`, { spec });
    return setFinal(node, "failed", at, why);
  }
  if (node.bound !== undefined) {
    const why = problem(
      "SLIP_VERSION_BURNT",
      `${node.step.registry} showed ${spec} as an earlier attempt had made it, and no longer does`,
      {
        spec,
        details: [`it had ${node.expected ?? "no integrity"}`],
        hint: "bump the version; where the registry takes a number again, remove the release folder and run again",
      },
    );
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
  const until = believedAt(state, node, node.absentSince);
  if (at < until) {
    backOff(state, node, at);
    node.nextAt = Math.max(at + 1, Math.min(node.nextAt, until));
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

/** The tag has moved on: its version must not be sent under this plan, now or when it is to be sent again. */
function refuseToMoveBack(state: RunState, tagNode: StepState, at: number): void {
  const publish = state.nodes.get(`publish:${formatSpec(tagNode.step.name, tagNode.step.version)}`);
  if (publish !== undefined) change(state, publish, at, () => {});
}

export function foldDownload(state: RunState, node: StepState, event: EventOf<"downloaded">): void {
  if (event.result !== "hashed") return backOff(state, node, event.at);
  const isUnchecked = node.isKept && node.expected === undefined;
  if (isUnchecked || event.integrity === node.expected) return setFinal(node, "done", event.at, undefined);
  foldMismatch(state, node, event.at, event.integrity);
}

/** Bad downloads may be the network's, but that tears each of them elsewhere: the same again and again is the registry's. */
function foldMismatch(state: RunState, node: StepState, at: number, integrity: string | undefined): void {
  node.mismatches = node.mismatches > 0 && node.mismatched === integrity ? node.mismatches + 1 : 1;
  node.mismatched = integrity;
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

export function foldVerdict(state: RunState, node: StepState, event: EventOf<"judged">): void {
  if (event.verdict === "corrupt") return foldMismatch(state, node, event.at, event.integrity);
  const spec = formatSpec(node.step.name, node.step.version);
  const why = problem("SLIP_INTEGRITY_CONFLICT", `${spec} is already in ${node.step.registry} with other contents`, {
    spec,
    details: [`registry  ${event.integrity ?? "unknown"}`, `packed    ${node.expected ?? "unknown"}`, ...event.details],
    hint: `run only the failed job again (its release folder still has the first bytes), accept them with --accept ${spec}=${event.integrity ?? "sha512-…"}, or bump the version`,
  });
  setFinal(node, "conflict", event.at, why);
}

export function foldVersionDocument(state: RunState, node: StepState, event: EventOf<"looked-up">): void {
  if (event.version !== "absent") {
    node.isWedgeSuspect = false;
    node.absentSince = undefined;
    return backOff(state, node, event.at);
  }
  const spec = formatSpec(node.step.name, node.step.version);
  const isOurs = node.mayHaveWedged;
  if (!(isOurs || state.mayRepair) || node.repairs >= state.limits.repairsMax) {
    const message = `${node.step.registry} says that ${spec} is present, but does not show it${isOurs ? "" : ", and no upload of this release explains it"}`;
    return setFinal(node, "wedged", event.at, problem("SLIP_WEDGED", message, { spec }));
  }
  node.needsRepair = true;
  node.isWedgeSuspect = false;
  node.nextAt = event.at;
  setStatus(node, "ready", event.at);
}
