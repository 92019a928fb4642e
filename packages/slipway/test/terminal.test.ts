/* oxlint-disable no-control-regex -- control characters are what these tests are about */
import { expect, test } from "vitest";
import { createTerminal, type Terminal } from "../src/views/terminal.ts";
import { formatProblem } from "../src/views/problems.ts";

interface Recorded {
  readonly terminal: Terminal;
  readonly out: () => string;
  readonly err: () => string;
}

function record(isStdoutColored: boolean, isStderrColored: boolean, isLive = false): Recorded {
  const written = { out: "", err: "" };
  const terminal = createTerminal({
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text), columns: 40 },
    isStdoutColored,
    isStderrColored,
    isLive,
  });
  return { terminal, out: () => written.out, err: () => written.err };
}

test("each stream has its own colours: one may be a file", () => {
  const { terminal, out, err } = record(false, true);
  const text = terminal.paint("good", "Done");
  terminal.data(text);
  terminal.talk(text);
  expect(out()).toBe("Done\n");
  expect(err()).toBe("\u001b[32mDone\u001b[0m\n");
});

const hostile = "a\u001b[2J\u001b]0;title\u0007b\u009bc\rd\u202ee\u0000f";

test.each(["line", "talk", "data"] as const)("no text can act on the terminal through %s", (method) => {
  const { terminal, out, err } = record(true, true);
  if (method === "line") terminal.line("busy", "Uploading", hostile, `${hostile}\nforged line`);
  else terminal[method](hostile);
  const text = out() + err();
  expect(text.replaceAll(/\u001b\[(\d+)m/g, "")).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  expect(text.split("\n").length).toBe(2);
});

test("a problem keeps its colours and loses what it was told to do", () => {
  const { terminal, err } = record(true, true);
  terminal.talk(
    formatProblem({ code: "SLIP_USAGE", message: `bad ${hostile}`, hint: "see help", details: [hostile] }, terminal),
  );
  expect(err()).toContain("\u001b[31merror[SLIP_USAGE]\u001b[0m: bad a[2J");
  expect(err()).not.toContain("\u001b[2J");
});

test("forged marks are gone where there is no colour", () => {
  const { terminal, out } = record(false, false);
  terminal.data("a\ue010b\ue01fc");
  expect(out()).toBe("abc\n");
});

test("JSON is written to the letter", () => {
  const { terminal, out } = record(true, true);
  terminal.json({ text: hostile, mark: "\ue010" });
  expect(JSON.parse(out())).toEqual({ text: hostile, mark: "\ue010" });
});

test("the live line is one line, no longer than the terminal, and is cleared before anything else", () => {
  const { terminal, err } = record(false, false, true);
  terminal.live(() => `${"x".repeat(60)}\n${hostile}`);
  expect(err()).toBe("x".repeat(39));
  terminal.line("good", "Published", "a@1.0.0");
  expect(err()).toContain("\r\u001b[2K   Published  a@1.0.0\n");
});

test("without a terminal the live line is not even made", () => {
  const { terminal, err } = record(false, false);
  terminal.live(() => {
    throw new Error("made");
  });
  expect(err()).toBe("");
});
