/**
 * How long a registry takes to show what it has taken: learnt from the journal, told to whoever waits. Pure, and only for
 * telling: no decision depends on it.
 */
import type { Event } from "./event.ts";
import type { RunState, StepState } from "./run.ts";

/** The span in which most versions became installable, in milliseconds. */
export interface UsualWait {
  readonly lowMs: number;
  readonly highMs: number;
}

/** Fewer than these tell nothing. */
const waitsMin = 3;
/** The latest of a registry; a thousand packages need no more. */
const waitsKeptMax = 200;

/** From the fourth to the ninth tenth of what was seen; undefined when too little was. */
export function usualWait(waits: readonly number[] | undefined): UsualWait | undefined {
  if (waits === undefined || waits.length < waitsMin) return undefined;
  const sorted = [...waits].sort((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { lowMs: at(0.4), highMs: at(0.9) };
}

function add(waits: Map<string, number[]>, registry: string, waitMs: number): void {
  const list = waits.get(registry) ?? [];
  list.push(waitMs);
  if (list.length > waitsKeptMax) list.shift();
  waits.set(registry, list);
}

/** Notes that a version which this attempt sent became installable. */
export function noteWait(state: RunState, node: StepState, at: number): void {
  if (node.step.goal.kind !== "publish" || node.takenAt === undefined) return;
  add(state.waits, node.step.registry, Math.max(0, at - node.takenAt));
}

/** The waits of earlier attempts; those that a crash cut off are left out. Adds to `state`. */
export function learnWaits(state: RunState, history: readonly Event[]): void {
  const takenAt = new Map<string, number>();
  for (const event of history) {
    if (event.type === "resumed") takenAt.clear();
    else if (event.type === "write-ended" && event.write === "upload") {
      const isTaken = event.answer === "accepted" || event.answer === "pending";
      if (isTaken && !takenAt.has(event.step)) takenAt.set(event.step, event.at);
    } else if (event.type === "downloaded" && event.result === "hashed") {
      const since = takenAt.get(event.step);
      const node = state.nodes.get(event.step);
      if (since !== undefined && node !== undefined) add(state.waits, node.step.registry, event.at - since);
      takenAt.delete(event.step);
    }
  }
}
