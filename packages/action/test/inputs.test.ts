/** The inputs are the flags of the verbs, under their names, and nothing that a command would ignore is taken. */
import { readFileSync } from "node:fs";
import { globalFlags, verbs } from "slipway";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { commands, flagsLeftOut, inputs, readInputs } from "../src/inputs.ts";

interface Metadata {
  readonly inputs: Readonly<Record<string, { readonly description: string }>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly runs: Readonly<Record<string, string>>;
}

const metadata: Metadata = parse(readFileSync(new URL("../../../action.yml", import.meta.url), "utf8"));

/** Read from the usage itself, not by the code under test. */
const flagNames = new Set(
  [
    ...globalFlags,
    ...verbs.filter(({ name }) => commands.some((command) => command === name)).flatMap(({ flags }) => flags),
  ].map(({ flags }) => /^--(?:no-)?([a-z-]+)/.exec(flags)?.[1] ?? ""),
);

test("every flag of a verb that the action runs is an input or left out with a reason, and every input is a flag or the action's own", () => {
  const named = new Set([...Object.keys(metadata.inputs), ...Object.keys(flagsLeftOut)]);
  expect([...flagNames].filter((name) => !named.has(name))).toEqual([]);
  const own = ["command", "github-token"];
  expect(Object.keys(metadata.inputs).filter((name) => !flagNames.has(name))).toEqual(own);
  expect(Object.keys(flagsLeftOut).filter((name) => !flagNames.has(name))).toEqual([]);
});

test("every input of action.yml is told, and its parts are what the build makes", () => {
  expect(Object.keys(metadata.inputs)).toEqual(inputs.map(({ name }) => name));
  for (const { description } of Object.values(metadata.inputs)) expect(description).toMatch(/^[A-Z].*\.$/);
  expect(metadata.runs).toEqual({
    using: "node24",
    main: "packages/action/dist/index.js",
    post: "packages/action/dist/post.js",
  });
});

test("inputs become flags by their camel-case names; empty ones count as not given", () => {
  const env = {
    INPUT_COMMAND: "publish",
    "INPUT_GITHUB-TOKEN": " token ",
    "INPUT_WAIT-TOTAL": "3h",
    INPUT_ONLY: "@a/*\n\n  @b/* \n",
    INPUT_REPAIR: "true",
    "INPUT_IGNORE-SCRIPTS": "false",
    "INPUT_PLAN-DIGEST": "",
  };
  expect(readInputs(env)).toEqual({
    command: "publish",
    githubToken: "token",
    planDigest: undefined,
    flags: { waitTotal: "3h", only: ["@a/*", "@b/*"], repair: true },
  });
});

test.each([
  [{}, 'the input command is ""'],
  [{ INPUT_COMMAND: "demo" }, 'the input command is "demo", not one of plan, pack, publish, verify, tag, status'],
  [{ INPUT_COMMAND: "plan", INPUT_BUILD: "make" }, "the input build has no effect on command: plan"],
  [{ INPUT_COMMAND: "pack", "INPUT_PLAN-DIGEST": "x" }, "the input plan-digest has no effect on command: pack"],
  [{ INPUT_COMMAND: "publish", INPUT_REPAIR: "yes" }, 'the input repair is "yes", not true or false'],
])("%j is refused", (env, message) => {
  expect(() => readInputs(env)).toThrow(message);
});
