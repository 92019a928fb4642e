/**
 * The file of measurements: what one run of the bench saw, one sample a measurement, and how the runs of several days
 * become one file. It judges nothing.
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";

import { z } from "zod";

export const phaseSchema = z.enum(["publish", "again", "plan", "plan-base"]);

const sampleSchema = z.object({
  /** When the run of the bench began that this belongs to, as ISO text. */
  session: z.string(),
  /** From 1. */
  round: z.number(),
  /** Load average of one minute just before. */
  load: z.number().optional(),
  /** How many packages were generated, or `corpus`. */
  input: z.string(),
  scenario: z.string(),
  phase: phaseSchema,
  competitor: z.string(),
  wallMs: z.number(),
  /** Of the client and all it started. */
  cpuMs: z.number().optional(),
  peakBytes: z.number().optional(),
  /** Of the registry, in this phase. */
  serverCpuMs: z.number().optional(),
  /** The most that the registry ever held, until the end of this phase. */
  serverPeakBytes: z.number().optional(),
  exitCode: z.number(),
  /** Packages that the registry shows afterwards, of `expected`. */
  published: z.number(),
  expected: z.number(),
  /** Edges whose dependent was uploaded before its dependency was answered. */
  earlyEdges: z.number(),
  /** Writes that the registry saw in this run. */
  writes: z.number(),
});

const requestSchema = z.object({ method: z.string(), url: z.string(), at: z.number(), answeredAt: z.number() });

const resultsSchema = z.object({
  /** Of each run: what was measured on which machine. */
  sessions: z.record(
    z.string(),
    z.object({
      commit: z.string(),
      cores: z.number(),
      memoryGb: z.number(),
      versions: z.record(z.string(), z.string()),
    }),
  ),
  samples: z.array(sampleSchema),
  /** Of the last run of slipway on 50 packages behind round trips. */
  requests: z.array(requestSchema),
});

export type Phase = z.infer<typeof phaseSchema>;
export type Sample = z.infer<typeof sampleSchema>;
export type Results = z.infer<typeof resultsSchema>;

export const noResults: Results = { sessions: {}, samples: [], requests: [] };

export async function readResults(path: string): Promise<Results> {
  return existsSync(path) ? resultsSchema.parse(JSON.parse(await readFile(path, "utf8"))) : noResults;
}

export async function writeResults(path: string, results: Results): Promise<void> {
  const lines = results.samples.map((sample) => JSON.stringify(sample)).join(",\n");
  const requests = results.requests.map((request) => JSON.stringify(request)).join(",\n");
  // A line a sample: two runs can be told apart in a diff.
  const text = `{"sessions": ${JSON.stringify(results.sessions, null, 2)},\n"samples": [\n${lines}\n],\n"requests": [\n${requests}\n]}\n`;
  await writeFile(path, text);
}

function cellOf({ input, scenario, phase, competitor }: Sample): string {
  return [input, scenario, phase, competitor].join(" ");
}

function placeOf({ input, scenario, phase }: Sample): string {
  return [input, scenario, phase].join(" ");
}

/**
 * Of each measurement (input, scenario, phase, competitor) the samples of the newest session remain, whatever the order of
 * the files. The floors remain for every session of which another competitor's samples remain: a time is compared with the
 * floor of the same session.
 */
export function mergeResults(files: readonly Results[], isFloor: (competitor: string) => boolean): Results {
  const all = files.flatMap(({ samples }) => samples);
  const newest = new Map<string, string>();
  for (const sample of all) {
    const cell = cellOf(sample);
    if ((newest.get(cell) ?? "") < sample.session) newest.set(cell, sample.session);
  }
  const isNewest = (sample: Sample): boolean => newest.get(cellOf(sample)) === sample.session;
  const compared = new Set(
    all
      .filter((sample) => isNewest(sample) && !isFloor(sample.competitor))
      .map((sample) => `${placeOf(sample)} ${sample.session}`),
  );
  const kept = all.filter(
    (sample) =>
      isNewest(sample) || (isFloor(sample.competitor) && compared.has(`${placeOf(sample)} ${sample.session}`)),
  );
  const samples = [...new Map(kept.map((sample) => [JSON.stringify(sample), sample])).values()];
  const used = new Set(samples.map(({ session }) => session));
  const sessions = Object.fromEntries(
    files.flatMap((file) => Object.entries(file.sessions)).filter(([session]) => used.has(session)),
  );
  const requests = files.findLast((file) => file.requests.length > 0)?.requests ?? [];
  return { sessions, samples, requests };
}
