/**
 * The inputs of the action: the flags of the verbs that it runs, by their names, and a few of its own. action.yml and its reference are made from
 * this; nothing is decided here that the verbs decide.
 */
import { fail } from "@slipway/core";
import { type FlagUsage, type Flags, globalFlags, verbs } from "slipway";

export const commands = ["plan", "pack", "publish", "verify", "tag", "status"] as const;
export type CommandName = (typeof commands)[number];

export interface InputUsage {
  readonly name: string;
  readonly text: string;
  readonly default?: string;
  /** Commands that it means something to. */
  readonly commands: readonly CommandName[];
  /** How a flag takes it; undefined for inputs that only the action knows. */
  readonly form: "text" | "list" | "switch" | undefined;
}

/** Flags that a workflow has no use for, and why. */
export const flagsLeftOut: Readonly<Record<string, string>> = {
  json: "the outputs are the data",
  color: "there are none in a job's log",
  out: "the action knows where its folder is",
  graph: "a drawing for a terminal",
  yes: "nobody is asked in a job",
  changesets: "it stands in for changesets/action, which does not run beside this action",
  "dry-run": "the plan tells what would be written",
};

const ownInputs: readonly InputUsage[] = [
  {
    name: "command",
    text: `what to do: ${commands.join(", ")}`,
    commands,
    form: undefined,
  },
  {
    name: "github-token",
    text: "token for this repository: reads the artifacts of earlier runs (`actions: read`) and makes releases (`contents: write`)",
    default: "${{ github.token }}",
    commands,
    form: undefined,
  },
];

/** Inputs that choose a release folder too, beside what their flag does. */
const alsoFor: Readonly<Record<string, readonly CommandName[]>> = { "plan-digest": ["verify", "tag"] };

/** Name of a flag as the command line has it, without dashes. */
function nameOf({ flags }: FlagUsage): string {
  return (flags.split(" ")[0] ?? "").slice(2).replace(/^no-/, "");
}

function formOf({ flags, isList }: FlagUsage): InputUsage["form"] {
  return isList === true ? "list" : flags.includes("<") ? "text" : "switch";
}

/** All inputs: first the action's own, then the flags in the order in which the verbs name them. */
export const inputs: readonly InputUsage[] = [...ownInputs, ...flagInputs()];

function flagInputs(): readonly InputUsage[] {
  const found = new Map<string, InputUsage>();
  for (const command of commands) {
    const verb = verbs.find(({ name }) => name === command);
    if (verb === undefined) throw new Error(`there is no verb ${command}`);
    for (const flag of [...globalFlags, ...verb.flags]) {
      const name = nameOf(flag);
      if (Object.hasOwn(flagsLeftOut, name)) continue;
      const before = found.get(name);
      found.set(name, {
        name,
        text: flag.text,
        form: formOf(flag),
        commands: [...new Set([...(before?.commands ?? alsoFor[name] ?? []), command])],
      });
    }
  }
  return [...found.values()];
}

export interface Inputs {
  readonly command: CommandName;
  readonly githubToken: string | undefined;
  readonly planDigest: string | undefined;
  /** What the verb is given, by camel-case name. */
  readonly flags: Flags;
}

/** As a runner names it: `INPUT_PLAN-DIGEST`. Empty is as if it had not been given. */
function read(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`]?.trim();
  return value === "" ? undefined : value;
}

/** Throws SLIP_USAGE for an unknown command, a value of the wrong form, and an input that the command would ignore. */
export function readInputs(env: NodeJS.ProcessEnv): Inputs {
  const asked = read(env, "command");
  const command = commands.find((name) => name === asked);
  if (command === undefined)
    return fail("SLIP_USAGE", `the input command is ${JSON.stringify(asked ?? "")}, not one of ${commands.join(", ")}`);
  const flags: Record<string, string | boolean | readonly string[]> = {};
  for (const usage of inputs) {
    const value = read(env, usage.name);
    if (value === undefined || usage.form === undefined) continue;
    if (!usage.commands.includes(command))
      fail("SLIP_USAGE", `the input ${usage.name} has no effect on command: ${command}`, {
        hint: `it belongs to ${usage.commands.join(", ")}`,
      });
    const key = usage.name.replace(/-[a-z]/g, ([, letter = ""]) => letter.toUpperCase());
    const parsed = parse(usage, value);
    if (parsed !== false) flags[key] = parsed;
  }
  const { planDigest, ...rest } = flags;
  return {
    command,
    githubToken: read(env, "github-token"),
    planDigest: typeof planDigest === "string" ? planDigest : undefined,
    flags: rest,
  };
}

function parse({ name, form }: InputUsage, value: string): string | boolean | readonly string[] {
  if (form === "list")
    return value
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== "");
  if (form === "text") return value;
  if (/^(true|false)$/i.test(value)) return value.toLowerCase() === "true";
  return fail("SLIP_USAGE", `the input ${name} is ${JSON.stringify(value)}, not true or false`);
}
