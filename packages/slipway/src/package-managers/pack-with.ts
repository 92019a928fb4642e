/**
 * Packs packages with the workspace's own package manager into a folder that is gone afterwards, and hands over what it made. The
 * tool runs the scripts; nothing is written to the packages but by them.
 */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fail, formatSpec, type ProblemExtras } from "@slipway/core";
import { mapAtOnce } from "../map-at-once.ts";
import { createRedactor } from "../redact.ts";
import { type ListedTarball, listTarball } from "../tarball/list-tarball.ts";
import { withoutCredentials } from "../tarball/script-environment.ts";
import { bunWay } from "./bun.ts";
import { findYarnVariables, type ForeignManager, type Tool, toolEnvironment } from "./find-tool.ts";
import type { PackItem, PackOptions, PackStep, PackWay } from "./pack-step.ts";
import { pnpmWay } from "./pnpm.ts";
import { runTool, type ToolEnd, type ToolSurroundings } from "./run-tool.ts";
import { yarnWay } from "./yarn.ts";

export interface PackWithRequest extends PackOptions {
  readonly tool: Tool;
  /** Dependencies first. */
  readonly items: readonly PackItem[];
  readonly surroundings: ToolSurroundings;
  /** Lines that scripts and tool print, redacted. */
  readonly onOutput: (line: string) => void;
  /** Called for each package, in any order; several at a time. */
  readonly onTarball: (item: PackItem, bytes: Uint8Array, contents: ListedTarball) => Promise<void>;
}

const ways: Readonly<Record<ForeignManager, PackWay>> = { pnpm: pnpmWay, yarn: yarnWay, bun: bunWay };

const processesAtOnce = 4;
/** Tarballs that are unpacked to see what is in them. */
const readAtOnce = 8;
const linesShownMax = 20;

/**
 * Throws `SLIP_PACK_FAILED` naming tool and package, with the last lines of output; `SLIP_MANIFEST_CHANGED` when a tarball holds
 * another name or version; `SLIP_INTERRUPTED`. Nothing of it is left then.
 */
export async function packWith(request: PackWithRequest): Promise<void> {
  const { into, tool, items } = request;
  const way = ways[tool.name];
  // Whatever a killed run has left is not of this one.
  await rm(into, { recursive: true, force: true });
  try {
    await mkdir(into, { recursive: true });
    for (const [path, text] of Object.entries(way.files(request))) await writeFile(path, text);
    const steps = way.listSteps(items, request);
    for (const step of steps) if (!step.isConcurrent) await runStep(request, step);
    await runTogether(
      request,
      steps.filter((step) => step.isConcurrent),
    );
    for (const step of steps) if (step.into !== undefined) await collect(request, step, step.into);
  } finally {
    await rm(into, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Waits for those under way when one fails: they write into the folder that is about to go. */
async function runTogether(request: PackWithRequest, steps: readonly PackStep[]): Promise<void> {
  const failures: unknown[] = [];
  await mapAtOnce(steps, processesAtOnce, async (step) => {
    if (failures.length > 0) return;
    await runStep(request, step).catch((error: unknown) => failures.push(error));
  });
  if (failures.length > 0) throw failures[0];
}

async function runStep(request: PackWithRequest, step: PackStep): Promise<void> {
  const { tool, surroundings, root } = request;
  const way = ways[tool.name];
  const isShown = way.createFilter();
  if (step.into !== undefined) await mkdir(step.into, { recursive: true });
  const { end, lastLines } = await runTool({
    ...surroundings,
    env: { ...surroundings.env, ...toolEnvironment, ...way.environment(request, surroundings.env) },
    command: tool.command,
    emptied: tool.name === "yarn" ? findYarnVariables(root, surroundings.env) : [],
    args: step.args,
    cwd: join(root, step.dir),
    onLine: (line) => {
      if (isShown(line)) request.onOutput(line);
    },
  });
  if (end.kind !== "done") await refuse(request, step, end, lastLines);
}

async function refuse(
  { tool, surroundings }: PackWithRequest,
  step: PackStep,
  end: Exclude<ToolEnd, { readonly kind: "done" }>,
  lines: readonly string[],
): Promise<never> {
  if (end.kind === "interrupted")
    return fail("SLIP_INTERRUPTED", `interrupted while ${tool.name} was packing`, {
      hint: "run the same command again: nothing was uploaded",
    });
  const missing = await listMissing(step);
  const item = findNamed(missing, lines) ?? missing[0];
  const details = [...lines, ...(await readLog(lines, surroundings))].slice(-linesShownMax);
  const extras: ProblemExtras = { details };
  const what = step.into === undefined ? `run ${step.args.at(-1)} of` : "pack";
  if (item === undefined)
    return fail("SLIP_PACK_FAILED", `${tool.name} ${tool.version} failed after packing (${end.reason})`, extras);
  const spec = formatSpec(item.name, item.version);
  const code = step.into === undefined ? "SLIP_SCRIPT_FAILED" : "SLIP_PACK_FAILED";
  return fail(code, `${tool.name} ${tool.version} could not ${what} ${spec} in ${item.dir} (${end.reason})`, {
    ...extras,
    spec,
  });
}

/** Those that a failed step has no tarball of. */
async function listMissing({ items, into }: PackStep): Promise<readonly PackItem[]> {
  if (into === undefined || !existsSync(into)) return items;
  const made = new Set<string>();
  for (const name of await readdir(into)) {
    const contents = await readPacked(join(into, name));
    if (contents !== undefined) made.add(specOf(contents.listed));
  }
  return items.filter((item) => !made.has(formatSpec(item.name, item.version)));
}

/** The package that the tool named last. */
function findNamed(items: readonly PackItem[], lines: readonly string[]): PackItem | undefined {
  for (const line of lines.toReversed()) {
    const words = new Set(line.split(/[\s:()[\]]+/).flatMap((word) => [word, word.replace(/@workspace$/, "")]));
    const named = items.find(
      (item) =>
        words.has(item.name) ||
        words.has(formatSpec(item.name, item.version)) ||
        (item.dir !== "." && [...words].some((word) => word === item.dir || word.endsWith(`/${item.dir}`))),
    );
    if (named !== undefined) return named;
  }
  return undefined;
}

/** Yarn keeps what a failed script printed in a file, and prints where. */
async function readLog(lines: readonly string[], { env, secretNames }: ToolSurroundings): Promise<readonly string[]> {
  const [, path] = /logs can be found here: (\S+[\\/]xfs-[0-9a-f]+[\\/][\w-]+\.log)/.exec(lines.join("\n")) ?? [];
  if (path === undefined || !existsSync(path)) return [];
  const redactor = createRedactor(withoutCredentials(env, secretNames).secrets);
  const text = redactor.text(await readFile(path, "utf8"));
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "")
    .slice(-linesShownMax / 2);
}

interface ReadTarball {
  readonly bytes: Uint8Array;
  readonly listed: ListedTarball;
}

/** Undefined for what is no whole tarball. */
async function readPacked(path: string): Promise<ReadTarball | undefined> {
  const bytes = await readFile(path);
  try {
    return { bytes, listed: await listTarball(bytes) };
  } catch {
    return undefined;
  }
}

function specOf({ manifest }: ListedTarball): string {
  return formatSpec(String(manifest["name"]), String(manifest["version"]));
}

/** Hands over what a step has made: one tarball of each of its packages, and nothing else. */
async function collect(request: PackWithRequest, step: PackStep, into: string): Promise<void> {
  const { tool } = request;
  const waiting = new Map(step.items.map((item) => [formatSpec(item.name, item.version), item]));
  const strange: string[] = [];
  await mapAtOnce(await readdir(into), readAtOnce, async (name) => {
    const read = await readPacked(join(into, name));
    if (read === undefined)
      return fail("SLIP_PACK_FAILED", `${tool.name} ${tool.version} made a damaged tarball: ${name}`);
    const spec = specOf(read.listed);
    const item = waiting.get(spec);
    waiting.delete(spec);
    if (item === undefined) strange.push(spec);
    else await request.onTarball(item, read.bytes, read.listed);
  });
  const [spec] = waiting.keys();
  if (spec === undefined) return;
  if (strange.length > 0)
    fail("SLIP_MANIFEST_CHANGED", `the plan says ${spec}, but ${tool.name} packed ${strange.join(", ")}`, { spec });
  fail("SLIP_PACK_FAILED", `${tool.name} ${tool.version} ended well, but packed no tarball of ${spec}`, { spec });
}
