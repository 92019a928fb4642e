/** Every pair of the reference: before, the rule speaks at the marked line and no other does; after, none does. */
import { expect, test } from "vitest";
import { lintWorkflows } from "../../src/workflow-lint/lint.ts";
import type { Example, Rule } from "../../src/workflow-lint/rule.ts";
import { rules } from "../../src/workflow-lint/rules.ts";
import { frameExample, framePath } from "./frames.ts";

async function lint({ frame, beside, prereleases = [] }: Example, snippet: string, withBeside: boolean) {
  const others = beside === undefined || !withBeside ? [] : [{ path: ".github/workflows/other.yml", text: beside }];
  const text = frameExample(frame, snippet);
  const file = { path: framePath, text };
  const input =
    frame === "gitlab" ? { workflows: [], pipelines: [file] } : { workflows: [file, ...others], prereleases };
  return { text, findings: await lintWorkflows(input) };
}

const table = rules.map((rule): readonly [string, Rule] => [rule.id, rule]);

test.each(table)("%s is reported before, and nothing is after", async (id, { example }) => {
  const before = await lint(example, example.before, true);
  const marked = before.text.split("\n").flatMap((line, index) => (line.includes("# <--") ? [index + 1] : []));
  const here = before.findings.filter(({ place }) => place.path === framePath);
  const told = here
    .filter(({ rule }) => example.alsoFound?.includes(rule) !== true)
    .map(({ rule, place }) => ({ rule, line: place.line }));
  expect(marked.length).toBeGreaterThan(0);
  expect(told).toEqual(marked.map((line) => ({ rule: id, line })));
  const after = await lint(example, example.after, false);
  expect(after.findings).toEqual([]);
});

test("ids are distinct, and texts have the form that the reference and the terminal want", () => {
  expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length);
  for (const { id, title, why, fix } of rules) {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(title, id).not.toMatch(/^[A-Z]|\.$/);
    expect(why, id).toMatch(/^[A-Z`].*\.$/);
    expect(fix, id).not.toMatch(/^[A-Z]|\.$/);
  }
});
