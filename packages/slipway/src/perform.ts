/**
 * Performing one action: requests to a registry, and the events that tell what came of them. Nothing is decided here; a
 * write is durable in the journal before it is sent.
 */
import {
  type Action,
  type Answer,
  type Clock,
  classify,
  type Event,
  type EventOf,
  formatSpec,
  judge,
  type Limits,
  type Packument,
  packageKey,
  type Plan,
  ProblemsError,
  type Reading,
  type RegistryPort,
  type StepState,
  type TarballStore,
  type WriteKind,
} from "@slipway/core";
import { normalizeManifest } from "./registry/publish-manifest.ts";
import { askForStatus } from "./scan-verdict.ts";
import { explainTooLarge } from "./size-limit.ts";
import { listIfTarball } from "./tarball/list-tarball.ts";

/** Everything that performing touches. */
export interface PerformContext {
  readonly plan: Plan;
  readonly nodesOf: (packageKey: string) => readonly StepState[];
  readonly limits: Limits;
  readonly clock: Clock;
  readonly registries: (url: string) => RegistryPort;
  readonly tarballs: TarballStore;
  /** Resolves once the events are durable and applied. */
  readonly record: (events: readonly Event[]) => Promise<void>;
}

export async function perform(action: Action, context: PerformContext): Promise<void> {
  switch (action.kind) {
    case "look": {
      const port = context.registries(action.registry);
      const reading = await port.readPackument(action.name, "fresh");
      const nodes = context.nodesOf(packageKey(action.registry, action.name));
      // Before the look: what the registry says of an upload decides what its absence means.
      const told = await askForStatus(port, nodes, reading, context);
      return context.record([
        ...told,
        observe(context, action.registry, action.name, reading),
        ...pausesOf(reading, action.registry),
      ]);
    }
    case "inspect":
      return inspect(action.node, action.isAtOnce, context);
    case "judge":
      return judgeServed(action.node, context);
    case "look-up": {
      const { registry, name, version, id } = action.node.step;
      const reading = await context.registries(registry).readVersion(name, version);
      const shown = reading.kind === "unavailable" ? "unavailable" : reading.kind;
      return context.record([{ type: "looked-up", at: context.clock.now(), step: id, version: shown }]);
    }
    case "write":
      return write(action.node, action.write, context);
  }
}

export interface PackageReading {
  readonly registry: string;
  readonly name: string;
  readonly reading: Reading<Packument>;
  readonly kind: "fresh" | "plain";
}

/** What a reading says about the versions and tags of these nodes, all of one package, and nothing else. */
export function observation(nodes: readonly StepState[], { registry, name, reading, kind }: PackageReading): Event {
  const common = { type: "observed", at: reading.at, registry, name } as const;
  if (reading.kind === "unavailable")
    return {
      ...common,
      fresh: false,
      packument: "unavailable",
      reason: reading.reason,
      ...(reading.status === undefined ? {} : { status: reading.status }),
    };
  // What installs are shown proves presence, never absence: a replica that lags has no header that says so.
  const fresh = kind === "fresh" && reading.fresh;
  if (reading.kind === "absent") return { ...common, fresh, packument: "absent" };
  const versions: Record<string, { integrity?: string } | null> = {};
  const tags: Record<string, string | null> = {};
  for (const { step } of nodes) {
    const entry = reading.value.versions.get(step.version);
    versions[step.version] =
      entry === undefined ? null : entry.integrity === undefined ? {} : { integrity: entry.integrity };
    if (step.goal.kind === "dist-tag") tags[step.goal.tag] = reading.value.distTags.get(step.goal.tag) ?? null;
  }
  return {
    ...common,
    fresh,
    ...(reading.fresh && !fresh ? { isUncached: true } : {}),
    packument: "shown",
    versions,
    tags,
  };
}

function observe(
  context: PerformContext,
  registry: string,
  name: string,
  reading: Reading<Packument>,
  kind: "fresh" | "plain" = "fresh",
): Event {
  return observation(context.nodesOf(packageKey(registry, name)), { registry, name, reading, kind });
}

/** A read that is answered 429 speaks for every request of its registry, as a write does. */
function pausesOf(reading: Reading<Packument>, registry: string): readonly Event[] {
  if (reading.kind !== "unavailable" || reading.retryAfterMs === undefined) return [];
  const { at, reason, retryAfterMs } = reading;
  return [{ type: "waited", at, registry, untilAt: at + retryAfterMs, reason }];
}

/**
 * Can it be installed? The abbreviated packument on the plain URL, then the tarball it names, hashed. `isAtOnce` asks for both
 * together: a tarball fetched so counts only if it is the one that the packument turns out to name.
 */
async function inspect(node: StepState, isAtOnce: boolean, context: PerformContext): Promise<void> {
  const { registry, name, version } = node.step;
  const port = context.registries(registry);
  const [reading, early] = await Promise.all([
    port.readPackument(name, "plain"),
    isAtOnce ? fetchTarball(node, port, undefined, context.clock) : undefined,
  ]);
  const observed = observe(context, registry, name, reading, "plain");
  const entry = reading.kind === "shown" ? reading.value.versions.get(version) : undefined;
  // A kept version without a sha512 is held to its tarball alone.
  const isComparable = entry?.integrity === node.expected || (node.isKept && entry?.integrity === undefined);
  if (entry === undefined || !isComparable) return context.record([observed, ...pausesOf(reading, registry)]);
  const isNamed =
    entry.tarball !== undefined &&
    port.tarballUrl(name, version, entry.tarball) === port.tarballUrl(name, version, undefined);
  const download =
    early !== undefined && isNamed && early.integrity === node.expected
      ? { event: { ...early.event, at: context.clock.now() } }
      : await fetchTarball(node, port, entry.tarball, context.clock);
  return context.record([observed, download.event]);
}

type Download = {
  readonly event: EventOf<"downloaded">;
  readonly integrity: string | undefined;
  readonly bytes: Uint8Array | undefined;
};

async function fetchTarball(
  node: StepState,
  port: RegistryPort,
  url: string | undefined,
  clock: Clock,
  keepBytes = false,
): Promise<Download> {
  const { name, version, id } = node.step;
  const reading = await port.readTarball(name, version, url, keepBytes);
  const common = { type: "downloaded", at: clock.now(), step: id } as const;
  if (reading.kind === "shown")
    return {
      event: { ...common, result: "hashed", integrity: reading.value.integrity },
      integrity: reading.value.integrity,
      bytes: reading.value.bytes,
    };
  if (reading.kind === "absent")
    return { event: { ...common, result: "missing" }, integrity: undefined, bytes: undefined };
  return {
    event: { ...common, result: "unavailable", reason: reading.reason },
    integrity: undefined,
    bytes: undefined,
  };
}

/** Other contents hold the version: rule 1 decides whose they are. */
async function judgeServed(node: StepState, context: PerformContext): Promise<void> {
  const { registry, name, version, id } = node.step;
  const { clock, plan } = context;
  const port = context.registries(registry);
  const packument = await port.readPackument(name, "fresh");
  const entry = packument.kind === "shown" ? packument.value.versions.get(version) : undefined;
  if (entry === undefined)
    return context.record([observe(context, registry, name, packument), ...pausesOf(packument, registry)]);
  const download = await fetchTarball(node, port, entry.tarball, clock, true);
  const ourBytes = await readOurs(node, context);
  if (ourBytes === undefined) return;
  if (download.bytes === undefined || download.integrity === undefined) return context.record([download.event]);
  const judgement = judge({
    level: plan.options.identity,
    shownIntegrity: entry.integrity,
    servedIntegrity: download.integrity,
    ourIntegrity: ourBytes.integrity,
    served: await listIfTarball(download.bytes, context.tarballs.list),
    ours: await context.tarballs.list(ourBytes.bytes),
    writtenIntegrities: node.writtenIntegrities,
    attestedIntegrity: undefined,
    asksProvenance: false,
    gitHead: entry.gitHead,
    planCommit: plan.source.commit,
    isPlanClean: plan.source.isClean,
    boundIntegrity: node.bound === undefined ? undefined : node.expected,
    acceptedIntegrity: plan.options.accept[formatSpec(name, version)],
  });
  const at = clock.now();
  const { verdict, evidence, files } = judgement;
  if (verdict === "same") return context.record([download.event]);
  if (verdict === "same-files" || verdict === "same-source")
    return context.record([{ type: "bound", at, step: id, integrity: download.integrity, verdict, evidence, files }]);
  const details = [evidence, ...files.map((path) => `differs: ${path}`)];
  return context.record([{ type: "judged", at, step: id, verdict, integrity: download.integrity, details }]);
}

/** Of a write whose step ended in the very batch that made its line durable. */
const notSent: Answer = { kind: "no-response", reason: "not sent: its step had ended", maybeSent: false };

type OurTarball = Awaited<ReturnType<TarballStore["read"]>>;

/** Our own tarball, or undefined after recording why the step failed: what was edited since packing is never sent. */
async function readOurs(node: StepState, context: PerformContext): Promise<OurTarball | undefined> {
  const { name, version, id } = node.step;
  try {
    return await context.tarballs.read(name, version);
  } catch (error) {
    const [problem] = error instanceof ProblemsError ? error.problems : [];
    if (problem === undefined) throw error;
    await context.record([{ type: "failed", at: context.clock.now(), step: id, problem }]);
    return undefined;
  }
}

async function write(node: StepState, kind: WriteKind, context: PerformContext): Promise<void> {
  const { id, name, version, registry } = node.step;
  const { clock, record } = context;
  const decidedAt = node.status;
  const send = await prepareWrite(node, kind, context);
  // Other steps went on meanwhile: what they found may have ended this one, or refused the whole plan.
  if (send === undefined || node.status !== decidedAt) return;
  await record([
    {
      type: "write-started",
      at: clock.now(),
      step: id,
      write: kind,
      ...(send.integrity === undefined ? {} : { integrity: send.integrity }),
    },
  ]);
  const hasEnded = node.status !== "writing" && node.status !== decidedAt;
  const answer = hasEnded ? notSent : await send.request();
  const result = classify(answer, kind, formatSpec(name, version));
  const at = clock.now();
  const ended: Event = {
    type: "write-ended",
    at,
    step: id,
    write: kind,
    answer: result.class,
    ...(result.status === undefined ? {} : { status: result.status }),
    ...(result.isAsync ? { isAsync: true } : {}),
    ...(result.retryAfterMs === undefined ? {} : { retryAfterMs: result.retryAfterMs }),
    ...(result.message === undefined ? {} : { message: result.message }),
    ...(result.problem === undefined ? {} : { problem: explainTooLarge(result.problem, send.sizeBytes) }),
  };
  // Counted before this answer is folded in.
  const doublings = Math.min(node.retries, pauseDoublingsMax);
  if (result.status !== 429) return record([ended]);
  // The whole registry is asking for a pause, not this package alone. One that does not say for how long may mean a cap of a day.
  const untilAt = at + (result.retryAfterMs ?? context.limits.rateLimitPauseMs * 2 ** doublings);
  return record([
    ended,
    {
      type: "waited",
      at,
      registry,
      untilAt,
      reason: `answered 429${result.message === undefined ? "" : `: ${result.message}`}`,
    },
  ]);
}

/** A pause grows to 32 times the first. */
const pauseDoublingsMax = 5;

interface PreparedWrite {
  readonly integrity: string | undefined;
  /** Of the tarball that is sent. */
  readonly sizeBytes: number;
  readonly request: () => Promise<Answer>;
}

async function prepareWrite(
  node: StepState,
  kind: WriteKind,
  context: PerformContext,
): Promise<PreparedWrite | undefined> {
  const { name, version, goal, registry } = node.step;
  const port = context.registries(registry);
  switch (kind) {
    case "upload": {
      if (goal.kind !== "publish") throw new Error(`${node.step.id} has nothing to upload`);
      const ours = await readOurs(node, context);
      if (ours === undefined) return undefined;
      const { commit, isClean } = context.plan.source;
      // gitHead is evidence for rule 1, so only a commit that holds exactly these sources may be named.
      const manifest = normalizeManifest(ours.manifest, commit !== undefined && isClean ? { gitHead: commit } : {});
      const { bytes, integrity, files } = ours;
      return {
        integrity,
        sizeBytes: bytes.byteLength,
        request: () =>
          port.upload({ name, version, tag: goal.sendTag, access: goal.access, manifest, bytes, integrity, files }),
      };
    }
    case "set-tag":
      if (goal.kind !== "dist-tag" || goal.to === undefined) throw new Error(`${node.step.id} sets no tag`);
      return { integrity: undefined, sizeBytes: 0, request: () => port.setDistTag(name, goal.tag, goal.to ?? version) };
    case "remove-tag":
      if (goal.kind !== "dist-tag") throw new Error(`${node.step.id} removes no tag`);
      return { integrity: undefined, sizeBytes: 0, request: () => port.removeDistTag(name, goal.tag) };
    case "repair":
      return { integrity: undefined, sizeBytes: 0, request: () => port.removeTarball(name, version) };
    case "deprecate":
      throw new Error(`no plan of this version deprecates: ${node.step.id}`);
  }
}
