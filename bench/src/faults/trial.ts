/** One release of three packages in a chain with one fault, and the same command again. It judges through judge.ts only. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { createWorkspace, registryNpmrc, startFaultProxy, startProcess } from "@slipway/testkit";
import type { FaultProxy, FaultRule } from "@slipway/testkit";

import { cloneWorkspace, isolatedEnv, makeFlavour } from "../prepare.ts";
import { getProgram } from "../programs.ts";
import type { Program, ProgramId } from "../programs.ts";
import { higherVersion } from "./cases.ts";
import { isClosureBroken, isEnd, judgeRuns } from "./judge.ts";
import type { RunSeen, Verdict } from "./judge.ts";
import { folders } from "./tools.ts";
import type { FaultTool, Folder } from "./tools.ts";
import { releasedVersion } from "./truth.ts";
import type { Held, Truth } from "./truth.ts";

const execute = promisify(execFile);

export interface TrialRequest {
  readonly registry: Verdict["registry"];
  readonly tool: FaultTool;
  readonly fault: string;
  readonly struck: Folder;
  readonly scope: string;
  /** Without the proxy. */
  readonly url: string;
  readonly token: string;
  /** What the tool is judged by. */
  readonly truth: Truth;
  readonly rules: readonly FaultRule[];
  readonly isLasting: boolean;
  readonly isSilent: boolean;
  /** `higherVersion` of the struck package is out before the release. */
  readonly hasHigher: boolean;
  readonly runsMax: number;
  /** The `slipway` key of the workspace's package.json. */
  readonly config: object;
  /** Milliseconds of the registry for each real one. */
  readonly speed: number;
  /** Divides the waits of the seeds. */
  readonly waitScale: number;
  /** Lets the registry do what it has under way. */
  readonly settle: () => void;
  readonly programs: ReadonlyMap<ProgramId, Program>;
  /** Ends the tool, and the trial without a verdict. */
  readonly signal: AbortSignal;
}

const runMaxMs = 120_000;
const pollMs = 100;

function nameOf(request: TrialRequest, letter: string): string {
  return `@${request.scope}/${letter}`;
}

async function prepareWorkspace(request: TrialRequest, folder: string): Promise<string> {
  const made = await createWorkspace({
    packages: folders.map((letter, index) => {
      const below = folders[index - 1];
      const common = { name: nameOf(request, letter), manifest: { publishConfig: { access: "public" } } };
      return below === undefined ? common : { ...common, dependencies: [nameOf(request, below)] };
    }),
    root: { slipway: request.config },
  });
  try {
    return await makeFlavour(made.root, request.tool.flavour, request.programs, join(folder, "workspace"));
  } finally {
    await made.dispose();
  }
}

async function prepareHome(request: TrialRequest, home: string, url: string): Promise<void> {
  const waits = ["fetch-retry-mintimeout=50", "fetch-retry-maxtimeout=1000"];
  if (request.isSilent) waits.push("fetch-timeout=3000");
  await mkdir(home, { recursive: true });
  await writeFile(join(home, ".npmrc"), `${registryNpmrc(url, request.token)}${waits.join("\n")}\n`);
}

/** Past the proxy, by npm: as somebody has released it long before. */
async function releaseHigher(request: TrialRequest, folder: string): Promise<void> {
  const home = join(folder, "home");
  await prepareHome(request, home, request.url);
  const manifest = { name: nameOf(request, request.struck), version: higherVersion };
  await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
  const npm = getProgram(request.programs, "npm");
  await execute(npm.file, [...npm.args, "publish", "--access", "public"], { cwd: folder, env: isolatedEnv(home) });
  request.settle();
}

/** Runs the command in a clone and a home that nothing has touched, as the next job would. Returns its exit code. */
async function runTool(request: TrialRequest, origin: string, folder: string, proxy: FaultProxy): Promise<number> {
  const place = await mkdtemp(join(folder, "run-"));
  const workspace = join(place, "workspace");
  const home = join(place, "home");
  await Promise.all([cloneWorkspace(origin, workspace), prepareHome(request, home, proxy.url)]);
  const layersFile = join(place, "layers.json");
  await writeFile(layersFile, JSON.stringify(Object.fromEntries(folders.map((letter, index) => [letter, index]))));
  const { token, tool, waitScale, signal } = request;
  const context = { workspace, home, registry: proxy.url, token, listFile: "", layersFile, ignoreScripts: false };
  const { file, args, cwd, env } = tool.command(context, request.programs);
  const waits = {
    WAIT_SCALE: String(waitScale),
    pnpm_config_fetch_retry_mintimeout: "50",
    pnpm_config_fetch_retry_maxtimeout: "1000",
    ...(request.isSilent ? { pnpm_config_fetch_timeout: "3000" } : {}),
  };
  signal.throwIfAborted();
  const child = startProcess(file, args, { cwd, env: { ...env, ...waits }, timeoutMs: 2 * runMaxMs });
  const end = (): void => void child.kill();
  const timer = setTimeout(end, runMaxMs);
  signal.addEventListener("abort", end, { once: true });
  const { code, stdout, stderr } = await child.result;
  clearTimeout(timer);
  signal.removeEventListener("abort", end);
  signal.throwIfAborted();
  await writeFile(join(folder, "said.txt"), `${stdout}\n${stderr}\nended with ${code}\n`, { flag: "a" });
  return code ?? 124;
}

/** Looks all the time for what is shown without what it needs. */
function watchClosure(request: TrialRequest, names: readonly string[]): { stop: () => Promise<number> } {
  const dependencies = new Map(names.map((name, index) => [name, names.slice(Math.max(0, index - 1), index)]));
  let brokenMs = 0;
  const over = new AbortController();
  const watch = (async () => {
    let before = performance.now();
    while (!over.signal.aborted) {
      const shown = new Set<string>();
      for (const name of names) if (await request.truth.isShown(name)) shown.add(name);
      const now = performance.now();
      if (isClosureBroken(shown, dependencies)) brokenMs += now - before;
      before = now;
      await sleep(pollMs);
    }
  })();
  return {
    stop: async () => {
      over.abort();
      await watch;
      return (brokenMs * request.speed) / 1000;
    },
  };
}

/** Counts the uploads that come when the registry has taken the version already. */
function countSentAgain({ truth }: TrialRequest, proxy: FaultProxy): () => number {
  let count = 0;
  proxy.setHooks({
    onPutBodyComplete: async ({ upload }) => {
      if (upload !== undefined && (await truth.hasTaken(upload.name))) count += 1;
    },
  });
  return () => count;
}

/** Uploads of one name with different tarballs. */
function hasDifferentBytes(proxy: FaultProxy, name: string): boolean {
  const sent = proxy.log().flatMap(({ upload }) => (upload?.name === name ? [upload.attachedIntegrity] : []));
  return new Set(sent).size > 1;
}

/** Tells whether `latest` shows something lower than the highest version, of what is there at all. */
function isLatestWrong(request: TrialRequest, letter: Folder, { latest, isInstallable }: Held): boolean {
  if (request.hasHigher && letter === request.struck) return latest !== higherVersion;
  return isInstallable && latest !== releasedVersion;
}

function isWhole(held: readonly Held[]): boolean {
  return held.every(({ isInstallable }) => isInstallable);
}

/** Throws for bugs and when it is ended: what tools do is a verdict. `keep` is called with what they said before it is removed. */
export async function runFaultTrial(request: TrialRequest, keep: (folder: string) => Promise<void>): Promise<Verdict> {
  const { registry, tool, fault, struck, url, truth } = request;
  const names = folders.map((letter) => nameOf(request, letter));
  const folder = await mkdtemp(join(tmpdir(), "slipway-faults-"));
  const proxy = await startFaultProxy({ target: url, rules: request.rules });
  try {
    if (request.hasHigher) await releaseHigher(request, await mkdtemp(join(folder, "higher-")));
    const origin = await prepareWorkspace(request, folder);
    const sentAgain = countSentAgain(request, proxy);
    const look = async () => await Promise.all(names.map(truth.read));
    let brokenSeconds = 0;
    const run = async (): Promise<RunSeen> => {
      const watch = watchClosure(request, names);
      const over = runTool(request, origin, folder, proxy).then(async (code) => ({ code, atEnd: await look() }));
      const { code, atEnd } = await over.finally(async () => {
        brokenSeconds += await watch.stop();
      });
      request.settle();
      const settled = await look();
      const hasStruck = settled[folders.indexOf(struck)]?.isInstallable === true;
      return { code, isWholeAtEnd: isWhole(atEnd), isWhole: isWhole(settled), hasStruck };
    };
    const runs = [await run()];
    if (request.isLasting) proxy.setRules([]);
    while (runs.length < request.runsMax && !runs.some(isEnd)) runs.push(await run());
    const final = await look();
    await keep(folder);
    return {
      registry,
      tool: tool.id,
      fault,
      struck,
      ...judgeRuns(tool.id, runs),
      wrongLatest: final.some((held, index) => isLatestWrong(request, folders[index] ?? struck, held)),
      sentAgain: sentAgain(),
      differentBytes: names.some((name) => hasDifferentBytes(proxy, name)),
      brokenSeconds,
    };
  } finally {
    await proxy.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
