/** Reads published versions back, all facets of each, and lets core judge them. Writes nothing anywhere. */
import {
  type Clock,
  type Limits,
  type Packument,
  type Reading,
  type RegistryPort,
  type Verification,
  type VerificationInput,
  verifyVersion,
} from "@slipway/core";
import { mapAtOnce } from "./map-at-once.ts";
import { listIfTarball } from "./tarball/list-tarball.ts";

/** A version to verify, and what is known of it. */
export interface VerifyTarget {
  readonly name: string;
  readonly version: string;
  readonly registry: string;
  readonly expectedIntegrity?: string;
  readonly expectedTag?: string;
}

export interface VerifyContext {
  readonly registries: (url: string) => RegistryPort;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Whether commits belong to this repository; those that cannot be known are missing. */
  readonly areCommitsHere: (commits: readonly string[]) => Promise<ReadonlyMap<string, boolean>>;
  readonly onVerified: (verification: Verification) => void;
}

interface Readings {
  readonly plain: Reading<Packument>;
  readonly fresh: Reading<Packument>;
}

export async function verifyTargets(
  targets: readonly VerifyTarget[],
  context: VerifyContext,
): Promise<readonly Verification[]> {
  const { limits, registries } = context;
  const names = [...new Map(targets.map((target) => [target.name, target.registry]))];
  const read = await mapAtOnce(
    names,
    limits.concurrency,
    async ([name, registry]): Promise<readonly [string, Readings]> => {
      const port = registries(registry);
      const [plain, fresh] = await Promise.all([port.readPackument(name, "plain"), port.readPackument(name, "fresh")]);
      return [name, { plain, fresh }];
    },
  );
  const readings = new Map(read);
  const siblings = new Map(read.map(([name, { plain }]) => [name, plain]));
  const siblingsAtOrigin = new Map(read.map(([name, { fresh }]) => [name, fresh]));
  const gitHeads = targets.flatMap(({ name, version }) => {
    const fresh = readings.get(name)?.fresh;
    return (fresh?.kind === "shown" ? fresh.value.versions.get(version)?.gitHead : undefined) ?? [];
  });
  const commitsHere = await context.areCommitsHere([...new Set(gitHeads)]);
  return mapAtOnce(targets, limits.concurrency, async (target) => {
    const found = readings.get(target.name);
    if (found === undefined) throw new Error(`${target.name} was not read`);
    const verification = verifyVersion(
      await inputFor(target, found, { siblings, siblingsAtOrigin, commitsHere, context }),
    );
    context.onVerified(verification);
    return verification;
  });
}

interface Shared {
  readonly siblings: ReadonlyMap<string, Reading<Packument>>;
  readonly siblingsAtOrigin: ReadonlyMap<string, Reading<Packument>>;
  readonly commitsHere: ReadonlyMap<string, boolean>;
  readonly context: VerifyContext;
}

async function inputFor(target: VerifyTarget, { plain, fresh }: Readings, shared: Shared): Promise<VerificationInput> {
  const { name, version, registry } = target;
  const entry = plain.kind === "shown" ? plain.value.versions.get(version) : undefined;
  const gitHead = fresh.kind === "shown" ? fresh.value.versions.get(version)?.gitHead : undefined;
  return {
    name,
    version,
    registry,
    plain,
    fresh,
    tarball:
      entry === undefined
        ? { kind: "absent", at: shared.context.clock.now(), fresh: false }
        : await readContents(target, entry.tarball, shared.context),
    expectedIntegrity: target.expectedIntegrity,
    expectedTag: target.expectedTag,
    siblings: shared.siblings,
    siblingsAtOrigin: shared.siblingsAtOrigin,
    isGitHeadHere: gitHead === undefined ? undefined : shared.commitsHere.get(gitHead),
  };
}

async function readContents(
  target: VerifyTarget,
  url: string | undefined,
  context: VerifyContext,
): Promise<VerificationInput["tarball"]> {
  const reading = await context.registries(target.registry).readTarball(target.name, target.version, url, true);
  if (reading.kind !== "shown") return reading;
  const { integrity, bytes } = reading.value;
  return { ...reading, value: { integrity, contents: bytes === undefined ? undefined : await listIfTarball(bytes) } };
}

/**
 * The same, and again for as long as something could not be read or is not shown everywhere yet: caches and replicas of a registry keep an old answer for
 * minutes. What is wrong is not waited for.
 */
export async function verifyUntilSure(
  targets: readonly VerifyTarget[],
  context: VerifyContext & { readonly signal: AbortSignal },
  waitMs: number,
): Promise<readonly Verification[]> {
  const { clock, limits, signal } = context;
  const untilAt = clock.now() + waitMs;
  let delayMs = limits.pollFirstMs;
  for (;;) {
    const verifications = await verifyTargets(targets, context);
    const leftMs = untilAt - clock.now();
    if (leftMs <= 0 || signal.aborted || !isUnsure(verifications)) return verifications;
    await clock.sleep(Math.min(delayMs, leftMs), signal);
    delayMs = Math.min(delayMs * limits.pollFactor, limits.pollMaxMs);
  }
}

/** What a registry may still come to show: whatever is missing, on one replica or on all. Other contents do not mend themselves. */
const passing: ReadonlySet<string> = new Set(["SLIP_VERIFY_MISSING", "SLIP_VERIFY_CLOSURE"]);

/** Where a version came from is not shown later than the version. */
function isUnsure(verifications: readonly Verification[]): boolean {
  const checks = verifications.flatMap((item) => item.checks.filter(({ facet }) => facet !== "origin"));
  const isFinal = checks.some(({ result, problem }) => result === "failed" && !passing.has(problem?.code ?? ""));
  return !isFinal && checks.some(({ result }) => result === "unknown" || result === "failed");
}
