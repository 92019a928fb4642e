/** Sums up a CPU profile of V8: where the time of one process went, by function and by file. Pure. */
import { z } from "zod";

const profileSchema = z.object({
  nodes: z.array(
    z.object({
      id: z.number(),
      callFrame: z.object({
        functionName: z.string(),
        url: z.string(),
        /** From 0. */
        lineNumber: z.number(),
        columnNumber: z.number(),
      }),
      children: z.array(z.number()).optional(),
    }),
  ),
  /** Ids of nodes, one a sample. */
  samples: z.array(z.number()),
  /** Microseconds before each sample. */
  timeDeltas: z.array(z.number()),
});

export type CpuProfile = z.infer<typeof profileSchema>;
export type CallFrame = CpuProfile["nodes"][number]["callFrame"];

/** Where a frame comes from: a path to show, and a line from 1 where it is known. */
export interface Place {
  readonly file: string;
  readonly line: number | undefined;
  /** Of the program that is profiled; not of Node or a dependency. */
  readonly isOwn: boolean;
}

export interface HotPlace {
  readonly what: string;
  /** Time in it alone. */
  readonly selfMs: number;
  /** Time in it and in what it called. */
  readonly totalMs: number;
}

export interface ProfileSummary {
  /** Between the first and the last sample. */
  readonly wallMs: number;
  /** Time in which the main thread waited. */
  readonly idleMs: number;
  /** Time is counted for the innermost function of our own on the stack: what Node does for it is its cost. */
  readonly owners: readonly HotPlace[];
  readonly functions: readonly HotPlace[];
  readonly files: readonly HotPlace[];
}

export function parseProfile(text: string): CpuProfile {
  return profileSchema.parse(JSON.parse(text));
}

/** Files and functions, the greatest self time first. */
export function summarizeProfile(profile: CpuProfile, placeOf: (frame: CallFrame) => Place): ProfileSummary {
  const selfMs = new Map<number, number>();
  for (const [index, id] of profile.samples.entries())
    selfMs.set(id, (selfMs.get(id) ?? 0) + (profile.timeDeltas[index] ?? 0) / 1000);
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const labels = new Map(profile.nodes.map(({ id, callFrame }) => [id, labelsOf(callFrame, placeOf)]));
  const owners = new Map<string, { selfMs: number; totalMs: number }>();
  const functions = new Map<string, { selfMs: number; totalMs: number }>();
  const files = new Map<string, { selfMs: number; totalMs: number }>();
  let idleMs = 0;
  let wallMs = 0;
  for (const [id, ms] of selfMs) {
    wallMs += ms;
    if (labels.get(id)?.name === "(idle)") {
      idleMs += ms;
      continue;
    }
    // Each function on the stack once, however often it calls itself.
    const [seenFunctions, seenFiles, seenOwners] = [new Set<string>(), new Set<string>(), new Set<string>()];
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) {
      const label = labels.get(at);
      if (label === undefined) continue;
      count(functions, seenFunctions, label.what, ms, at === id);
      count(files, seenFiles, label.file, ms, at === id);
      if (label.isOwn) count(owners, seenOwners, label.what, ms, seenOwners.size === 0);
    }
    if (seenOwners.size === 0)
      count(owners, seenOwners, `${labels.get(id)?.what ?? id}, for no function of ours`, ms, true);
  }
  return { wallMs, idleMs, owners: sorted(owners), functions: sorted(functions), files: sorted(files) };
}

function labelsOf(frame: CallFrame, placeOf: (frame: CallFrame) => Place) {
  const name = frame.functionName === "" ? "(anonymous)" : frame.functionName;
  if (frame.url === "") return { name, what: name, file: name.startsWith("(") ? name : "native code", isOwn: false };
  const { file, line, isOwn } = placeOf(frame);
  return { name, what: `${name} ${file}${line === undefined ? "" : `:${line}`}`, file, isOwn };
}

function count(
  sums: Map<string, { selfMs: number; totalMs: number }>,
  seen: Set<string>,
  key: string,
  ms: number,
  isSelf: boolean,
): void {
  if (seen.has(key)) return;
  seen.add(key);
  const sum = sums.get(key) ?? { selfMs: 0, totalMs: 0 };
  sum.totalMs += ms;
  if (isSelf) sum.selfMs += ms;
  sums.set(key, sum);
}

function sorted(sums: ReadonlyMap<string, { selfMs: number; totalMs: number }>): readonly HotPlace[] {
  return [...sums].map(([what, times]) => ({ what, ...times })).sort((a, b) => b.selfMs - a.selfMs);
}
