/** Help as people read it in a terminal: usage, flags in one column, examples, exit codes. */
import { exitCodeTexts } from "../commands/exit-codes.ts";
import { type FlagUsage, globalFlags } from "../commands/flags.ts";
import { verbs, type VerbUsage } from "../commands/usage.ts";
import { toolVersion } from "../tool-version.ts";
import type { Painter } from "./terminal.ts";
import { textWidth, wrapTo } from "./text-width.ts";

const columnsWithoutTerminal = 120;

type Entry = readonly [term: string, text: string];

/** Terms in one column and their explanations wrapped in another, or below them where there is no room. */
function formatEntries(
  entries: readonly Entry[],
  { columns = columnsWithoutTerminal, paint }: Painter,
  alignedWith: readonly Entry[] = [],
): string {
  const widthMax = Math.floor(columns / 2);
  const widths = [...entries, ...alignedWith].map(([term]) => textWidth(term)).filter((width) => width <= widthMax);
  const width = Math.max(0, ...widths);
  return entries
    .map(([term, text]) => {
      const isBeside = textWidth(term) <= width;
      const at = isBeside ? width + 4 : 6;
      const lines = wrapTo(text, Math.max(20, columns - at)).join(`\n${" ".repeat(at)}`);
      const painted = `  ${paint("busy", term)}`;
      return isBeside
        ? `${painted}${" ".repeat(width - textWidth(term) + 2)}${lines}`
        : `${painted}\n${" ".repeat(at)}${lines}`;
    })
    .join("\n");
}

function section(title: string, body: string): readonly string[] {
  return ["", title, body];
}

function flagEntries(flags: readonly FlagUsage[]): readonly Entry[] {
  return flags.map(({ flags: term, text, isList }) => [
    term,
    isList === true ? `${text}; may be given several times` : text,
  ]);
}

export function formatHelp(usage: VerbUsage, painter: Painter): string {
  const { name, arguments: args, text, flags, examples, exits } = usage;
  const line = ["slipway", name, ...args.map(({ form }) => form), "[flags]"].join(" ");
  const codes = exitCodeTexts.filter(([code]) => exits.includes(code));
  const paragraph = wrapTo(
    `${text.charAt(0).toUpperCase()}${text.slice(1)}.`,
    painter.columns ?? columnsWithoutTerminal,
  );
  return [
    line,
    "",
    ...paragraph,
    ...(args.length === 0
      ? []
      : section(
          "Arguments",
          formatEntries(
            args.map((item) => [item.form, item.text] as const),
            painter,
          ),
        )),
    ...(flags.length === 0
      ? []
      : section("Flags", formatEntries(flagEntries(flags), painter, flagEntries(globalFlags)))),
    ...section("Flags of every verb", formatEntries(flagEntries(globalFlags), painter, flagEntries(flags))),
    ...section(
      "Examples",
      formatEntries(
        examples.map((item) => [item.command, item.text] as const),
        painter,
      ),
    ),
    ...section(
      "Exit codes",
      formatEntries(
        codes.map(([code, meaning]) => [String(code), meaning] as const),
        painter,
      ),
    ),
  ].join("\n");
}

export function formatOverview(painter: Painter): string {
  const width = painter.columns ?? columnsWithoutTerminal;
  return [
    `slipway ${toolVersion}`,
    ...wrapTo("releases the packages of an npm workspace, reads every byte back, and can always be run again", width),
    "",
    "slipway <verb> [flags]",
    ...section(
      "Verbs",
      formatEntries(
        verbs.map((item) => [item.name, item.text] as const),
        painter,
      ),
    ),
    ...section(
      "Flags of every verb",
      formatEntries([...flagEntries(globalFlags), ["--version", "print the version"]], painter),
    ),
    ...section(
      "To begin",
      formatEntries(
        [
          ["slipway plan", "what would be released; sends nothing"],
          ["slipway publish --dry-run", "every write that a release would send; sends nothing"],
          ["slipway publish", "the release; run the same again after any failure"],
          ["slipway help <verb>", "its flags, examples and exit codes"],
        ],
        painter,
      ),
    ),
  ].join("\n");
}
