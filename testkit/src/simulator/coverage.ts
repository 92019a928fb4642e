/** Counts what simulations have exercised, so that a fault or a status that never occurs is noticed. */
import type { Event, RunState } from "@slipway/core";
import type { History } from "./history.ts";

export type CoverageKind = "event" | "status" | "answer" | "fault";

export interface Coverage {
  /** To be called with each event and the state it led to. */
  readonly watch: (event: Event, state: RunState) => void;
  readonly addFaults: (history: History) => void;
  readonly countOf: (kind: CoverageKind, what: string) => number;
}

export function createCoverage(): Coverage {
  const counts = new Map<string, number>();
  const add = (kind: CoverageKind, what: string): void => {
    const key = `${kind} ${what}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  return {
    watch(event, state) {
      add("event", event.type);
      if (event.type === "write-ended") add("answer", event.answer);
      for (const node of state.nodes.values()) add("status", node.status);
    },
    addFaults(history) {
      for (const fault of history.faults) add("fault", fault);
    },
    countOf: (kind, what) => counts.get(`${kind} ${what}`) ?? 0,
  };
}
