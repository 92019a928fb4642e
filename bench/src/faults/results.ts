/** bench/faults.json, where verdicts are kept, and the part of docs/reliability.md that is made of it. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { z } from "zod";

import { verdictSchema } from "./judge.ts";
import { renderFaultTables } from "./table.ts";

const file = fileURLToPath(new URL("../../faults.json", import.meta.url));
const page = fileURLToPath(new URL("../../../docs/reliability.md", import.meta.url));

const fileSchema = z.object({
  date: z.string(),
  versions: z.record(z.string(), z.string()),
  verdicts: z.array(verdictSchema),
});
export type FaultResults = z.infer<typeof fileSchema>;

/** Of the registry's time for each of ours, on the simulated registry. */
export const npmSpeed = 60;

export const noFaultResults: FaultResults = { date: "", versions: {}, verdicts: [] };

export async function readFaultResults(): Promise<FaultResults> {
  if (!existsSync(file)) return noFaultResults;
  return fileSchema.parse(JSON.parse(await readFile(file, "utf8")));
}

export async function writeFaultResults(results: FaultResults): Promise<void> {
  const text = JSON.stringify(results, undefined, 2);
  // Lists of exit codes on one line, as the formatter of this repository has them.
  const short = text.replaceAll(/\[[\d,\s]+\]/g, (list) => list.replaceAll(/\s+/g, "").replaceAll(",", ", "));
  await writeFile(file, `${short}\n`);
}

function describe({ date, versions, verdicts }: FaultResults): string {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `<!-- fault-bench:start -->
${date.slice(0, 10)}: ${list.join(", ")}.

Three packages in a chain; the fault strikes the one in the middle, the cap on new packages the last one. Where a run did not end with 0, or the release was not
whole, the same command runs again, once (in "a scan of an hour" up to four times). Every run of every tool has a fresh clone and an empty home: nothing of the run before is there, neither slipway's folder nor a cache.
npm's and pnpm's retries are as many as they come, after shorter waits; the seeds' waits are divided by 20 on Verdaccio. On the simulated registry ${npmSpeed} s pass in one, the seeds' waits are divided by as much,
a tool's own work is not, and 10 min or more pass between the runs. Slipway waits 20 min there.

- False green: 0 was said and the release was not whole, however long one waited. Early green: 0 was said and the registry itself could not give a version yet.
  Both are judged by what the registry holds, past caches and replicas, for all tools: no tool can know which replica answers the next one.
- False red: a run ended as failed and the registry had the package that was struck. Slipway's exit code 3 says "not known yet" and is neither.
- Right: the last run ended with 0, the release is whole, and \`latest\` is where it belongs. Early green does not count against it.
- Sent again: uploads of a version that the registry had taken already. Slipway sends the same bytes once more where the answer to an upload does not tell and the version stays absent
  for \`settleMs\`, here 30 s of the registry's time: the answer to that tells. None of these came in a later run, or after an answer that says the upload was taken.
- Wrong \`latest\`: it did not show the highest version in the end. In "2.0.0 is under latest already" the struck package is released as 1.0.0: what moves \`latest\` back is seen there.
  npm, and what runs it without a tag, refuses: a person has to name one, so those rows do not end by a re-run. Slipway chooses another tag.
- Broken closure: seconds of the registry's time, while a run went on, in which a version was shown and one that it depends on was not, looked for ten times a second.

${renderFaultTables(verdicts).join("\n")}
<!-- fault-bench:end -->`;
}

export async function writeFaultPage(results: FaultResults): Promise<void> {
  const text = await readFile(page, "utf8");
  const pattern = /<!-- fault-bench:start -->[\s\S]*<!-- fault-bench:end -->/;
  await writeFile(
    page,
    text.replace(pattern, () => describe(results)),
  );
}
