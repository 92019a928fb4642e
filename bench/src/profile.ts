/** `npm run bench:profile`: where slipway's own time and memory go when it publishes many packages; writes bench/PROFILE.md. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { SourceMap } from "node:module";
import { loadavg, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";

import { registryNpmrc, startVerdaccioProcess } from "@slipway/testkit";

import { parseProfile, summarizeProfile } from "./cpu-profile.ts";
import type { CallFrame, HotPlace, Place, ProfileSummary } from "./cpu-profile.ts";
import { measure } from "./measure.ts";
import type { Measured } from "./measure.ts";
import { prepareInput } from "./inputs.ts";
import { isolatedEnv, npmrcPath } from "./prepare.ts";
import type { MemorySample } from "./process-tree.ts";
import { preparePrograms } from "./programs.ts";
import { renderTable } from "./table.ts";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../..", import.meta.url));
const buildFolder = fileURLToPath(new URL("../.cache/profile-build", import.meta.url));
const shownMax = 25;

interface ProfiledRun {
  readonly title: string;
  readonly measured: Measured;
  readonly summary: ProfileSummary;
}

/** The command line as it is published, with source maps. It lies inside the repository to find what it depends on. */
async function buildWithMaps(): Promise<string> {
  const tsdown = join(repository, "node_modules", "tsdown", "dist", "run.mjs");
  const args = [tsdown, "--sourcemap", "--out-dir", buildFolder];
  await run(process.execPath, args, { cwd: join(repository, "packages", "slipway") });
  return join(buildFolder, "cli.js");
}

/** Places of built files, as their maps know them; paths are relative to the repository. */
async function readPlaces(profileText: string): Promise<(frame: CallFrame) => Place> {
  const maps = new Map<string, SourceMap>();
  for (const { callFrame } of parseProfile(profileText).nodes) {
    if (!callFrame.url.startsWith("file:") || maps.has(callFrame.url)) continue;
    const path = fileURLToPath(callFrame.url);
    if (!path.startsWith(buildFolder)) continue;
    const names = await readdir(join(path, ".."));
    if (names.some((name) => path.endsWith(`${name}`) && names.includes(`${name}.map`)))
      maps.set(callFrame.url, new SourceMap(JSON.parse(await readFile(`${path}.map`, "utf8"))));
  }
  return (frame) => {
    if (!frame.url.startsWith("file:")) return { file: frame.url, line: undefined, isOwn: false };
    const found = maps.get(frame.url)?.findEntry(frame.lineNumber, frame.columnNumber);
    if (found !== undefined && "originalSource" in found)
      return placeIn(shorten(new URL(found.originalSource, frame.url)), found.originalLine + 1);
    return placeIn(shorten(new URL(frame.url)), frame.lineNumber + 1);
  };
}

function placeIn(file: string, line: number): Place {
  return { file, line, isOwn: file.startsWith("packages/") };
}

/** Relative to the repository, or to the folder of dependencies wherever that is. */
function shorten(url: URL): string {
  const path = relative(repository, fileURLToPath(url)).replaceAll("\\", "/");
  return path.includes("node_modules/") ? path.slice(path.lastIndexOf("node_modules/")) : path;
}

/** Publishes to a fresh registry, then again, each with the profiler of V8 running. */
async function profileRuns(folder: string, cli: string, packages: number): Promise<readonly ProfiledRun[]> {
  const programs = await preparePrograms([]);
  const { workspaces } = await prepareInput(folder, String(packages), new Set(), programs, () => {});
  const workspace = workspaces.get("npm") ?? folder;
  const registry = await startVerdaccioProcess();
  try {
    const home = join(folder, "home");
    await mkdir(home, { recursive: true });
    await writeFile(npmrcPath(home), registryNpmrc(registry.url, registry.token));
    const runs: ProfiledRun[] = [];
    for (const [title, verb] of [
      ["plan", ["plan"]],
      ["publish", ["publish", "--yes"]],
      ["publish again: nothing to do", ["publish", "--yes"]],
    ] as const) {
      const profiles = join(folder, `profile-${runs.length}`);
      const args = ["--cpu-prof", "--cpu-prof-interval=500", `--cpu-prof-dir=${profiles}`, cli, ...verb];
      const command = { file: process.execPath, args, cwd: workspace, env: isolatedEnv(home) };
      const measured = await measure(command, join(folder, "usage"), 10 * 60_000);
      if (measured.exitCode !== 0) throw new Error(`${title} ended with ${measured.exitCode}: ${measured.output}`);
      const [name] = await readdir(profiles);
      if (name === undefined) throw new Error(`${title} left no profile`);
      const text = await readFile(join(profiles, name), "utf8");
      runs.push({ title, measured, summary: summarizeProfile(parseProfile(text), await readPlaces(text)) });
      process.stderr.write(`${title}: ${(measured.wallMs / 1000).toFixed(2)} s\n`);
    }
    return runs;
  } finally {
    await registry.close();
  }
}

function renderRun({ title, measured, summary }: ProfiledRun): string {
  const busyMs = summary.wallMs - summary.idleMs;
  const rows = (places: readonly HotPlace[]): string =>
    renderTable(
      ["", "self ms", "self %", "with callees ms"],
      places
        .slice(0, shownMax)
        .map(({ what, selfMs, totalMs }) => [
          what,
          selfMs.toFixed(0),
          ((selfMs / busyMs) * 100).toFixed(1),
          totalMs.toFixed(0),
        ]),
    );
  return [
    `## ${title}`,
    `Wall ${(measured.wallMs / 1000).toFixed(2)} s; main thread busy ${(busyMs / 1000).toFixed(2)} s, waiting ${(summary.idleMs / 1000).toFixed(2)} s; CPU of all threads ${((measured.cpuMs ?? 0) / 1000).toFixed(2)} s; memory ${describeMemory(measured.memory)}.`,
    "By the innermost function of slipway on the stack:",
    rows(summary.owners),
    "By function:",
    rows(summary.functions),
    "By file:",
    rows(summary.files),
  ].join("\n\n");
}

/** Ten moments of the run. */
function describeMemory(memory: readonly MemorySample[]): string {
  const moments = Array.from(
    { length: 10 },
    (_, index) => memory[Math.floor(((index + 1) / 10) * (memory.length - 1))]?.sizeBytes,
  );
  const peak = Math.max(0, ...memory.map((sample) => sample.sizeBytes));
  const series = moments.map((bytes) => ((bytes ?? 0) / 1e6).toFixed(0)).join(", ");
  return `at most ${(peak / 1e6).toFixed(0)} MB (at each tenth of the run: ${series})`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { n: { type: "string", default: "1000" }, print: { type: "boolean" } } });
  const packages = Number(values.n);
  const folder = await mkdtemp(join(tmpdir(), "slipway-profile-"));
  try {
    const runs = await profileRuns(folder, await buildWithMaps(), packages);
    const date = new Date().toISOString().slice(0, 10);
    const intro = `\`npm run bench:profile\` of ${date}: ${packages} generated packages on a local Verdaccio, Node ${process.versions.node}, with the CPU profiler of V8 running (it costs about a tenth). Per cent of the time in which the main thread was busy; zlib, hashing and the file system use other threads. Load average at the end ${(loadavg()[0] ?? 0).toFixed(1)}.`;
    const page = `# Profile of slipway\n\n${[intro, ...runs.map(renderRun)].join("\n\n")}\n`;
    if (values.print === true) process.stdout.write(page);
    else await writeFile(new URL("../PROFILE.md", import.meta.url), page);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
