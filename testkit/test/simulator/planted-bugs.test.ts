/** A rule that no bug can break is not a rule: each planted bug has to be caught by the oracle's rule for it. */
import { readFile, writeFile } from "node:fs/promises";
import { defaultLimits } from "@slipway/core";
import { expect, test } from "vitest";
import { exhaust } from "../../src/simulator/exhaust.ts";
import type { Tampering } from "../../src/simulator/machine.ts";
import type { Judged, Violation } from "../../src/simulator/oracle-view.ts";
import { checks, judgeHistory } from "../../src/simulator/oracle.ts";
import { releaseBySeed } from "../../src/simulator/random-release.ts";
import { releaseByChoice, releaseIntoTheVoid } from "../../src/simulator/scenario.ts";
import { chainAndOne, makeSource } from "../../src/simulator/workspaces.ts";
import { elsewhere, plantedBeside, plantedBugs, toTable } from "./planted-bugs.ts";

const code = makeSource(chainAndOne);
const seedsMax = 1_500;

/** Releases in which a bug may show: every single fault, a registry that shows nothing, then seeds. */
async function findViolation(tamper: Tampering, rules: readonly string[]): Promise<Violation | undefined> {
  let found: Violation | undefined;
  const look = async (release: () => Promise<Judged>): Promise<void> => {
    if (found !== undefined) return;
    let judged: Judged;
    try {
      judged = await release();
    } catch (error) {
      // A planted bug may end in a bug: that is not the oracle's doing, and the hunt goes on.
      if (error instanceof Error) return;
      throw error;
    }
    found = judgeHistory(judged).find(({ rule }) => rules.includes(rule));
  };
  await exhaust((choose) => look(() => releaseByChoice({ limits: defaultLimits, code, choose, tamper })), {
    budget: 1,
  });
  await look(() => releaseIntoTheVoid(defaultLimits, code, tamper));
  for (let seed = 1; seed <= seedsMax; seed += 1) await look(() => releaseBySeed({ seed, tamper }));
  return found;
}

test.each(plantedBugs)("$breaks: it is caught when $bug", { timeout: 300_000 }, async ({ caughtBy, tamper }) => {
  const violation = await findViolation(tamper, caughtBy);
  expect(violation?.message).toBeTypeOf("string");
});

test("a release without a planted bug breaks no rule", async () => {
  const releases = [
    await releaseIntoTheVoid(defaultLimits, code),
    await releaseByChoice({ limits: defaultLimits, code, choose: () => 0 }),
  ];
  expect(releases.flatMap(judgeHistory)).toEqual([]);
  expect(releases[0]?.history.runs.map(({ exitCode }) => exitCode)).toEqual([3, 3]);
});

test("each rule of the oracle is the one that catches some planted bug", () => {
  const catching = new Set(plantedBugs.flatMap(({ caughtBy }) => caughtBy));
  const idle = [...new Set(checks.map(({ id }) => id))].filter(
    (id) => !catching.has(id) && elsewhere[id] === undefined,
  );
  expect(idle).toEqual([]);
});

test.each(plantedBeside)("$breaks: the tests plant that $bug", async ({ breaks, caughtBy }) => {
  for (const file of caughtBy)
    expect((await readFile(new URL(`../../../${file}`, import.meta.url), "utf8")).toLowerCase()).toContain(
      `planted bug of ${breaks}:`.toLowerCase(),
    );
});

const marked = /(?<=<!-- planted-bugs:start -->\n)[\s\S]*?(?=<!-- planted-bugs:end -->)/;

/** `SLIPWAY_WRITE_DOCS=1 npx vitest run testkit/test/simulator/planted-bugs.test.ts` brings the page up to date. */
test("the table in docs/reliability.md lists the planted bugs as they are", async () => {
  const path = new URL("../../../docs/reliability.md", import.meta.url);
  const page = await readFile(path, "utf8");
  if (process.env["SLIPWAY_WRITE_DOCS"] === "1")
    await writeFile(
      path,
      page.replace(marked, () => toTable()),
    );
  const [table] = marked.exec(await readFile(path, "utf8")) ?? [];
  expect(table, "run this test with SLIPWAY_WRITE_DOCS=1 to write the table").toBe(toTable());
});
