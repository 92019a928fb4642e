/** What the oracle looks at, and the few questions that several of its rules ask. */
import type { Event, IdentityLevel, Limits } from "@slipway/core";
import type { History, ReadRecord, RunRecord, WriteRecord } from "./history.ts";
import type { SimSource } from "./machine.ts";
import type { RegistryView } from "./registry-world.ts";

export interface Judged {
  readonly world: RegistryView;
  readonly history: History;
  readonly code: SimSource;
  readonly limits: Limits;
  /** The weakest evidence that lets other bytes count as this release's. */
  readonly identity: IdentityLevel;
}

export interface Violation {
  /** Of the design: `I7`, `rule 4`. */
  readonly rule: string;
  readonly message: string;
}

export interface Rule {
  readonly id: string;
  readonly check: (judged: Judged) => readonly string[];
}

/** What is compared with a limit was measured at another place than the limit applies to: latencies lie between. */
export const toleranceMs = 100;

export function specOf(record: WriteRecord): string | undefined {
  const { write } = record;
  if (write.kind === "upload") return `${record.name}@${write.request.version}`;
  return "version" in write ? `${record.name}@${write.version}` : undefined;
}

/** Of a run that has ended: judging asks again and again, and a release of fifty packages has thousands of entries. */
function once<T>(compute: (run: RunRecord) => T): (run: RunRecord) => T {
  const known = new WeakMap<RunRecord, T>();
  return (run) => {
    const value = known.get(run) ?? compute(run);
    if (run.endedAt !== undefined) known.set(run, value);
    return value;
  };
}

export const writesOf: (run: RunRecord) => readonly WriteRecord[] = once((run) =>
  run.entries.flatMap((entry) => (entry.type === "write" ? [entry.record] : [])),
);

export const readsOf: (run: RunRecord) => readonly ReadRecord[] = once((run) =>
  run.entries.flatMap((entry) => (entry.type === "read" ? [entry.record] : [])),
);

export function uploadsOf(run: RunRecord): readonly WriteRecord[] {
  return writesOf(run).filter(({ write }) => write.kind === "upload");
}

/** Lines of this run that were on disk at `at`. */
export function durableEvents(run: RunRecord, at: number): readonly Event[] {
  return run.entries.flatMap((entry) =>
    entry.type === "append" && entry.record.durableAt !== undefined && entry.record.durableAt <= at
      ? entry.record.events.slice(0, entry.record.durable)
      : [],
  );
}

/** A look past the caches and what it said; the plan's readings count as looks at the run's start. */
export interface Look {
  readonly at: number;
  readonly versions: ReadonlyMap<string, string | undefined>;
  readonly tags: ReadonlyMap<string, string>;
}

const readsByName = once((run) => Map.groupBy(readsOf(run), ({ name }) => name));

/** Looks at `name` that were answered by `at`, oldest first. */
export function looksAt(run: RunRecord, name: string, at: number): readonly Look[] {
  const planned = run.readings.get(name);
  const looks: Look[] = [];
  if (planned?.kind === "absent") looks.push({ at: planned.at, versions: new Map(), tags: new Map() });
  if (planned?.kind === "shown") {
    const versions = [...planned.value.versions].map(([version, shown]) => [version, shown.integrity] as const);
    looks.push({ at: planned.at, versions: new Map(versions), tags: planned.value.distTags });
  }
  for (const read of readsByName(run).get(name) ?? []) {
    const { facet, answeredAt, result, isFresh } = read;
    if (answeredAt === undefined || answeredAt > at) continue;
    if (facet === "version" || facet === "tarball" || !isFresh || result === "unavailable") continue;
    looks.push({ at: answeredAt, versions: read.versions, tags: read.tags });
  }
  return looks;
}

/** True when this run has read the tarball of a version and the bytes had `integrity`. */
export function hasDownloaded(run: RunRecord, name: string, version: string, integrity: string, at: number): boolean {
  return (readsByName(run).get(name) ?? []).some(
    (read) =>
      read.facet === "tarball" &&
      read.answeredAt !== undefined &&
      read.answeredAt <= at &&
      read.versions.get(version) === integrity,
  );
}

/** True when two uploads at once have left a version with bytes that are not its own: nobody's fault, and final. */
export function wasCorrupted(world: RegistryView, name: string, version: string): boolean {
  return world.changes.some(
    (change) => change.kind === "version-corrupted" && change.name === name && change.version === version,
  );
}

/** Status of an HTTP answer; undefined for none. */
export function statusOf(record: WriteRecord): number | undefined {
  return record.answer?.kind === "response" ? record.answer.status : undefined;
}

/** True when it is certain that the request changed nothing. */
export function landedSurelyNot(record: WriteRecord): boolean {
  if (record.answer?.kind === "no-response") return !record.answer.maybeSent;
  return statusOf(record) === 429;
}
