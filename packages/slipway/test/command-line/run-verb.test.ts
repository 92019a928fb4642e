/** A verb run by a program: what it found comes back as data, what stopped it as problems, and everything is printed all the same. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type RunVerbOptions, runVerb } from "../../src/run-verb.ts";
import { createTerminal } from "../../src/views/terminal.ts";
import { verbContext } from "./verb-context.ts";

function collecting(cwd: string): { readonly options: RunVerbOptions; readonly said: { out: string; err: string } } {
  const said = { out: "", err: "" };
  const terminal = createTerminal({
    stdout: { write: (text) => (said.out += text) },
    stderr: { write: (text) => (said.err += text) },
    isStdoutColored: false,
    isStderrColored: false,
    live: undefined,
  });
  return { options: { ...verbContext(), cwd, terminal }, said };
}

test("a workspace that is none comes back as a problem with its exit code, and is told on the terminal", async () => {
  const dir = await mkdtemp(join(tmpdir(), "slipway-nothing-"));
  const { options, said } = collecting(dir);
  const outcome = await runVerb("plan", [], {}, options);
  await rm(dir, { recursive: true });
  expect(outcome).toMatchObject({ exitCode: 2, data: undefined, problems: [{ code: "SLIP_WORKSPACE_NOT_FOUND" }] });
  expect(said.err).toContain("error[SLIP_WORKSPACE_NOT_FOUND]");
});

test("a bug is no outcome: it throws", async () => {
  const { options } = collecting(".");
  const clock = {
    now: () => {
      throw new TypeError("no clock");
    },
    sleep: async () => undefined,
  };
  await expect(runVerb("verify", [], {}, { ...options, clock })).rejects.toThrow("no clock");
});
