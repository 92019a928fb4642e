/** What our linter accepts is a workflow for GitHub's own parser and for actionlint; and what the documents show to be copied is accepted. */
import { expect, test } from "vitest";
import { rules } from "../../packages/slipway/src/workflow-lint/rules.ts";
import { frameExample } from "../../packages/slipway/test/workflow-lint/frames.ts";
import { listFiles, readText } from "../tidy/source-files.ts";
import { checkForm, checkWorkflow } from "./check-workflow.ts";

const pairs = rules.filter(({ example }) => example.frame !== "gitlab");

test.each(pairs.map(({ id, example }) => [id, example] as const))(
  "%s: after is well-formed",
  async (_id, { frame, after }) => {
    expect(await checkForm(".github/workflows/release.yml", frameExample(frame, after))).toEqual([]);
  },
);

/** Blocks of the documents that are whole workflows. The reference of the rules shows what is wrong, and has a test of its own. */
const blocks = listFiles()
  .filter((path) => path.endsWith(".md") && path !== "docs/reference/workflow-rules.md")
  .flatMap((path) =>
    [...readText(path).matchAll(/^```ya?ml\n([\s\S]*?)^```/gm)]
      .map(([, text = ""]) => ({ path, text }))
      .filter(({ text }) => /^on:/m.test(text) && /^jobs:/m.test(text)),
  );

test("there is a workflow to copy in the README", () => {
  expect(blocks.map(({ path }) => path)).toContain("README.md");
});

test.each(blocks)("the workflow in $path can be copied", async ({ text }) => {
  expect(await checkWorkflow(".github/workflows/release.yml", text)).toEqual([]);
});
