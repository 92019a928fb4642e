/** The command line: parses arguments, runs one verb, prints what it returns. All printing and exit codes end here. */
import { type Problem, problem, ProblemsError } from "@slipway/core";
import { Command, CommanderError } from "commander";
import { type FlagUsage, globalFlags } from "./commands/flags.ts";
import { verbs, type VerbUsage } from "./commands/usage.ts";
import type { ExitCode, Flags, VerbContext } from "./commands/verb.ts";
import { createRedactor } from "./redact.ts";
import { carryOutVerb, createProcessTerminal, exitCodeOfProblems } from "./run-verb.ts";
import { toolVersion } from "./tool-version.ts";
import { formatProblems } from "./views/problems.ts";
import type { Terminal } from "./views/terminal.ts";

/** Runs one command line. `overrides` replaces parts of what a verb touches; the executable passes none. */
export async function main(argv: readonly string[], overrides: Partial<VerbContext> = {}): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  // The verb that help was asked for, by name; the text is made, and what makes it loaded, only then.
  let helpFor: string | undefined;
  const terminal = overrides.terminal ?? createProcessTerminal(!argv.includes("--no-color"));
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
      exitCode = (await carryOutVerb(usage.name, args, flags, { ...overrides, terminal })).exitCode;
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
  return exitCodeOfProblems(problems);
}

/**
 * A bug of ours, told as one: no stack unless it is asked for, because a stack says nothing to most people. Every write was
 * journalled before it was sent, so what to do next is the same as after a kill.
 */
export function reportBug(
  error: unknown,
  argv: readonly string[],
  terminal: Terminal = createProcessTerminal(!argv.includes("--no-color")),
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
