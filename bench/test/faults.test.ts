import { allAfter, httpRequest, integrityOf, npmProfile, startHttpFace } from "@slipway/testkit";
import type { HttpFace } from "@slipway/testkit";
import { expect, test } from "vitest";

import { npmCases } from "../src/faults/cases.ts";
import { isClosureBroken, isFalseRed, judgeRuns, mergeVerdicts } from "../src/faults/judge.ts";
import type { RunSeen, Verdict } from "../src/faults/judge.ts";
import { parseFaultOptions } from "../src/faults/options.ts";
import { renderFaultTables, wordOf } from "../src/faults/table.ts";
import { folders } from "../src/faults/tools.ts";
import { truthOfFace } from "../src/faults/truth.ts";
import { UsageError } from "../src/options.ts";

const whole: RunSeen = { code: 0, isWholeAtEnd: true, isWhole: true, hasStruck: true };

test.each([
  { what: "0 of a whole release", run: whole, tool: "npm", falseGreen: false, earlyGreen: false, falseRed: false },
  {
    what: "0 of a release that is whole later",
    run: { ...whole, isWholeAtEnd: false },
    tool: "npm",
    falseGreen: false,
    earlyGreen: true,
    falseRed: false,
  },
  {
    what: "0 of a release that lacks a version",
    run: { code: 0, isWholeAtEnd: false, isWhole: false, hasStruck: false },
    tool: "npm",
    falseGreen: true,
    earlyGreen: false,
    falseRed: false,
  },
  {
    what: "1 of a package that is there",
    run: { code: 1, isWholeAtEnd: false, isWhole: false, hasStruck: true },
    tool: "npm",
    falseGreen: false,
    earlyGreen: false,
    falseRed: true,
  },
  {
    what: "1 of a package that is not there",
    run: { code: 1, isWholeAtEnd: false, isWhole: false, hasStruck: false },
    tool: "npm",
    falseGreen: false,
    earlyGreen: false,
    falseRed: false,
  },
])("a run that says $what is judged", ({ run, tool, falseGreen, earlyGreen, falseRed }) => {
  expect(judgeRuns(tool, [run])).toMatchObject({ falseGreen, earlyGreen, falseRed, falseRedAgain: false });
});

test("exit code 3 is neither green nor red, of slipway only", () => {
  const run = { ...whole, code: 3 };
  expect([isFalseRed("slipway", run), isFalseRed("npm", run)]).toEqual([false, true]);
  expect(isFalseRed("slipway", { ...whole, code: 1 })).toBe(true);
});

test("a trial converges by its last run", () => {
  const failed: RunSeen = { code: 1, isWholeAtEnd: false, isWhole: false, hasStruck: false };
  expect(judgeRuns("npm", [failed, whole])).toMatchObject({ converges: true, codes: [1, 0] });
  expect(judgeRuns("npm", [failed, { ...whole, code: 1 }])).toMatchObject({ converges: false, falseRedAgain: true });
});

test("the cap on new packages strikes the first package that it refuses, so that failing there is no false red", () => {
  const found = npmCases.find(({ profile }) => profile.caps.newPackages !== undefined);
  expect(found?.struck).toBe(folders[found?.profile.caps.newPackages?.max ?? 0]);
});

test("a closure is broken where something shown needs what is not", () => {
  const dependencies = new Map([["b", ["a"]]]);
  expect(isClosureBroken(new Set(["b"]), dependencies)).toBe(true);
  expect(isClosureBroken(new Set(["a"]), dependencies)).toBe(false);
  expect(isClosureBroken(new Set(["a", "b"]), dependencies)).toBe(false);
});

const verdict: Verdict = {
  registry: "verdaccio",
  tool: "npm",
  fault: "503",
  struck: "b",
  ...judgeRuns("npm", [whole]),
  wrongLatest: false,
  sentAgain: 0,
  differentBytes: false,
  brokenSeconds: 2,
};

test("a newer verdict of the same trial replaces the older one, and others stay", () => {
  const other = { ...verdict, tool: "slipway" };
  const newer = { ...verdict, brokenSeconds: 3 };
  expect(mergeVerdicts([verdict, other], [newer])).toEqual([newer, other]);
});

test("the tables have a row a tool and a fault, and the worst word of each trial", () => {
  const back: Verdict = { ...verdict, tool: "pnpm", wrongLatest: true };
  const bad: Verdict = { ...verdict, fault: "reset", codes: [1, 1], falseRed: true, converges: false, sentAgain: 1 };
  const text = renderFaultTables([verdict, bad, back]).join("\n");
  expect(text).toContain("| npm publish --workspaces | 2 | 1 | 1 | 2 | 0 | 0 | 1 | 0 | 1 | 0 | 4 | 0 |");
  expect(text).toContain("| pnpm -r publish | 1 | 0 | 0 | 1 | 0 | 0 | 0 | 0 | 0 | 1 | 2 | 0 |");
  expect(text).toContain("| 503 | ok | `latest` moved back |\n| reset | false red, re-run does not end it | not run |");
});

test.each([
  { change: {}, word: "ok" },
  { change: { codes: [3, 0] }, word: "re-run ends it" },
  { change: { codes: [3, 3, 3, 0] }, word: "run 4 ends it" },
  { change: { codes: [1, 1, 1], converges: false }, word: "3 runs do not end it" },
  { change: { earlyGreen: true }, word: "early green" },
  { change: { falseGreen: true, falseRed: true, codes: [0, 0] }, word: "false green, re-run ends it" },
  { change: { wrongLatest: true, earlyGreen: true }, word: "`latest` moved back" },
])("a trial is called $word", ({ change, word }) => {
  expect(wordOf({ ...verdict, ...change })).toBe(word);
});

test("without options every tool meets the chosen faults on both registries", () => {
  const options = parseFaultOptions([]);
  expect(options).toMatchObject({ packages: ["b"], atOnce: 2, limitMs: 900_000, isWhole: true, renderOnly: false });
  expect(options.tools).toHaveLength(8);
  expect(options.npmCases).toEqual(npmCases);
  expect(options.verdaccioCases.some(({ hasHigher }) => hasHigher === true)).toBe(true);
});

test("options narrow what is tried, and what was measured before is then kept", () => {
  const options = parseFaultOptions(["--tools", "npm,slipway", "--registry", "npm", "--faults", "scan, cap"]);
  expect(options.tools.map(({ id }) => id)).toEqual(["slipway", "npm"]);
  expect(options).toMatchObject({ verdaccioCases: [], isWhole: false });
  expect(options.npmCases.map(({ name }) => name)).toEqual([
    "each version is scanned for 2 min",
    "429 by the cap on new packages",
    "a scan of an hour",
  ]);
});

test.each([
  ["--tools", "npm,yarn"],
  ["--tools", ""],
  ["--registry", "pypi"],
  ["--packages", "d"],
  ["--faults", "no such fault"],
  ["--at-once", "0"],
  ["--limit", "soon"],
  ["--colour"],
])("%s %s is a usage error", (...args) => {
  expect(() => parseFaultOptions(args)).toThrow(UsageError);
});

async function publish({ url, token }: HttpFace, name: string): Promise<void> {
  const bytes = Buffer.from("a tarball");
  const file = `${name}-1.0.0.tgz`;
  const dist = { integrity: integrityOf(bytes), tarball: `${url}/${name}/-/${file}` };
  const body = {
    name,
    "dist-tags": { latest: "1.0.0" },
    versions: { "1.0.0": { name, version: "1.0.0", dist } },
    _attachments: { [file]: { data: bytes.toString("base64"), length: bytes.length } },
    access: "public",
  };
  const headers = { authorization: `Bearer ${token}` };
  const path = name.replace("/", "%2f");
  const { status, text } = await httpRequest(`${url}/${path}`, { method: "PUT", headers, body });
  expect(status, text).toBe(202);
}

test("the truth about a version goes past replicas and caches", async () => {
  const replicaLagsMs = [15_000];
  const face = await startHttpFace({ profile: { ...npmProfile, visibility: allAfter(60_000), replicaLagsMs } });
  try {
    const truth = truthOfFace(face);
    const look = async () => [await truth.hasTaken("@demo/a"), await truth.isShown("@demo/a")];
    expect(await look()).toEqual([false, false]);
    await publish(face, "@demo/a");
    expect(await look()).toEqual([true, false]);
    face.pass(60_000);
    expect(await look()).toEqual([true, true]);
    expect(await truth.read("@demo/a")).toEqual({ latest: "1.0.0", isInstallable: true });
    expect((await httpRequest(`${face.url}/@demo/a/-/a-1.0.0.tgz`)).status).toBe(404);
  } finally {
    await face.close();
  }
});
