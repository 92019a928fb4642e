/** `slipway completion <shell>`: a script that makes a shell complete verbs, flags and values, made from the usage data. */
import { fail } from "@slipway/core";
import { findNearest } from "../nearest.ts";
import { type FlagUsage, globalFlags } from "./flags.ts";
import { verbs, type VerbUsage } from "./usage.ts";
import type { Verb } from "./verb.ts";

export interface CompletionData {
  readonly script: string;
}

const scripts: Readonly<Record<string, () => string>> = { bash: bashScript, zsh: zshScript, fish: fishScript };

export const completion: Verb<CompletionData> = {
  async command([shell = ""]) {
    const script = scripts[shell];
    if (script !== undefined) return { script: script() };
    const near = findNearest(shell, Object.keys(scripts));
    return fail(
      "SLIP_USAGE",
      `there is no completion for ${JSON.stringify(shell)}${near === undefined ? "" : `; did you mean ${near}?`}`,
      { hint: `shells are ${Object.keys(scripts).join(", ")}` },
    );
  },
  views: { human: ({ script }) => script, json: (data) => data },
  exitCode: () => 0,
};

interface Option {
  readonly name: string;
  /** Without one the next word is not its value. */
  readonly takes: "nothing" | "a value" | "perhaps a value";
  readonly choices: readonly string[];
  readonly path: "file" | "dir" | undefined;
  readonly text: string;
  readonly isList: boolean;
}

function optionOf({ flags, text, choices = [], path, isList = false }: FlagUsage): Option {
  const [name = "", value = ""] = flags.split(" ");
  const takes = value === "" ? "nothing" : value.startsWith("[") ? "perhaps a value" : "a value";
  return { name, takes, choices, path, text, isList };
}

/** Flags of a verb and those of every verb. */
function optionsOf({ flags }: VerbUsage): readonly Option[] {
  return [...flags, ...globalFlags, { flags: "--help", text: "explain this verb" }].map(optionOf);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** The words that a flag offers at its end: `--json` and `--json=events`, because its value stands behind an equals sign. */
function bashWords(option: Option): readonly string[] {
  return option.takes === "perhaps a value"
    ? [option.name, ...option.choices.map((choice) => `${option.name}=${choice}`)]
    : [option.name];
}

/** Bash splits words at `=`: a value behind one is a word of its own, after a word `=`. */
function bashScript(): string {
  const values = new Map<string, Option>();
  for (const usage of verbs)
    for (const option of optionsOf(usage)) if (option.takes !== "nothing") values.set(option.name, option);
  const valueCases = [...values.values()].map(({ name, choices, path, takes }) => {
    const reply =
      choices.length > 0
        ? `COMPREPLY=($(compgen -W ${quoted(choices.join(" "))} -- "$word"))`
        : path === undefined
          ? "COMPREPLY=()"
          : `COMPREPLY=($(compgen ${path === "dir" ? "-d" : "-f"} -- "$word"))`;
    // A value that may be left out is one only behind an equals sign.
    const condition =
      takes === "perhaps a value" ? `[[ $isAssigned == 1 ]] && { ${reply}; return; }` : `${reply}; return`;
    return `    ${name}) ${condition} ;;`;
  });
  const verbCases = verbs.map((usage) => {
    const words = optionsOf(usage).flatMap(bashWords).join(" ");
    const choices = usage.arguments.flatMap((item) => item.choices ?? []).join(" ");
    const path = usage.arguments.some((item) => item.path === "file") ? "file" : (usage.arguments[0]?.path ?? "");
    return `    ${usage.name}) flags=${quoted(words)}; choices=${quoted(choices)}; path=${quoted(path)} ;;`;
  });
  return `# Completion of slipway for bash. Load it with: eval "$(slipway completion bash)"
_slipway() {
  local word=\${COMP_WORDS[COMP_CWORD]} before= verb= flags= choices= path= isAssigned=0 index
  COMPREPLY=()
  (( COMP_CWORD > 0 )) && before=\${COMP_WORDS[COMP_CWORD-1]}
  if [[ $word == = ]]; then
    word= isAssigned=1
  elif [[ $before == = ]]; then
    before=\${COMP_WORDS[COMP_CWORD-2]} isAssigned=1
  fi
  case $before in
${valueCases.join("\n")}
  esac
  for (( index = 1; index < COMP_CWORD; index++ )); do
    case \${COMP_WORDS[index]} in
      ${verbs.map(({ name }) => name).join("|")}) verb=\${COMP_WORDS[index]}; break ;;
    esac
  done
  case $verb in
    '') flags=${quoted(["--help", "--version", ...globalFlags.map(optionOf).flatMap(bashWords)].join(" "))}
        choices=${quoted(verbs.map(({ name }) => name).join(" "))} ;;
${verbCases.join("\n")}
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
  else
    COMPREPLY=($(compgen -W "$choices" -- "$word"))
    case $path in
      file) COMPREPLY+=($(compgen -f -- "$word")) ;;
      dir) COMPREPLY+=($(compgen -d -- "$word")) ;;
    esac
  fi
}
complete -o filenames -F _slipway slipway
`;
}

/** What \`_arguments\` reads as its own punctuation. */
function zshText(text: string): string {
  return text.replace(/[[\]:\\]/g, String.raw`\$&`);
}

function zshValues(choices: readonly string[], path: "file" | "dir" | undefined): string {
  if (choices.length > 0) return `(${choices.join(" ")})`;
  return path === "dir" ? "_files -/" : path === "file" ? "_files" : " ";
}

function zshOption({ name, takes, choices, path, text, isList }: Option): string {
  const head = `${isList ? "*" : ""}${name}`;
  const shown = `[${zshText(text)}]`;
  const values = zshValues(choices, path);
  if (takes === "nothing") return quoted(`${head}${shown}`);
  return quoted(takes === "a value" ? `${head}=${shown}:value:${values}` : `${head}=-${shown}::value:${values}`);
}

function zshScript(): string {
  const cases = verbs.map((usage) => {
    const positions = usage.arguments.map(({ form, choices = [], path }) => {
      const rest = form.includes("...") ? "*" : form.startsWith("[") ? ":" : "";
      return quoted(
        `${rest === "*" ? "*" : "1"}:${rest === ":" ? ":" : ""}${form.replace(/[^a-z]/g, "")}:${zshValues(choices, path)}`,
      );
    });
    return `      ${usage.name}) _arguments ${[...positions, ...optionsOf(usage).map(zshOption)].join(" ")} ;;`;
  });
  const described = verbs.map(({ name, text }) => quoted(`${name}:${text.replaceAll(":", String.raw`\:`)}`));
  return `#compdef slipway
# Completion of slipway for zsh. Load it with: eval "$(slipway completion zsh)"
_slipway() {
  local curcontext=$curcontext state line
  local -a verbs
  verbs=(${described.join(" ")})
  _arguments -C ${globalFlags.map((flag) => zshOption(optionOf(flag))).join(" ")} '--help[explain slipway]' '--version[print the version]' '1:verb:->verb' '*::argument:->argument'
  case $state in
    verb) _describe -t verbs verb verbs ;;
    argument)
    case $words[1] in
${cases.join("\n")}
    esac ;;
  esac
}
if (( \${+functions[compdef]} )); then compdef _slipway slipway; fi
`;
}

function fishOption({ name, takes, choices, path, text }: Option, condition: string): string {
  const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(" "))}` : path === undefined ? " -x" : " -r -F";
  // A value that may be left out is offered as a word of its own, behind the equals sign.
  const taken = takes === "nothing" || takes === "perhaps a value" ? "" : value;
  const lines = [`complete -c slipway -n ${quoted(condition)} -l ${name.slice(2)}${taken} -d ${quoted(text)}`];
  if (takes === "perhaps a value")
    for (const choice of choices)
      lines.push(
        `complete -c slipway -n ${quoted(`${condition}; and string match -q -- "-*" (commandline -ct)`)} -a ${quoted(`${name}=${choice}`)}`,
      );
  return lines.join("\n");
}

function fishScript(): string {
  const names = verbs.map(({ name }) => name).join(" ");
  const none = `not __fish_seen_subcommand_from ${names}`;
  const lines = verbs.flatMap((usage) => {
    const condition = `__fish_seen_subcommand_from ${usage.name}`;
    return [
      `complete -c slipway -n ${quoted(none)} -a ${usage.name} -d ${quoted(usage.text)}`,
      ...usage.flags.map((flag) => fishOption(optionOf(flag), condition)),
      ...usage.arguments.flatMap(({ choices = [], path }) =>
        path !== undefined
          ? [`complete -c slipway -n ${quoted(condition)} -F`]
          : choices.length > 0
            ? [
                `complete -c slipway -n ${quoted(`${condition}; and not __fish_seen_subcommand_from ${choices.join(" ")}`)} -a ${quoted(choices.join(" "))}`,
              ]
            : [],
      ),
    ];
  });
  return `# Completion of slipway for fish. Load it with: slipway completion fish | source
complete -c slipway -f
${lines.join("\n")}
${globalFlags.map((flag) => fishOption(optionOf(flag), "true")).join("\n")}
complete -c slipway -l help -d 'explain slipway or a verb'
complete -c slipway -n ${quoted(none)} -l version -d 'print the version'
`;
}
