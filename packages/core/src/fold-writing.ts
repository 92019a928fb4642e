/** What the answer to a write proves, and what may be sent after it. Rules 4 and 9 of the design live here. */
import type { EventOf } from "./event.ts";
import { problem } from "./problem.ts";
import type { RunState, StepState } from "./run.ts";
import { setFinal, setStatus } from "./settle.ts";
import { formatSpec } from "./spec.ts";

export function foldWriteStarted(state: RunState, node: StepState, event: EventOf<"write-started">): void {
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

export function foldWriteEnded(state: RunState, node: StepState, event: EventOf<"write-ended">): void {
  state.writing.delete(node.packageKey);
  node.lastWriteAt = event.at;
  node.polls = 0;
  node.nextAt = event.at;
  if (event.write === "repair") return foldRepairEnded(state, node, event);
  if (event.answer === "accepted" || event.answer === "pending") node.takenAt ??= event.at;
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

function unlistedHint({ step }: StepState): string {
  const file = `${step.name.slice(step.name.indexOf("/") + 1)}-${step.version}.tgz`;
  return `no request removes what the registry does not list: ask its owner to remove ${file} of ${step.name} from its storage, then run the same command again; or bump the version`;
}

function foldRepairEnded(state: RunState, node: StepState, event: EventOf<"write-ended">): void {
  node.needsRepair = false;
  if (event.answer === "refused") {
    const spec = formatSpec(node.step.name, node.step.version);
    const why = problem("SLIP_WEDGED", `${node.step.registry} refused to remove the stuck tarball of ${spec}`, {
      spec,
      ...(event.status === undefined ? {} : { status: event.status }),
      // Verdaccio 6.10.4 that dies between storing a tarball and listing it answers 404 to its removal, and goes on refusing it.
      ...(event.status === 404 ? { hint: unlistedHint(node) } : {}),
    });
    return setFinal(node, "wedged", event.at, why);
  }
  // Removed, or perhaps: the next upload tells. Absence has lasted long enough to send at once.
  node.answer = undefined;
  node.maybeApplied = false;
  setStatus(node, "ready", event.at);
}
