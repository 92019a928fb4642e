/* oxlint-disable no-control-regex -- control characters are what these tests are about */
import { expect, test } from "vitest";
import { createTerminal, type Terminal } from "../src/views/terminal.ts";
import { formatProblem } from "../src/views/problems.ts";

interface Recorded {
  readonly terminal: Terminal;
  readonly out: () => string;
  readonly err: () => string;
  readonly resize: (columns: number) => void;
}

/** A clock that stands still until it is told to go on, and then calls what waits for it. */
function createLiveClock() {
  let now = 0;
  const ticks = new Set<() => void>();
  return {
    now: () => now,
    every(_ms: number, tick: () => void) {
      ticks.add(tick);
      return () => ticks.delete(tick);
    },
    pass(ms: number) {
      now += ms;
      for (const tick of ticks) tick();
    },
    ticking: () => ticks.size,
  };
}

type LiveTestClock = ReturnType<typeof createLiveClock>;

function record(isStdoutColored: boolean, isStderrColored: boolean, live?: LiveTestClock, columns = 40): Recorded {
  const written = { out: "", err: "" };
  const stderr = { write: (text: string) => (written.err += text), columns };
  const terminal = createTerminal({
    stdout: { write: (text) => (written.out += text) },
    stderr,
    isStdoutColored,
    isStderrColored,
    live,
  });
  const resize = (to: number): void => {
    stderr.columns = to;
  };
  return { terminal, out: () => written.out, err: () => written.err, resize };
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
  const { terminal, out, err } = record(true, true, undefined, 200);
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

test("the live line is one line, with room for ^C behind it, and is cleared before anything else", () => {
  const { terminal, err } = record(false, false, createLiveClock());
  terminal.live(() => ({ verb: "Publishing", text: `${"x".repeat(60)}\n${hostile}` }));
  expect(err()).toBe(`  Publishing  ${"x".repeat(22)}…`);
  terminal.line("good", "Published", "a@1.0.0");
  expect(err()).toContain("\r\u001b[2K   Published  a@1.0.0\n");
});

test("wide characters and emoji count as two columns, and are not cut in half", () => {
  const { terminal, err } = record(false, false, createLiveClock(), 26);
  terminal.live(() => ({ verb: "Publishing", text: "読み込み👩‍👩‍👧 e\u0301 done" }));
  // 14 columns of verb and gap, four wide signs, and the mark of the cut: 23 of 26, of which three stay free.
  expect(err()).toBe("  Publishing  読み込み…");
});

test("a thousand changes in one frame draw the line once, and time alone redraws it", () => {
  const clock = createLiveClock();
  const { terminal, err } = record(false, false, clock);
  let made = 0;
  for (let index = 0; index < 1000; index++)
    terminal.live(() => ({ verb: "Publishing", text: `${index} of 1000, drawn ${++made}` }));
  expect(err()).toBe("  Publishing  0 of 1000, drawn 1");
  clock.pass(100);
  expect(err()).toBe("  Publishing  0 of 1000, drawn 1\r\u001b[2K  Publishing  999 of 1000, drawn 2");
});

test.each(["live", "close"] as const)("the live line is gone after %s, and its timer too", (method) => {
  const clock = createLiveClock();
  const { terminal, err } = record(false, false, clock);
  terminal.live(() => ({ verb: "Packing", text: "1 of 2" }));
  if (method === "live") terminal.live(undefined);
  else terminal.close();
  expect(err().endsWith("\r\u001b[2K")).toBe(true);
  expect(clock.ticking()).toBe(0);
});

test("after it was closed the live line does not come back", () => {
  const { terminal, err } = record(false, false, createLiveClock());
  terminal.close();
  terminal.live(() => ({ verb: "Packing", text: "1 of 2" }));
  expect(err()).toBe("");
});

test("the live line follows the size of the terminal, and removes what a narrower one has broken", () => {
  const clock = createLiveClock();
  const { terminal, err, resize } = record(false, false, clock);
  terminal.live(() => ({ verb: "Publishing", text: "x".repeat(60) }));
  resize(20);
  const before = err().length;
  clock.pass(100);
  expect(err().slice(before)).toBe("\r\u001b[1A\u001b[J  Publishing  xx…");
});

test("data on the other stream takes the live line away and brings it back", () => {
  const { terminal, out, err } = record(false, false, createLiveClock());
  terminal.live(() => ({ verb: "Packing", text: "1 of 2" }));
  terminal.json({ a: 1 });
  expect(out()).toBe('{"a":1}\n');
  expect(err()).toBe("     Packing  1 of 2\r\u001b[2K     Packing  1 of 2");
});

test("without a terminal the live line is not even made", () => {
  const { terminal, err } = record(false, false);
  terminal.live(() => {
    throw new Error("made");
  });
  expect(err()).toBe("");
});

test("a note that does not fit beside stands below, and nothing is wider than the terminal", () => {
  const { terminal, err } = record(false, false, undefined, 60);
  terminal.line("good", "Packed", "@scope/quite-a-long-name@1.0.0-beta.1", "12 files, 20.4 kB  sha512-abcdefgh…");
  expect(err()).toBe(
    "      Packed  @scope/quite-a-long-name@1.0.0-beta.1\n                12 files, 20.4 kB  sha512-abcdefgh…\n",
  );
  for (const line of err().split("\n")) expect(line.length).toBeLessThanOrEqual(60);
});

test("a long note wraps under its column where there is one", () => {
  const { terminal, err } = record(false, false, undefined, 100);
  terminal.line("warn", "Answered", "a@1.0.0", "503, looking again: it may have been stored by one of the servers");
  expect(err()).toBe(
    `    Answered  ${"a@1.0.0".padEnd(34)}  503, looking again: it may have been stored by one\n${" ".repeat(50)}of the servers\n`,
  );
});
