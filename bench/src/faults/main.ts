/** `npm run bench:faults`: the same faults for every tool; adds to bench/faults.json and writes the tables of docs/reliability.md. */
import { existsSync } from "node:fs";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startHttpFace, startVerdaccio } from "@slipway/testkit";
import type { Verdaccio } from "@slipway/testkit";
import { z } from "zod";

import type { FaultCase } from "../../../test/e2e/fault-list.ts";
import { slipwayConfig } from "../../../test/e2e/publishers.ts";
import { preparePrograms, verdaccioVersion } from "../programs.ts";
import type { Program, ProgramId } from "../programs.ts";
import { allFaults, chosenFaults, npmCases } from "./cases.ts";
import type { NpmCase } from "./cases.ts";
import { mergeVerdicts, verdictSchema } from "./judge.ts";
import type { Verdict } from "./judge.ts";
import { renderFaultTables } from "./table.ts";
import { faultTools, folders } from "./tools.ts";
import type { FaultTool } from "./tools.ts";
import { runFaultTrial } from "./trial.ts";

const file = fileURLToPath(new URL("../../faults.json", import.meta.url));
const page = fileURLToPath(new URL("../../../docs/reliability.md", import.meta.url));
const fileSchema = z.object({
  date: z.string(),
  versions: z.record(z.string(), z.string()),
  verdicts: z.array(verdictSchema),
});
type FaultFile = z.infer<typeof fileSchema>;
type Trial = () => Promise<Verdict>;

const npmSpeed = 60;
const npmLimits = {
  settleMs: 500,
  pollFirstMs: 200,
  pollMaxMs: 500,
  resendDelaysMs: [500, 1000],
  lostMs: 2_000,
  readTimeoutMs: 10_000,
};
const pauseMs = 10 * 60_000;

const { values } = parseArgs({
  options: {
    tools: { type: "string" },
    faults: { type: "string" },
    registry: { type: "string" },
    packages: { type: "string", default: "b" },
    "all-faults": { type: "boolean", default: false },
    "at-once": { type: "string", default: "2" },
    /** A folder for what tools said and the workspaces. */
    keep: { type: "string" },
    render: { type: "boolean", default: false },
  },
});

/** Ids, or parts of the names of faults; all without the option. */
function picks(option: string | undefined, name: string): boolean {
  return option === undefined || option.split(",").some((word) => name.includes(word));
}

async function keepFolder(name: string, folder: string): Promise<void> {
  if (values.keep !== undefined) await cp(folder, join(values.keep, name), { recursive: true });
}

function onVerdaccio(
  verdaccio: Verdaccio,
  tool: FaultTool,
  fault: FaultCase,
  struck: string,
  programs: ReadonlyMap<ProgramId, Program>,
): Trial {
  const scope = `${tool.id}-${allFaults.indexOf(fault)}-${struck}`;
  return async () =>
    await runFaultTrial(
      {
        registry: "verdaccio",
        tool,
        fault: fault.name,
        struck,
        scope,
        url: verdaccio.url,
        token: verdaccio.token,
        rules: fault.rules(`/@${scope}/${struck}`),
        isLasting: fault.isLasting === true,
        isSilent: fault.isSilent === true,
        config: slipwayConfig(fault),
        speed: 1,
        waitScale: 20,
        settle: () => undefined,
        programs,
      },
      async (folder) => await keepFolder(`verdaccio-${scope}`, folder),
    );
}

function onNpm(tool: FaultTool, item: NpmCase, programs: ReadonlyMap<ProgramId, Program>): Trial {
  return async () => {
    const { profile, seed = 1 } = item;
    const face = await startHttpFace({ profile, seed, speed: npmSpeed });
    try {
      await item.prepare?.(
        face,
        folders.map((letter) => `@demo/${letter}`),
      );
      const struck = "b";
      return await runFaultTrial(
        {
          registry: "npm",
          tool,
          fault: item.name,
          struck,
          scope: "demo",
          url: face.url,
          token: face.token,
          rules: item.rules?.(`/@demo/${struck}`) ?? [],
          isLasting: false,
          isSilent: false,
          config: { limits: npmLimits, wait: "20s" },
          speed: npmSpeed,
          waitScale: npmSpeed,
          settle: () => face.pass(item.pauseMs ?? pauseMs),
          programs,
        },
        async (folder) => await keepFolder(`npm-${tool.id}-${npmCases.indexOf(item)}`, folder),
      );
    } finally {
      await face.close();
    }
  };
}

function describe({ date, versions, verdicts }: FaultFile): string {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    "<!-- fault-bench:start -->",
    `${date.slice(0, 10)}: ${list.join(", ")}. Three packages in a chain, the fault strikes the one in the middle; then the same command again where the`,
    "first run did not end with 0 or the release was not whole, in a clean checkout and with nothing kept of the first run. npm's and pnpm's retries are as many as they come, after shorter waits; the seeds' waits",
    `are divided by 20 on Verdaccio. On the simulated registry ${npmSpeed} s pass in one, the seeds' waits are divided by as much, a tool's own work is not, and 10 min or more pass`,
    "between the runs. False green: 0 was said and the release was not whole, however long one waited. Early green: 0 was said while a version could not be",
    'installed yet, by one look at whichever replica answers, so one that lags counts too. False red: a run ended as failed and the registry had the package that was struck (slipway\'s exit code 3 says "not known yet" and is neither).',
    "Broken closure: seconds of the registry's time, while a run went on, in which a version was shown and one that it depends on was not, looked for ten times a second.",
    "Slipway waits 20 minutes here: of a scan of an hour each run ends with 3 and sends one layer more, so a chain of three wants more than one re-run.",
    "",
    ...renderFaultTables(verdicts),
    "<!-- fault-bench:end -->",
  ].join("\n");
}

async function readKnown(): Promise<FaultFile> {
  if (!existsSync(file)) return { date: new Date().toISOString(), versions: {}, verdicts: [] };
  return fileSchema.parse(JSON.parse(await readFile(file, "utf8")));
}

function jsonOf(results: FaultFile): string {
  return `${JSON.stringify(results, undefined, 2)}\n`;
}

async function writeAll(results: FaultFile): Promise<void> {
  await writeFile(file, jsonOf(results));
  const text = await readFile(page, "utf8");
  const pattern = /<!-- fault-bench:start -->[\s\S]*<!-- fault-bench:end -->/;
  await writeFile(
    page,
    text.replace(pattern, () => describe(results)),
  );
}

async function measure(known: FaultFile): Promise<FaultFile> {
  const tools = faultTools.filter(({ id }) => values.tools === undefined || values.tools.split(",").includes(id));
  const programs = await preparePrograms([...new Set(tools.flatMap((tool) => tool.programs))]);
  const verdaccio = await startVerdaccio();
  const letters = values.packages.split(",");
  const faults = (values["all-faults"] ? allFaults : chosenFaults).filter(({ name }) => picks(values.faults, name));
  const cases = npmCases.filter(({ name }) => picks(values.faults, name));
  const trials = [
    ...(picks(values.registry, "verdaccio") ? faults : []).flatMap((fault) =>
      letters.flatMap((letter) => tools.map((tool) => onVerdaccio(verdaccio, tool, fault, letter, programs))),
    ),
    ...(picks(values.registry, "npm") ? cases : []).flatMap((item) => tools.map((tool) => onNpm(tool, item, programs))),
  ];
  const versions = {
    ...known.versions,
    Node: process.versions.node,
    Verdaccio: verdaccioVersion(),
    ...Object.fromEntries([...programs].map(([id, { version }]) => [id, version])),
  };
  const date = new Date().toISOString();
  let verdicts = known.verdicts;
  const worker = async (): Promise<void> => {
    for (let next = trials.shift(); next !== undefined; next = trials.shift()) {
      const verdict = await next();
      process.stderr.write(`${trials.length} left: ${JSON.stringify(verdict)}\n`);
      verdicts = [...mergeVerdicts(verdicts, [verdict])];
      await writeFile(file, jsonOf({ date, versions, verdicts }));
    }
  };
  try {
    await Promise.all(Array.from({ length: Number(values["at-once"]) }, worker));
  } finally {
    await verdaccio.close();
  }
  return { date, versions, verdicts };
}

const known = await readKnown();
await writeAll(values.render ? known : await measure(known));
