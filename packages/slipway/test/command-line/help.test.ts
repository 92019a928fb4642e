/** Help says of every verb what it takes, and shows how; no line of it is wider than the terminal. */
import { expect, test } from "vitest";
import { help } from "../../src/commands/help.ts";
import { globalFlags } from "../../src/commands/flags.ts";
import { loadVerb } from "../../src/commands/load-verb.ts";
import { verbs } from "../../src/commands/usage.ts";
import { createTerminal } from "../../src/views/terminal.ts";
import { verbContext } from "./verb-context.ts";

/** The terms of help, in the order that they are explained. */
async function helpFor(name: string | undefined, columns?: number): Promise<string> {
  const written: string[] = [];
  const stdout = { write: (text: string) => written.push(text), ...(columns === undefined ? {} : { columns }) };
  const options = { stdout, stderr: stdout, isStdoutColored: false, isStderrColored: false, live: undefined };
  const terminal = createTerminal(options);
  const data = await help.command(name === undefined ? [] : [name], {}, verbContext());
  terminal.data(help.views.human(data, terminal));
  return written.join("");
}

test.each(verbs)("help $name has its flags, its examples and its exit codes", async (usage) => {
  const text = await helpFor(usage.name);
  for (const { flags } of [...usage.flags, ...globalFlags]) expect(text).toContain(`  ${flags} `);
  for (const { command } of usage.examples) expect(text).toContain(command);
  for (const code of usage.exits) expect(text).toMatch(new RegExp(`^  ${code}  \\S`, "m"));
  expect(await loadVerb(usage.name)).toHaveProperty("command");
});

test.each([undefined, ...verbs.map(({ name }) => name)])("help %s fits a narrow terminal", async (name) => {
  const long = (await helpFor(name, 60)).split("\n").filter((line) => line.length > 60);
  // A command to paste stays in one piece.
  expect(long.filter((line) => !/^ {2}(slipway|eval) /.test(line))).toEqual([]);
});

test("help of a verb that there is none of names the one that was meant", async () => {
  await expect(helpFor("verfy")).rejects.toThrow(/"verfy"; did you mean verify\?/);
});
