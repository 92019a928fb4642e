/** One release of three packages in a chain with one fault, and the same command again. It judges through judge.ts only. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createWorkspace,
  httpRequest,
  integrityOf,
  registryNpmrc,
  startFaultProxy,
  startProcess,
} from "@slipway/testkit";
import type { FaultProxy, FaultRule } from "@slipway/testkit";

import { makeFlavour, restoreWorkspace } from "../prepare.ts";
import type { Program, ProgramId } from "../programs.ts";
import { isClosureBroken, judgeRuns } from "./judge.ts";
import type { RunSeen, Verdict } from "./judge.ts";
import { folders } from "./tools.ts";
import type { FaultTool } from "./tools.ts";

export interface TrialRequest {
  readonly registry: Verdict["registry"];
  readonly tool: FaultTool;
  readonly fault: string;
  readonly struck: string;
  readonly scope: string;
  /** Without the proxy: what is asked for the truth. */
  readonly url: string;
  readonly token: string;
  readonly rules: readonly FaultRule[];
  readonly isLasting: boolean;
  readonly isSilent: boolean;
  /** The `slipway` key of the workspace's package.json. */
  readonly config: object;
  /** Milliseconds of the registry for each real one. */
  readonly speed: number;
  /** Divides the waits of the seeds. */
  readonly waitScale: number;
  /** Lets the registry do what it has under way. */
  readonly settle: () => void;
  readonly programs: ReadonlyMap<ProgramId, Program>;
}

const runMaxMs = 120_000;
const pollMs = 100;

interface Shown {
  readonly latest: string | undefined;
  readonly integrity: string | undefined;
}

/** What the registry itself shows of a version, past every cache; the integrity only where its tarball can be downloaded. */
async function readShown(url: string, name: string, withTarball: boolean): Promise<Shown> {
  const { status, json } = await httpRequest(`${url}/${name.replace("/", "%2f")}?write=true`);
  const packument = json as {
    readonly versions?: Readonly<Record<string, { readonly dist: { readonly integrity: string } }>>;
    readonly "dist-tags"?: Readonly<Record<string, string>>;
  };
  const latest = packument.versions === undefined ? undefined : packument["dist-tags"]?.["latest"];
  const told = status === 200 ? packument.versions?.["1.0.0"]?.dist.integrity : undefined;
  if (told === undefined || !withTarball) return { latest, integrity: told };
  const tarball = await httpRequest(`${url}/${name}/-/${name.slice(name.indexOf("/") + 1)}-1.0.0.tgz`);
  const integrity = tarball.status === 200 ? integrityOf(tarball.bytes) : undefined;
  return { latest, integrity: integrity === told ? integrity : undefined };
}

async function prepareWorkspace(request: TrialRequest, folder: string): Promise<string> {
  const nameOf = (letter: string): string => `@${request.scope}/${letter}`;
  const made = await createWorkspace({
    packages: folders.map((letter, index) => {
      const below = folders[index - 1];
      const common = { name: nameOf(letter), manifest: { publishConfig: { access: "public" } } };
      return below === undefined ? common : { ...common, dependencies: [nameOf(below)] };
    }),
    root: { slipway: request.config },
  });
  try {
    return await makeFlavour(made.root, request.tool.flavour, request.programs, join(folder, "workspace"));
  } finally {
    await made.dispose();
  }
}

async function prepareHome(request: TrialRequest, home: string, proxy: FaultProxy): Promise<void> {
  const waits = ["fetch-retry-mintimeout=50", "fetch-retry-maxtimeout=1000"];
  if (request.isSilent) waits.push("fetch-timeout=3000");
  await mkdir(home, { recursive: true });
  await writeFile(join(home, ".npmrc"), `${registryNpmrc(proxy.url, request.token)}${waits.join("\n")}\n`);
}

async function runTool(request: TrialRequest, workspace: string, folder: string, proxy: FaultProxy): Promise<number> {
  const home = join(folder, "home");
  const layersFile = join(folder, "layers.json");
  await writeFile(layersFile, JSON.stringify(Object.fromEntries(folders.map((letter, index) => [letter, index]))));
  const { token, tool, waitScale } = request;
  const context = { workspace, home, registry: proxy.url, token, listFile: "", layersFile, ignoreScripts: false };
  const { file, args, cwd, env } = tool.command(context, request.programs);
  const waits = {
    WAIT_SCALE: String(waitScale),
    pnpm_config_fetch_retry_mintimeout: "50",
    pnpm_config_fetch_retry_maxtimeout: "1000",
    ...(request.isSilent ? { pnpm_config_fetch_timeout: "3000" } : {}),
  };
  const child = startProcess(file, args, { cwd, env: { ...env, ...waits }, timeoutMs: 2 * runMaxMs });
  const timer = setTimeout(() => void child.kill(), runMaxMs);
  const { code, stdout, stderr } = await child.result;
  clearTimeout(timer);
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
      for (const name of names)
        if ((await readShown(request.url, name, false)).integrity !== undefined) shown.add(name);
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

/** Uploads of one name with different tarballs. */
function hasDifferentBytes(proxy: FaultProxy, name: string): boolean {
  const sent = proxy.log().flatMap(({ upload }) => (upload?.name === name ? [upload.attachedIntegrity] : []));
  return new Set(sent).size > 1;
}

/** Throws for bugs only: what tools do is a verdict. `keep` is called with what they said before it is removed. */
export async function runFaultTrial(request: TrialRequest, keep: (folder: string) => Promise<void>): Promise<Verdict> {
  const { registry, tool, fault, struck, scope, url } = request;
  const names = folders.map((letter) => `@${scope}/${letter}`);
  const folder = await mkdtemp(join(tmpdir(), "slipway-faults-"));
  const proxy = await startFaultProxy({ target: url, rules: request.rules });
  try {
    const workspace = await prepareWorkspace(request, folder);
    await prepareHome(request, join(folder, "home"), proxy);
    const look = async () => await Promise.all(names.map((name) => readShown(url, name, true)));
    const isWhole = (shown: readonly Shown[]): boolean => shown.every(({ integrity }) => integrity !== undefined);
    const run = async (): Promise<RunSeen> => {
      const watch = watchClosure(request, names);
      const code = await runTool(request, workspace, folder, proxy);
      brokenSeconds += await watch.stop();
      const atEnd = await look();
      request.settle();
      const settled = await look();
      const hasStruck = settled[names.indexOf(`@${scope}/${struck}`)]?.integrity !== undefined;
      return { code, isWholeAtEnd: isWhole(atEnd), isWhole: isWhole(settled), hasStruck };
    };
    let brokenSeconds = 0;
    const first = await run();
    if (request.isLasting) proxy.setRules([]);
    const isAgain = first.code !== 0 || !first.isWhole;
    // As a second job would find it: lerna, for one, leaves manifests changed, and refuses to start over that.
    if (isAgain) await restoreWorkspace(workspace);
    const again = isAgain ? await run() : undefined;
    const final = await look();
    await keep(folder);
    return {
      registry,
      tool: tool.id,
      fault,
      struck,
      ...judgeRuns(tool.id, first, again),
      wrongLatest: final.some(({ latest, integrity }) => integrity !== undefined && latest !== "1.0.0"),
      differentBytes: names.some((name) => hasDifferentBytes(proxy, name)),
      brokenSeconds,
    };
  } finally {
    await proxy.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
