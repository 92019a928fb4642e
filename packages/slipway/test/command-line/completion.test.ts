/** Completion scripts are run by the shells that are here: bash always, fish and zsh where they are installed. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { completion } from "../../src/commands/completion.ts";
import { globalFlags } from "../../src/commands/flags.ts";
import { verbs } from "../../src/commands/usage.ts";
import { verbContext } from "./verb-context.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-completion-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function writeScript(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

async function scriptFor(shell: string): Promise<string> {
  return (await completion.command([shell], {}, verbContext())).script;
}

/** Words that bash offers after these; the last is the one under the cursor. */
async function completeInBash(...words: readonly string[]): Promise<readonly string[]> {
  const ask = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _slipway; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const output = execFileSync("bash", ["-c", `${await scriptFor("bash")}\n${ask}`, "bash", ...words], {
    encoding: "utf8",
    cwd: import.meta.dirname,
  });
  return output.split("\n").filter((line) => line !== "");
}

test.each([
  { line: ["slipway", ""], offers: verbs.map(({ name }) => name) },
  { line: ["slipway", "pl"], offers: ["plan"] },
  { line: ["slipway", "--json", "ver"], offers: ["verify"] },
  { line: ["slipway", "publish", "--dr"], offers: ["--dry-run"] },
  { line: ["slipway", "publish", "--identity", ""], offers: ["source", "files", "bytes"] },
  { line: ["slipway", "publish", "--identity", "=", "f"], offers: ["files"] },
  { line: ["slipway", "plan", "--graph", "="], offers: ["text", "mermaid"] },
  { line: ["slipway", "status", "--json", ""], offers: [] },
  { line: ["slipway", "plan", "--tag", "next", "--acc"], offers: ["--access", "--accept"] },
  { line: ["slipway", "completion", ""], offers: ["bash", "zsh", "fish"] },
  { line: ["slipway", "help", "sta"], offers: ["status"] },
  { line: ["slipway", "pack", "completion.t"], offers: ["completion.test.ts"] },
  { line: ["slipway", "verify", "completion.t"], offers: [] },
  { line: ["slipway", "status", "--dry"], offers: [] },
])("bash completes `$line` with $offers", async ({ line, offers }) => {
  expect([...(await completeInBash(...line))].sort()).toEqual([...offers].sort());
});

test("every flag of every verb is offered", async () => {
  for (const usage of verbs) {
    const offered = await completeInBash("slipway", usage.name, "--");
    for (const { flags } of [...usage.flags, ...globalFlags])
      expect(offered, usage.name).toContain(flags.split(" ")[0]);
  }
});

function askFish(line: string): string {
  return `\necho ==; complete -C ${JSON.stringify(line)}`;
}

const shells = ["bash", "zsh", "fish"].filter(
  (shell) => spawnSync(shell, ["-c", "true"], { stdio: "ignore" }).status === 0,
);

test.each(shells)("%s reads its script without a complaint", async (shell) => {
  const path = await writeScript(`check.${shell}`, await scriptFor(shell));
  const { status, stderr } = spawnSync(shell, ["-n", path], { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});

test.each(shells.filter((shell) => shell === "fish"))("%s completes verbs and values", async (shell) => {
  const lines = ["slipway pub", "slipway publish --identity ", "slipway completion "];
  const path = await writeScript(`ask.${shell}`, `${await scriptFor(shell)}${lines.map(askFish).join("")}`);
  const { stdout } = spawnSync(shell, ["--no-config", path], { encoding: "utf8" });
  const offered = stdout.split("==\n").map((part) => part.split("\n").flatMap((line) => line.split("\t")[0] || []));
  expect(offered.slice(1)).toEqual([["publish"], ["bytes", "files", "source"], ["bash", "fish", "zsh"]]);
});

test("a shell that there is no script for is refused, with the one that was meant", async () => {
  await expect(completion.command(["bahs"], {}, verbContext())).rejects.toThrow(/"bahs"; did you mean bash\?/);
});
