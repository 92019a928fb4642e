/** What happened in a simulation, as seen from outside the code under test: the oracle judges nothing else. */
import type { Answer, Event, Packument, Plan, Reading } from "@slipway/core";
import type { Fault } from "./fault.ts";
import type { SimTarball } from "./sim-tarball.ts";
import type { Write } from "./registry-world.ts";

/** A write on its way. Instants are undefined for what never happened. */
export interface WriteRecord {
  readonly id: number;
  readonly actor: string;
  readonly process: string;
  readonly registry: string;
  /** It can be asked what has become of an upload. */
  readonly hasStatusEndpoint: boolean;
  readonly name: string;
  readonly write: Write;
  readonly sentAt: number;
  /** When the registry carried it out, whatever it answered. */
  arrivedAt: number | undefined;
  answeredAt: number | undefined;
  answer: Answer | undefined;
  readonly fault: Fault | undefined;
}

/** A read and what its process was told. */
export interface ReadRecord {
  readonly actor: string;
  readonly process: string;
  readonly registry: string;
  readonly name: string;
  readonly facet: "fresh" | "full" | "plain" | "version" | "tarball";
  readonly version: string | undefined;
  readonly sentAt: number;
  answeredAt: number | undefined;
  result: "shown" | "absent" | "unavailable" | undefined;
  /** True when nothing in the answer speaks of a cache. */
  isFresh: boolean;
  /** Versions to integrity of a packument; of a tarball its one version and the hash of the bytes. */
  versions: ReadonlyMap<string, string>;
  tags: ReadonlyMap<string, string>;
  readonly fault: Fault | undefined;
}

export interface AppendRecord {
  readonly process: string;
  readonly machine: string;
  readonly events: readonly Event[];
  /** How many of the events are on disk; the rest died with the process. */
  durable: number;
  durableAt: number | undefined;
}

/** One run of the command. */
export interface RunRecord {
  readonly process: string;
  readonly machine: string;
  /** Undefined when planning ended the run. */
  readonly plan: Plan | undefined;
  readonly startedAt: number;
  endedAt: number | undefined;
  /** Undefined for a run that died. */
  exitCode: number | undefined;
  /** `spec` to the integrity that this machine packed. */
  readonly packed: ReadonlyMap<string, string>;
  readonly tarballs: ReadonlyMap<string, SimTarball>;
  /** Readings of the plan that the loop was given. */
  readonly readings: ReadonlyMap<string, Reading<Packument>>;
  /** Events on disk when the run began. */
  readonly inherited: readonly Event[];
  /** Steps with their last status, when the run ended by itself. */
  statuses: ReadonlyMap<string, string>;
  /** Codes of the problems that the run named. */
  problems: readonly string[];
  /** True when the run did all it could: not interrupted, not out of time. */
  isFinished: boolean;
  /** True when nobody ran the command again on that machine, so nothing follows from how it ended. */
  isAbandoned: boolean;
  /** Reads, writes and appends in the order in which they were asked for. */
  readonly entries: HistoryEntry[];
}

export type HistoryEntry =
  | { readonly type: "write"; readonly record: WriteRecord }
  | { readonly type: "read"; readonly record: ReadRecord }
  | { readonly type: "append"; readonly record: AppendRecord };

export interface History {
  readonly runs: RunRecord[];
  readonly writes: WriteRecord[];
  readonly reads: ReadRecord[];
  readonly appends: AppendRecord[];
  readonly faults: Fault[];
}

export function createHistory(): History {
  return { runs: [], writes: [], reads: [], appends: [], faults: [] };
}
