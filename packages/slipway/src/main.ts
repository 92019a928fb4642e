/** The command line: parses arguments, runs one verb, prints what it returns. All printing and exit codes end here. */
import { createInterface } from "node:readline/promises";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { exitCodeOf, fail, type Problem, problem, ProblemsError } from "@slipway/core";
import { Command, CommanderError } from "commander";
import { type FlagUsage, globalFlags } from "./commands/flags.ts";
import { loadVerb } from "./commands/load-verb.ts";
import { verbs, type VerbUsage } from "./commands/usage.ts";
import type { ExitCode, Flags, VerbContext } from "./commands/verb.ts";
import { createRedactor } from "./redact.ts";
import { liveClock, systemClock } from "./system-clock.ts";
import { toolVersion } from "./tool-version.ts";
import { formatProblems } from "./views/problems.ts";
import { createTerminal, type Terminal } from "./views/terminal.ts";

/** Runs one command line. `overrides` replaces parts of what a verb touches; the executable passes none. */
export async function main(argv: readonly string[], overrides: Partial<VerbContext> = {}): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  // The verb that help was asked for, by name; the text is made, and what makes it loaded, only then.
  let helpFor: string | undefined;
  const terminal = overrides.terminal ?? createTerminalFor(argv);
  const program = new Command("slipway")
    .version(toolVersion)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .configureHelp({ formatHelp: (command) => ((helpFor = command.name()), "") })
    .helpCommand(false)
    .showSuggestionAfterError();
  addFlags(program, globalFlags);
  for (const usage of verbs)
    addVerb(program, usage, async (args, flags) => {
      exitCode = await runVerb(usage, args, flags, terminal, overrides);
    });
  try {
    if (argv.length === 0) {
      await printHelp(undefined, terminal);
      return 2;
    }
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.code === "commander.helpDisplayed") await printHelp(helpFor, terminal);
      return reportUsage(error, argv, terminal);
    }
    if (error instanceof ProblemsError) return reportProblems(error.problems, argv, terminal);
    return reportBug(error, argv, terminal, overrides.env);
  } finally {
    terminal.close();
  }
}

async function printHelp(name: string | undefined, terminal: Terminal): Promise<void> {
  const { findHelp, help } = await import("./commands/help.ts");
  terminal.data(help.views.human(findHelp(name), terminal));
}

function createTerminalFor(argv: readonly string[]): Terminal {
  const { env, stdout, stderr } = process;
  // A reader that has seen enough (`slipway plan | head`) is no error of ours.
  for (const stream of [stdout, stderr]) stream.off("error", ignoreBrokenPipe).on("error", ignoreBrokenPipe);
  const isWanted = !argv.includes("--no-color") && !env["NO_COLOR"];
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

function addFlags(command: Command, flags: readonly FlagUsage[]): void {
  for (const flag of flags) {
    if (flag.isList === true)
      command.option(flag.flags, flag.text, (value: string, all: string[] = []) => [...all, value]);
    else command.option(flag.flags, flag.text);
  }
}

function addVerb(
  program: Command,
  usage: VerbUsage,
  run: (args: readonly string[], flags: Flags) => Promise<void>,
): void {
  const command = program
    .command(usage.name)
    .description(usage.text)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  for (const argument of usage.arguments) command.argument(argument.form, argument.text);
  addFlags(command, usage.flags);
  addFlags(command, globalFlags);
  command.action(async () => {
    const flags: Flags = { ...program.opts<Flags>(), ...onlyGiven(command) };
    await run(command.args, flags);
  });
}

/** Options of a verb, without defaults that would hide what stands before the verb (`slipway --json plan`). */
function onlyGiven(command: Command): Flags {
  const options: Flags = command.opts();
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => command.getOptionValueSource(name) !== "default"),
  );
}

async function runVerb(
  usage: VerbUsage,
  args: readonly string[],
  flags: Flags,
  terminal: Terminal,
  overrides: Partial<VerbContext>,
): Promise<ExitCode> {
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
    const verb = await loadVerb(usage.name);
    const data = await verb.command(args, flags, context);
    if (isJson) context.terminal.json(verb.views.json(data), isEvents ? 0 : 2);
    else {
      const text = verb.views.human(data, context.terminal);
      if (text !== "") context.terminal.data(text);
    }
    return verb.exitCode(data);
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

function reportUsage(error: CommanderError, argv: readonly string[], terminal: Terminal): ExitCode {
  // Help and version were already printed to stdout by commander.
  if (error.exitCode === 0) return 0;
  if (error.code === "commander.help") {
    const message = "no command is given, unless a flag took it as its value";
    return reportProblems(
      [problem("SLIP_USAGE", message, { hint: "put the command before its flags" })],
      argv,
      terminal,
    );
  }
  const message = error.message.replace(/^error: /, "").replace(/\n/g, " ");
  const verb = verbs.find(({ name }) => argv.includes(name));
  const extras = verb === undefined ? {} : { hint: `see \`slipway help ${verb.name}\`` };
  return reportProblems([problem("SLIP_USAGE", message, extras)], argv, terminal);
}

function reportProblems(problems: readonly Problem[], argv: readonly string[], terminal: Terminal): ExitCode {
  if (argv.some((item) => item === "--json" || item.startsWith("--json=")))
    terminal.json(
      { problems: problems.map(({ cause: _cause, ...rest }) => rest) },
      argv.includes("--json=events") ? 0 : 2,
    );
  terminal.talk(formatProblems(problems, terminal));
  const exits = problems.map((item) => exitCodeOf(item.code));
  return exits.includes(2) ? 2 : exits.includes(1) ? 1 : 3;
}

/**
 * A bug of ours, told as one: no stack unless it is asked for, because a stack says nothing to most people. Every write was
 * journalled before it was sent, so what to do next is the same as after a kill.
 */
export function reportBug(
  error: unknown,
  argv: readonly string[],
  terminal: Terminal = createTerminalFor(argv),
  env: VerbContext["env"] = process.env,
): ExitCode {
  const redact = createRedactor([]).text;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const isTraced = Boolean(env["SLIPWAY_DEBUG"]);
  const stack = isTraced && error instanceof Error ? (error.stack ?? "").split("\n").slice(1) : [];
  const found = problem("SLIP_BUG", `slipway ${toolVersion} has a bug: ${redact(message).replace(/\s*\n\s*/g, " ")}`, {
    details: [
      `${argv.slice(0, 1).join(" ")} on Node ${process.version}, ${process.platform} ${process.arch}`,
      ...stack.map((line) => redact(line.trim())),
    ],
    ...(isTraced ? { hint: "report it with the lines above; running the same command again is safe" } : {}),
    cause: error,
  });
  return reportProblems([found], argv, terminal);
}
