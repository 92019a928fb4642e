/**
 * Runs one verb in this process, for the command line and for programs: the terminal, the signals and everything else that a verb
 * touches are put together here. Must not parse arguments.
 */
import { createInterface } from "node:readline/promises";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { exitCodeOf, fail, type Problem, ProblemsError } from "@slipway/core";
import { loadVerb } from "./commands/load-verb.ts";
import type { PackData } from "./commands/pack.ts";
import type { PlanData } from "./commands/plan.ts";
import type { PublishData } from "./commands/publish.ts";
import type { TagData } from "./commands/tag.ts";
import type { ExitCode, Flags, VerbContext } from "./commands/verb.ts";
import type { VerifyData } from "./commands/verify.ts";
import type { StatusData } from "./workspace-status.ts";
import { liveClock, systemClock } from "./system-clock.ts";
import { formatProblems } from "./views/problems.ts";
import { createTerminal, type Terminal } from "./views/terminal.ts";

/** What each verb returns that programs run. */
export interface VerbData {
  readonly plan: PlanData;
  readonly pack: PackData;
  readonly publish: PublishData;
  readonly verify: VerifyData;
  readonly tag: TagData;
  readonly status: StatusData;
}

export interface VerbOutcome<Data> {
  readonly exitCode: ExitCode;
  /** Undefined where problems stopped the verb before it had any. */
  readonly data: Data | undefined;
  /** Those that stopped it; what went wrong with single packages is in the data. */
  readonly problems: readonly Problem[];
}

export type RunVerbOptions = Partial<VerbContext> & { readonly terminal: Terminal };

/**
 * Runs a verb as the command line does, prints what it says, and returns what it found. Flags bear camel-case names. SIGINT and
 * SIGTERM stop it: the first after the writes in flight, the second at once. Throws for bugs only.
 */
export async function runVerb<Name extends keyof VerbData>(
  name: Name,
  args: readonly string[],
  flags: Flags,
  options: RunVerbOptions,
): Promise<VerbOutcome<VerbData[Name]>> {
  try {
    const { exitCode, data } = await carryOutVerb(name, args, flags, options);
    // The loader and the map of data are of one name.
    return { exitCode, data: data as VerbData[Name], problems: [] };
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    options.terminal.talk(formatProblems(error.problems, options.terminal));
    return { exitCode: exitCodeOfProblems(error.problems), data: undefined, problems: error.problems };
  } finally {
    options.terminal.close();
  }
}

/** A terminal on this process's streams. */
export function createProcessTerminal(isColorWanted: boolean): Terminal {
  const { env, stdout, stderr } = process;
  // A reader that has seen enough (`slipway plan | head`) is no error of ours.
  for (const stream of [stdout, stderr]) stream.off("error", ignoreBrokenPipe).on("error", ignoreBrokenPipe);
  const isWanted = isColorWanted && !env["NO_COLOR"];
  const isForced = Boolean(env["FORCE_COLOR"]);
  return createTerminal({
    stdout,
    stderr,
    isStdoutColored: isWanted && (stdout.isTTY === true || isForced),
    isStderrColored: isWanted && (stderr.isTTY === true || isForced),
    live: stderr.isTTY === true && !env["CI"] && env["TERM"] !== "dumb" ? liveClock : undefined,
  });
}

function ignoreBrokenPipe(error: Error): void {
  if (!("code" in error && error.code === "EPIPE")) throw error;
}

/** The worst of them. */
export function exitCodeOfProblems(problems: readonly Problem[]): ExitCode {
  const exits = problems.map((item) => exitCodeOf(item.code));
  return exits.includes(2) ? 2 : exits.includes(1) ? 1 : 3;
}

/** Runs a verb by its name and prints its view. Throws what stops it. */
export async function carryOutVerb(
  name: string,
  args: readonly string[],
  flags: Flags,
  { terminal, ...overrides }: RunVerbOptions,
): Promise<{ readonly exitCode: ExitCode; readonly data: unknown }> {
  const interrupt = new AbortController();
  const stop = (signal: NodeJS.Signals): void => {
    // The second Ctrl-C is not caught: somebody wants out at once, and the journal is made for that.
    if (interrupt.signal.aborted) {
      terminal.close();
      process.exit(signal === "SIGINT" ? 130 : signal === "SIGHUP" ? 129 : 143);
    }
    terminal.line(
      "warn",
      "Stopping",
      "after the writes in flight",
      "once more to stop at once; run the same command again to go on",
    );
    interrupt.abort();
  };
  process.on("SIGINT", stop).on("SIGTERM", stop).on("SIGHUP", stop);
  try {
    const isJson = flags["json"] !== undefined && flags["json"] !== false;
    const isEvents = flags["json"] === "events";
    assertJsonForm(flags["json"]);
    const cwd = typeof flags["cwd"] === "string" ? await findFolder(flags["cwd"]) : process.cwd();
    const context: VerbContext = {
      cwd,
      env: process.env,
      terminal,
      clock: systemClock,
      signal: interrupt.signal,
      isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true && !process.env["CI"],
      confirm,
      ask: async (question) => {
        const release = terminal.hold();
        try {
          const answer = await ask(question, interrupt.signal);
          // The terminal hands Ctrl-C to the question; it is meant for the run.
          if (answer === "interrupted") stop("SIGINT");
          return answer === "interrupted" ? undefined : answer?.text;
        } finally {
          release();
        }
      },
      onJsonEvent: isEvents ? (event) => terminal.json(event) : undefined,
      ...overrides,
    };
    const verb = await loadVerb(name);
    const data = await verb.command(args, flags, context);
    if (isJson) context.terminal.json(verb.views.json(data), isEvents ? 0 : 2);
    else {
      const text = verb.views.human(data, context.terminal);
      if (text !== "") context.terminal.data(text);
    }
    return { exitCode: verb.exitCode(data), data };
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop).off("SIGHUP", stop);
  }
}

/** `--json [form]` takes the word after it: a folder that stands there would silently be no folder to publish. */
function assertJsonForm(form: Flags[string]): void {
  if (typeof form === "string" && form !== "events")
    fail("SLIP_USAGE", `--json ${JSON.stringify(form)} is no form of JSON: there is --json and --json=events`, {
      hint: "put --json at the end of the command, behind folders and specs",
    });
}

/** A folder that does not exist would be searched for a workspace above it, and the wrong one released. */
async function findFolder(dir: string): Promise<string> {
  const path = resolve(dir);
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true ? path : fail("SLIP_USAGE", `--cwd ${JSON.stringify(dir)} is no folder`);
}

async function confirm(question: string): Promise<boolean> {
  const answer = await ask(`${question} [y/N]`);
  return typeof answer === "object" && /^y(es)?$/i.test(answer.text);
}

/** A person who has gone away must not hold up for ever what else there is to do. */
const answerTimeoutMs = 5 * 60_000;

/** What was typed; undefined when nobody answers in time, the input is closed, or `signal` aborts. */
async function ask(
  question: string,
  signal?: AbortSignal,
): Promise<{ readonly text: string } | "interrupted" | undefined> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const ending = AbortSignal.any([AbortSignal.timeout(answerTimeoutMs), ...(signal === undefined ? [] : [signal])]);
  try {
    const refused = new Promise<"interrupted" | undefined>((resolveAnswer) => {
      reader.once("SIGINT", () => resolveAnswer("interrupted")).once("close", () => resolveAnswer(undefined));
      ending.addEventListener("abort", () => resolveAnswer(undefined), { once: true });
    });
    const typed = reader.question(`${question} `).then((text) => ({ text: text.trim() }));
    return await Promise.race([typed, refused]);
  } finally {
    reader.close();
  }
}
