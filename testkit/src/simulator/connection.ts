/**
 * A process's view of a registry: each operation takes time, may meet a fault, and is written into the history. Here a
 * request is told from its effect and from its answer; what the effect is, the world decides.
 */
import {
  type Answer,
  type Packument,
  type Reading,
  type RegistryPort,
  type ServedTarball,
  type UploadRequest,
  parseRetryAfter,
} from "@slipway/core";
import type { Fault } from "./fault.ts";
import type { History, HistoryEntry, ReadRecord, WriteRecord } from "./history.ts";
import { type SimProcess, never } from "./process.ts";
import { respond } from "./profile.ts";
import type { Random } from "./random.ts";
import { type PackageState, isPackageShown } from "./package-history.ts";
import type { RegistryWorld, Write } from "./registry-world.ts";
import { showPackument, tarballUrl } from "./shown-packument.ts";
import { integrityOfStored } from "./sim-tarball.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export interface Latency {
  /** Milliseconds from sending to arrival, and from the effect to the answer. */
  readonly readMs: () => number;
  readonly writeMs: () => number;
}

/** Always the same times: for enumerations, where the schedule is the choices alone. */
export const steadyLatency: Latency = { readMs: () => 4, writeMs: () => 20 };

export function randomLatency(random: Random): Latency {
  return { readMs: () => random.integer(1, 40), writeMs: () => random.integer(5, random.chance(0.1) ? 2000 : 120) };
}

export interface ConnectionContext {
  readonly world: RegistryWorld;
  readonly clock: VirtualClock;
  readonly history: History;
  readonly process: SimProcess;
  readonly latency: Latency;
  /** Where the run's own order of operations is kept. */
  readonly entries: HistoryEntry[];
  /** How long the client waits for the answer to a write. */
  readonly uploadTimeoutMs: number;
  /** How stale a read past the caches may be: a replica that has not caught up. */
  readonly staleMaxMs: number;
}

type Unavailable = Extract<Reading<never>, { kind: "unavailable" }>;

function unavailable(fault: Fault, at: number): Unavailable {
  if (fault === "read-refused") return { kind: "unavailable", at, status: 403, reason: "answered 403" };
  return fault === "truncated-read"
    ? { kind: "unavailable", at, reason: "the body ended early" }
    : { kind: "unavailable", at, status: 503, reason: "answered 503" };
}

interface Seen<T> {
  readonly value: T | undefined;
  /** What the history keeps of it. */
  readonly versions?: ReadonlyMap<string, string>;
  readonly tags?: ReadonlyMap<string, string>;
}

interface ReadRequest<T> {
  readonly name: string;
  readonly facet: ReadRecord["facet"];
  readonly version?: string;
  readonly see: (state: PackageState | undefined) => Seen<T>;
}

async function read<T>(context: ConnectionContext, request: ReadRequest<T>): Promise<Reading<T>> {
  const { world, clock, process, latency } = context;
  const { name, facet, version } = request;
  if (!process.isAlive()) return never();
  const isPlain = facet !== "fresh" && facet !== "full";
  const what = version === undefined ? name : `${name}@${version}`;
  const fault = process.nextFault(isPlain ? "plain-read" : "fresh-read", `${facet} ${what}`);
  if (fault !== undefined) context.history.faults.push(fault);
  const record: ReadRecord = {
    actor: process.actor,
    process: process.name,
    registry: world.url,
    name,
    facet,
    version,
    sentAt: clock.now(),
    answeredAt: undefined,
    result: undefined,
    isFresh: false,
    versions: new Map(),
    tags: new Map(),
    fault,
  };
  context.entries.push({ type: "read", record });
  context.history.reads.push(record);
  const own = clock.ownedBy(process);
  await own.sleep(latency.readMs());
  // A cache says so in its headers; a replica that lags does not.
  const isFresh = !isPlain || world.profile.plainCacheMs === 0;
  const tooMany = world.throttleRead(oneAccount);
  const reading =
    tooMany === undefined
      ? answerRead(request, record, stateSeen(context, name, facet, what, fault), clock.now(), isFresh)
      : refusedRead(tooMany, clock.now());
  await own.sleep(latency.readMs());
  record.answeredAt = clock.now();
  record.result = reading.kind;
  return reading;
}

/** Machines of one release use one account. */
const oneAccount = "release";

function refusedRead(answer: Answer, at: number): Unavailable {
  if (answer.kind === "no-response") return { kind: "unavailable", at, reason: answer.reason };
  const retryAfterMs = parseRetryAfter(answer.headers["retry-after"], answer.headers["date"]);
  const { status } = answer;
  return {
    kind: "unavailable",
    at,
    status,
    reason: `answered ${status}`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

function answerRead<T>(
  request: ReadRequest<T>,
  record: ReadRecord,
  state: PackageState | undefined,
  at: number,
  isFresh: boolean,
): Reading<T> {
  const { fault } = record;
  if (fault === "read-unavailable" || fault === "truncated-read" || fault === "read-refused")
    return unavailable(fault, at);
  const fresh = isFresh && fault !== "negative-cached-read";
  record.isFresh = fresh;
  if (fault === "negative-cached-read") return { kind: "absent", at, fresh };
  const seen = request.see(state);
  record.versions = seen.versions ?? record.versions;
  record.tags = seen.tags ?? record.tags;
  return seen.value === undefined ? { kind: "absent", at, fresh } : { kind: "shown", value: seen.value, at, fresh };
}

/** What the part of the registry that answers knows: the origin, a cache, or a replica that missed the last change. */
function stateSeen(
  { world, clock, staleMaxMs }: ConnectionContext,
  name: string,
  facet: ReadRecord["facet"],
  what: string,
  fault: Fault | undefined,
): PackageState | undefined {
  if (fault === "stale-read") return world.stateOf(name, clock.now() - staleMaxMs);
  return facet === "fresh" || facet === "full" ? world.stateOf(name) : world.plainStateOf(name, `${facet} ${what}`);
}

const answersInstead: Partial<Record<Fault, Answer>> = {
  "5xx-before": respond(503, { error: "service unavailable" }),
  "5xx-after": respond(502, "bad gateway"),
  "409-before": respond(409, {
    error:
      "Failed to save packument. A common cause is if you try to publish a new package before the previous package has been fully processed.",
  }),
  "409-after": respond(409, { error: "conflict" }),
  "429": respond(429, { error: "too many requests" }, { "retry-after": "30" }),
  "429-after": respond(429, { error: "too many requests" }, { "retry-after": "10" }),
  "201-before": respond(201, { ok: "created new package", success: true }),
  // An account-wide cap: longer than a run waits without progress.
  "429-long": respond(429, { error: "rate limited" }, { "retry-after": "1934" }),
  wedge: respond(500, { error: "internal server error" }),
  "reset-before": { kind: "no-response", reason: "connection reset", maybeSent: true },
  "reset-after": { kind: "no-response", reason: "connection reset", maybeSent: true },
  "timeout-after": { kind: "no-response", reason: "no answer in time", maybeSent: true },
  "not-sent": { kind: "no-response", reason: "connection refused", maybeSent: false },
};

/** Each refusal is one of these in turn, so that an enumeration has no more schedules for them. */
const refusals: readonly Answer[] = [
  respond(403, { error: "this token may not publish this package" }),
  // npm hides a 403 behind a 404.
  respond(404, { error: "Not found" }),
  respond(401, { error: "You must provide a one-time pass." }, { "www-authenticate": "OTP" }),
  respond(402, { error: "You must sign up for private packages" }),
];

function answerInstead(fault: Fault | undefined, request: number): Answer | undefined {
  if (fault === "refused") return refusals[request % refusals.length];
  return fault === undefined ? undefined : answersInstead[fault];
}

const landsNot: ReadonlySet<Fault> = new Set([
  "reset-before",
  "5xx-before",
  "409-before",
  "201-before",
  "429",
  "429-long",
  "refused",
  "not-sent",
]);

async function write(context: ConnectionContext, name: string, what: Write): Promise<Answer> {
  const { world, clock, process, latency, history } = context;
  if (!process.isAlive()) return never();
  const version = what.kind === "upload" ? what.request.version : "version" in what ? what.version : what.tag;
  const fault = process.nextFault(what.kind === "upload" ? "upload" : "write", `${what.kind} ${name}@${version}`);
  if (fault !== undefined) history.faults.push(fault);
  if (fault === "crash-before-send") {
    process.kill();
    return never();
  }
  const record: WriteRecord = {
    id: history.writes.length,
    actor: process.actor,
    process: process.name,
    registry: world.url,
    hasStatusEndpoint: world.profile.hasNpmServices,
    name,
    write: what,
    sentAt: clock.now(),
    arrivedAt: undefined,
    answeredAt: undefined,
    answer: undefined,
    fault,
  };
  context.entries.push({ type: "write", record });
  history.writes.push(record);
  if (fault === "crash-in-flight") process.kill();
  const own = clock.ownedBy(process);
  const replied = await arrive(context, record, what, latency.writeMs());
  if (fault === "crash-after-commit") process.kill();
  await own.sleep(fault === "timeout-after" ? context.uploadTimeoutMs : latency.writeMs());
  record.answeredAt = clock.now();
  record.answer = answerInstead(fault, record.id) ?? replied;
  if (fault === "crash-after-answer") {
    process.kill();
    return never();
  }
  return record.answer;
}

/** The request reaches the registry although its process may be dead by then. */
function arrive(context: ConnectionContext, record: WriteRecord, what: Write, ms: number): Promise<Answer> {
  const { world, clock, process } = context;
  const { fault } = record;
  return new Promise((resolve) => {
    clock.after(ms, () => {
      if (fault !== undefined && landsNot.has(fault)) return resolve(respond(500, undefined));
      record.arrivedAt = clock.now();
      resolve(world.submit(what, process.actor, record.id, { wedges: fault === "wedge", account: oneAccount }));
    });
  });
}

/** The port of one process to one registry. */
export function connect(context: ConnectionContext): RegistryPort {
  const { world } = context;
  const { url } = world;
  return {
    url,
    readPackument: (name, kind) =>
      read<Packument>(context, {
        name,
        facet: kind,
        see: (state) => ({
          value: !isPackageShown(state) ? undefined : showPackument(world, name, state, kind !== "plain"),
          versions: new Map([...(state?.versions ?? [])].map(([version, stored]) => [version, stored.integrity])),
          tags: new Map(state?.distTags),
        }),
      }),
    readVersion: (name, version) =>
      read<true>(context, {
        name,
        facet: "version",
        version,
        see: (state) => {
          const stored = state?.versions.get(version) ?? state?.documents.get(version);
          if (stored === undefined) return { value: undefined };
          return { value: true, versions: new Map([[version, stored.integrity]]) };
        },
      }),
    tarballUrl: (name, version, announced) => announced ?? tarballUrl(url, name, version),
    readTarball: (name, version, _url, keepBytes) =>
      read<ServedTarball>(context, {
        name,
        facet: "tarball",
        version,
        see: (state) => {
          const bytes = state?.versions.get(version)?.bytes;
          if (bytes === undefined) return { value: undefined };
          const integrity = integrityOfStored(bytes);
          return {
            value: { integrity, sizeBytes: bytes.length, bytes: keepBytes ? bytes : undefined },
            versions: new Map([[version, integrity]]),
          };
        },
      }),
    ...(world.profile.hasNpmServices
      ? {
          async readStatus(name: string, version: string) {
            if (!context.process.isAlive()) return never();
            await context.clock.ownedBy(context.process).sleep(context.latency.readMs());
            return world.statusOf(name, version);
          },
        }
      : {}),
    upload: (request: UploadRequest) => write(context, request.name, { kind: "upload", request }),
    setDistTag: (name, tag, version) => write(context, name, { kind: "set-tag", name, tag, version }),
    removeDistTag: (name, tag) => write(context, name, { kind: "remove-tag", name, tag }),
    deprecate: (name, version, message) => write(context, name, { kind: "deprecate", name, version, message }),
    removeTarball: (name, version) => write(context, name, { kind: "remove-tarball", name, version }),
  };
}
