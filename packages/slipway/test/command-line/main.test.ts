/** What the command line itself answers: help, usage, and bugs of its own. */
import { expect, test } from "vitest";
import type { VerbContext } from "../../src/commands/verb.ts";
import { main } from "../../src/main.ts";
import { toolVersion } from "../../src/tool-version.ts";
import { createTerminal } from "../../src/views/terminal.ts";
import { verbContext } from "./verb-context.ts";

interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(argv: readonly string[], changes: Partial<VerbContext> = {}): Promise<Said> {
  const said = { out: "", err: "" };
  const terminal = createTerminal({
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
    isStdoutColored: false,
    isStderrColored: false,
    live: undefined,
  });
  const code = await main(argv, { ...verbContext(), ...changes, terminal });
  return { code, ...said };
}

test.each([
  { argv: ["help", "plan"] },
  { argv: ["plan", "--help"] },
  { argv: ["plan", "-h"] },
  { argv: ["--no-color", "plan", "--help"] },
])("$argv explains plan", async ({ argv }) => {
  const { code, out, err } = await run(argv);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain("slipway plan [plan] [flags]\n\nDecide what has to be released");
});

test.each([
  { argv: ["--help"], exit: 0 },
  { argv: ["help"], exit: 0 },
  { argv: [], exit: 2 },
])("$argv explains all verbs", async ({ argv, exit }) => {
  const { code, out, err } = await run(argv);
  expect({ code, err }).toEqual({ code: exit, err: "" });
  expect(out).toMatch(/^ {2}publish {5}make the registry show/m);
});

test.each([
  { argv: ["pubilsh"], says: /unknown command 'pubilsh' \(Did you mean publish\?\)/ },
  { argv: ["publish", "--dry-rnu"], says: /unknown option '--dry-rnu' \(Did you mean --dry-run\?\)/ },
  { argv: ["publish", "--dry-rnu"], says: /hint: see `slipway help publish`/ },
])("$argv is refused: $says", async ({ argv, says }) => {
  const { code, out, err } = await run(argv);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toMatch(says);
});

function brokenClock(): never {
  throw new TypeError("the clock is undefined\nat npm_abcdefghijklmnopqrstuvwxyz0123456789");
}

const broken = { clock: { now: brokenClock, sleep: brokenClock } };

test("a bug is told as one: no stack, no secret, the version, and what to do", async () => {
  const { code, out, err } = await run(["verify", "a@1.0.0"], broken);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain(
    `error[SLIP_BUG]: slipway ${toolVersion} has a bug: TypeError: the clock is undefined at npm_***\n`,
  );
  expect(err).toContain("run the same command again to go on, with SLIPWAY_DEBUG=1");
  expect(err).not.toMatch(/^\s+at /m);
});

test("a bug says where it happened when it is asked to", async () => {
  const { err } = await run(["verify", "a@1.0.0"], { ...broken, env: { SLIPWAY_DEBUG: "1" } });
  expect(err).toMatch(/^ {2}at .*brokenClock.*main\.test\.ts/m);
});

test("a bug is JSON for machines", async () => {
  const { code, out } = await run(["verify", "a@1.0.0", "--json"], broken);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ problems: [{ code: "SLIP_BUG" }] });
});
