/** Writes the page with the results: what was measured, with which versions, on what machine, and how to read it. Pure. */
import { competitors } from "./competitors.ts";
import { generatePackages } from "./generate.ts";
import { corpusId, layers, sizes } from "./inputs.ts";
import type { Phase, Results, Sample } from "./results.ts";
import { phaseTitles, scenarios } from "./scenarios.ts";
import { isDone, megabytes, renderSummaries, renderTable, seconds, summarize } from "./table.ts";
import type { Summary } from "./table.ts";
import { judgeTargets } from "./targets.ts";
import { findStages, renderStages } from "./timeline.ts";

const labels: ReadonlyMap<string, string> = new Map(competitors.map(({ id, label }) => [id, label]));
const order = competitors.map(({ id }) => id);
const phases: readonly Phase[] = ["publish", "again"];
/** Fewer are marked in the overview. */
const roundsMin = 3;

export function renderReport(results: Results): string {
  const inputs = inputsOf(results.samples);
  const judged = judgeTargets(results.samples);
  const sections = [
    "# Bench results",
    describeRuns(results),
    renderTable(["", "version"], versionRows(results)),
    ...(judged.length === 0 ? [] : ["## Targets", judged.map((line) => `- ${line}`).join("\n")]),
    ...scenarios.flatMap(({ id, label }) =>
      phases.flatMap((phase) => {
        const table = renderOverview(results.samples, { scenario: id, phase }, inputs);
        return table === undefined ? [] : [`## ${capital(label)}, ${phaseTitles[phase]}: seconds`, table];
      }),
    ),
    ...renderPlans(results.samples, inputs),
    "## How to read this",
    explanation,
    ...inputs.flatMap((input) => renderDetails(results.samples, input)),
    ...renderRequests(results),
  ];
  return `${sections.join("\n\n")}\n`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function inputsOf(samples: readonly Sample[]): readonly string[] {
  const found = new Set(samples.map(({ input }) => input));
  const known = [...sizes, corpusId];
  return [...known.filter((id) => found.has(id)), ...[...found].filter((id) => !known.includes(id))];
}

function titleOf(input: string, samples: readonly Sample[]): string {
  const expected = samples.find((sample) => sample.input === input)?.expected ?? 0;
  return input === corpusId ? `corpus (${expected})` : expected.toLocaleString("en");
}

function describeRuns({ sessions, samples }: Results): string {
  const dates = Object.keys(sessions)
    .map((session) => session.slice(0, 10))
    .toSorted();
  const [first, last] = [dates.at(0) ?? "", dates.at(-1) ?? ""];
  const machines = [
    ...new Set(Object.values(sessions).map(({ cores, memoryGb }) => `${cores} cores and ${memoryGb} GB`)),
  ];
  const commits = [...new Set(Object.values(sessions).map(({ commit }) => commit))];
  const loads = samples.map(({ load }) => load).filter((load) => load !== undefined);
  const load = loads.length === 0 ? "" : ` Load average before a measurement: ${range(loads)}.`;
  return `\`npm run bench:all\` of ${first === last ? first : `${first} to ${last}`} at ${commits.join(", ")}: medians, each competitor in turn. ${machines.join("; ")}, shared with the registry.${load} A measurement that waited for nothing else begins below 2.`;
}

function range(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)}`;
}

function versionRows({ sessions }: Results): readonly (readonly string[])[] {
  const found = new Map<string, Set<string>>();
  for (const { versions } of Object.values(sessions))
    for (const [name, version] of Object.entries(versions))
      found.set(name, (found.get(name) ?? new Set()).add(version));
  return [...found].map(([name, versions]) => [name, [...versions].join(", ")]);
}

function rowsOf(samples: readonly Sample[], input: string, scenario: string, phase: Phase): readonly Summary[] {
  return summarize(
    samples.filter((sample) => sample.input === input && sample.scenario === scenario && sample.phase === phase),
    order,
  );
}

/** A line a competitor, a column an input. Undefined when nothing of it was measured. */
function renderOverview(
  samples: readonly Sample[],
  { scenario, phase }: { readonly scenario: string; readonly phase: Phase },
  inputs: readonly string[],
): string | undefined {
  const columns = inputs.map((input) => rowsOf(samples, input, scenario, phase));
  const rows = order
    .map((id) => [labels.get(id) ?? id, ...columns.map((column) => overviewCell(column, id))])
    .filter(([, ...cells]) => cells.some((cell) => cell !== "–"));
  return rows.length === 0 ? undefined : renderTable(["", ...inputs.map((input) => titleOf(input, samples))], rows);
}

function overviewCell(rows: readonly Summary[], competitor: string): string {
  const row = rows.find((candidate) => candidate.competitor === competitor);
  if (row === undefined) return "–";
  if (!isDone(row)) return `**${row.published} of ${row.expected}**`;
  const ratio = row.floorMs === undefined ? "" : ` (${(row.wallMs / row.floorMs).toFixed(1)} x)`;
  return `${seconds(row.wallMs)}${row.runs < roundsMin ? "*" : ""}${ratio}`;
}

function renderPlans(samples: readonly Sample[], inputs: readonly string[]): readonly string[] {
  const rows = inputs.flatMap((input) =>
    scenarios.flatMap(({ id, label }) =>
      (["plan", "plan-base"] as const).flatMap((phase) =>
        rowsOf(samples, input, id, phase).map((row) => [
          `${titleOf(input, samples)}, ${label}: ${planLabel(row.competitor, phase)}`,
          seconds(row.wallMs),
          `${seconds(row.wallMinMs)} – ${seconds(row.wallMaxMs)}`,
          row.cpuMs === undefined ? "–" : seconds(row.cpuMs),
          megabytes(row.peakBytes),
        ]),
      ),
    ),
  );
  if (rows.length === 0) return [];
  return [
    "## Planning, one package of fifty changed",
    "All are published, and one of fifty (20 of 1,000) has a new version. Cold: Verdaccio has just been started, the home folder is empty.",
    renderTable(["", "wall s", "min – max", "CPU s", "peak MB"], rows),
  ];
}

function planLabel(competitor: string, phase: Phase): string {
  if (competitor !== "slipway") return "each packument read once (the floor)";
  return phase === "plan" ? "slipway plan" : "slipway plan --base HEAD~1";
}

function renderDetails(samples: readonly Sample[], input: string): readonly string[] {
  const title = input === corpusId ? titleOf(input, samples) : `${titleOf(input, samples)} packages`;
  return scenarios.flatMap(({ id, label }) =>
    phases.flatMap((phase) => {
      const rows = rowsOf(samples, input, id, phase);
      if (rows.length === 0) return [];
      return [`### ${capital(title)}, ${label}, ${phaseTitles[phase]}`, renderSummaries(rows, { phase, labels })];
    }),
  );
}

function renderRequests({ requests }: Results): readonly string[] {
  if (requests.length === 0) return [];
  const packages = generatePackages({ packages: 50, layers, seed: 20261121, sizeBytes: 60_000 });
  const layerOf = new Map(packages.map((item) => [item.name, item.layer]));
  return [
    "### Where slipway's time goes with 50 packages behind 80 ms (the last round)",
    renderStages(findStages(requests, layerOf)),
  ];
}

const explanation = `- The workspaces of 10, 50, 200 and 1,000 packages are generated: packages of about 60 KB in 6 layers. The corpus is a family of really published packages ([README](README.md)); nothing of it is built again. Each tool has the workspace as its package manager wants it.
- Each measurement has a fresh Verdaccio in its own process and a home folder of its own; the client runs as a child process, and its start counts. "CPU" and "peak" are those of the client and all that it starts; the registry's have columns of their own. Behind round trips, a proxy adds them to each request, and to the first of each connection once more for its handshake; "300 ms an upload" lets each upload wait that long before the registry sees it.
- **raw uploads** send tarballs that were packed before, 16 at once, and look at nothing else but the answers; **in dependency order** a package is sent when all it depends on has been answered. To do nothing, the floor is one read of each packument, 50 at once. "x" compares with the floor of the same run of the bench.
- **slipway** packs, uploads in dependency order, and reads back each packument and each byte of each tarball before a dependent is sent. Nobody else verifies.
- **libnpmpack and libnpmpublish** are what npm is made of, without its start for each package: 16 at once, in dependency order. **yarn** runs its packages in parallel (\`-p\`), lerna and changesets as they do by themselves, changesets without making git tags. **seed 002** is the loop of a CI job: \`git diff\`, \`jq\`, \`npm view\` and \`npm publish\` for each package in turn; its waits of 5 and 10 s come only after a failure, as there.
- "*": fewer than three rounds, because one takes too long. "–": not run; it would take more than five minutes, or (the loop beyond 50 packages, yarn and the loop with the corpus) it was left out.
- **sent too early** counts dependencies that the registry had not yet answered for when their dependent arrived: until then, whoever installs the dependent gets an error.
- **on the registry** is counted by the bench, by fetching each version's tarball. An exit code other than 0 for "nothing to do" means that the tool takes a finished release for a failure.`;
