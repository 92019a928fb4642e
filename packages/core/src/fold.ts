/**
 * Folding one event into the state of a release: attempts begin and end here, everything about one step is handed on. No rule needs
 * more than the event's own instant.
 */
import type { Event, EventOf } from "./event.ts";
import { foldDownload, foldStatus, foldVerdict, foldVersionDocument, observe } from "./fold-reading.ts";
import { foldWriteEnded, foldWriteStarted } from "./fold-writing.ts";
import { problem } from "./problem.ts";
import { packageKey, type RunState, type StepState } from "./run.ts";
import { change, setFinal, setStatus } from "./settle.ts";
import { formatSpec } from "./spec.ts";
import { usualWait } from "./waits.ts";

/** Changes `state` in place: a thousand packages stay linear. The same events give the same state, always. */
export function applyEvent(state: RunState, event: Event): void {
  switch (event.type) {
    case "opened":
    case "resumed":
      return beginAttempt(state, event);
    case "observed":
      noteCaches(state, event);
      noteSilence(state, event);
      for (const node of state.byPackage.get(packageKey(event.registry, event.name)) ?? [])
        change(state, node, event.at, () => observe(state, node, event));
      return;
    case "waited":
      // Requests under way together are answered one after the other: a later, shorter pause takes nothing back.
      if (event.untilAt > (state.pausedUntil.get(event.registry)?.untilAt ?? 0))
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

/** A plain read that shows the package tells whether a cache stands in front of the registry. One that was seen stays. */
function noteCaches(state: RunState, { registry, fresh, isUncached, packument }: EventOf<"observed">): void {
  if (fresh || packument !== "shown") return;
  state.uncachedRegistries.set(registry, isUncached === true && state.uncachedRegistries.get(registry) !== false);
}

type NodeEvent = EventOf<
  "downloaded" | "looked-up" | "status-told" | "bound" | "judged" | "write-started" | "write-ended" | "failed"
>;

function applyToNode(state: RunState, node: StepState, event: NodeEvent): void {
  switch (event.type) {
    case "downloaded":
      return foldDownload(state, node, event);
    case "looked-up":
      return foldVersionDocument(state, node, event);
    case "status-told":
      return foldStatus(node, event);
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

/** Everything is looked at again: what an earlier attempt proved was true then. What it sent is not forgotten. */
function beginAttempt(state: RunState, event: EventOf<"opened" | "resumed">): void {
  state.attempt = event.attempt;
  state.startedAt = event.at;
  state.lastProgressAt = event.at;
  state.isRefused = false;
  state.wroteInAttempt = false;
  state.mayRepair = event.mayRepair === true;
  state.ended = undefined;
  state.writing.clear();
  state.pausedUntil.clear();
  state.silences.clear();
  state.uncachedRegistries.clear();
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
    // What was in the way then may have been removed since: only the same bytes, sent again, can tell.
    if (node.answer === "exists") node.answer = "ambiguous";
    node.waitingOn = node.step.after.length;
    Object.assign(node, {
      observedAt: undefined,
      shown: undefined,
      needsJudging: false,
      isWedgeSuspect: false,
      needsRepair: false,
      repairs: 0,
      takenAt: undefined,
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

/** An answer that refuses is no silence: somebody is there. */
function noteSilence(state: RunState, event: EventOf<"observed">): void {
  const isSilent = event.packument === "unavailable" && (event.status === undefined || event.status >= 500);
  if (isSilent) state.silences.set(event.registry, event.reason ?? "no answer");
  else state.silences.delete(event.registry);
}

/** As people say it: seconds below two minutes, then minutes. */
function roughly(ms: number): string {
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

/** Whether it is late is for people to judge: what is usual here is told beside how long it has been. */
function describeWait(state: RunState, node: StepState, at: number): { readonly details?: readonly string[] } {
  const usual = usualWait(state.waits.get(node.step.registry));
  if (node.takenAt === undefined || usual === undefined) return {};
  const waited = roughly(at - node.takenAt);
  return {
    details: [`taken ${waited} ago; this registry usually needs ${roughly(usual.lowMs)} to ${roughly(usual.highMs)}`],
  };
}

function end(state: RunState, event: EventOf<"ended">): void {
  state.ended = { reason: event.reason, isComplete: event.isComplete };
  for (const node of state.open) {
    const spec = formatSpec(node.step.name, node.step.version);
    const pause = state.pausedUntil.get(node.step.registry);
    const silence = state.silences.get(node.step.registry);
    if (pause !== undefined && pause.untilAt > event.at) {
      const seconds = Math.ceil((pause.untilAt - event.at) / 1000);
      node.problem = problem(
        "SLIP_RATE_LIMITED",
        `${node.step.registry} asked for a pause of another ${seconds} s (${pause.reason})`,
        { spec },
      );
    } else if (event.reason === "interrupted")
      node.problem = problem("SLIP_INTERRUPTED", `the run was interrupted before ${spec} was proven`, { spec });
    else if (silence !== undefined)
      node.problem = problem(
        "SLIP_REGISTRY_UNREACHABLE",
        `${node.step.registry} could not be asked for ${spec}${node.maybeApplied ? " after its upload" : ""}: ${silence}`,
        { spec },
      );
    else
      node.problem = problem(
        "SLIP_UNCONFIRMED",
        `${node.step.registry} has not shown ${spec}${node.maybeApplied ? " after its upload" : ""}`,
        { spec, ...describeWait(state, node, event.at) },
      );
    if (node.writes > 0 || node.status !== "ready") setStatus(node, "unconfirmed", event.at);
  }
}
