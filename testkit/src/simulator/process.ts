/** A process of the simulation: it lives on a machine, it can die at any instant, and then nothing of it goes on. */
import type { Fault, FaultSource, Operation } from "./fault.ts";
import { possibleFaults } from "./fault.ts";
import type { TimerOwner } from "./virtual-clock.ts";

export interface SimProcess extends TimerOwner {
  readonly name: string;
  /** Who it belongs to: the machine. */
  readonly actor: string;
  readonly kill: () => void;
  /** Resolves when the process is killed. */
  readonly died: Promise<"died">;
  /** The fault of the next operation; counts it. */
  readonly nextFault: (kind: Operation["kind"], label: string, eventCount?: number) => Fault | undefined;
}

/** What a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

export function createProcess(actor: string, name: string, source: FaultSource): SimProcess {
  let isAlive = true;
  let operations = 0;
  const { promise: died, resolve: resolveDied } = Promise.withResolvers<"died">();
  return {
    name,
    actor,
    died,
    isAlive: () => isAlive,
    kill() {
      isAlive = false;
      resolveDied("died");
    },
    nextFault(kind, label, eventCount) {
      const operation: Operation = { index: operations, process: name, kind, label };
      operations += 1;
      return source(operation, possibleFaults(operation, eventCount));
    },
  };
}
