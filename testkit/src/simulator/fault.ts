/** The faults the simulator knows, and which operation each can befall. What they do is in `connection.ts`. */

export const writeFaults = [
  "reset-before",
  "reset-after",
  "5xx-before",
  "5xx-after",
  "409-before",
  "409-after",
  "201-before",
  "429",
  "429-long",
  "429-after",
  "refused",
  "not-sent",
  "timeout-after",
  "crash-before-send",
  "crash-in-flight",
  "crash-after-commit",
  "crash-after-answer",
] as const;

/** Only an upload can leave a tarball without its metadata. */
export const uploadFaults = ["wedge"] as const;

export const readFaults = ["read-unavailable", "read-refused", "truncated-read", "stale-read"] as const;

/** A cache in front of the registry kept a 404. Reads past the cache cannot meet it. */
export const plainReadFaults = ["negative-cached-read"] as const;

export const journalFaults = ["crash-before-durable", "crash-mid-append", "crash-after-durable", "disk-full"] as const;

export type WriteFault = (typeof writeFaults)[number] | (typeof uploadFaults)[number];
export type ReadFault = (typeof readFaults)[number] | (typeof plainReadFaults)[number];
export type JournalFault = (typeof journalFaults)[number];
export type Fault = WriteFault | ReadFault | JournalFault;

export const faults: readonly Fault[] = [
  ...writeFaults,
  ...uploadFaults,
  ...readFaults,
  ...plainReadFaults,
  ...journalFaults,
];

/** One thing a process does to the world. `index` counts the operations of its process from 0. */
export interface Operation {
  readonly index: number;
  readonly process: string;
  readonly kind: "upload" | "write" | "fresh-read" | "plain-read" | "append";
  /** For a choice's label: `upload a@1.0.0`, `append write-started`. */
  readonly label: string;
}

/** Decides the fault of each operation, out of those that `possible` lists. */
export type FaultSource = (operation: Operation, possible: readonly Fault[]) => Fault | undefined;

export const noFaults: FaultSource = () => undefined;

const uploadPossible: readonly Fault[] = [...writeFaults, ...uploadFaults];
const plainReadPossible: readonly Fault[] = [...readFaults, ...plainReadFaults];
const oneLinePossible: readonly Fault[] = journalFaults.filter((fault) => fault !== "crash-mid-append");

export function possibleFaults(operation: Operation, eventCount = 1): readonly Fault[] {
  switch (operation.kind) {
    case "upload":
      return uploadPossible;
    case "write":
      return writeFaults;
    case "fresh-read":
      return readFaults;
    case "plain-read":
      return plainReadPossible;
    case "append":
      return eventCount > 1 ? journalFaults : oneLinePossible;
  }
}
