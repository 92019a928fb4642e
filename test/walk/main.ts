/**
 * A newcomer's walk: slipway, packed as it would be published, is installed from a Verdaccio into a repository that has never heard of it, and makes
 * its first release there. What the terminal shows stands in docs/guides; the run fails when a page says something else.
 * `npm run walk`, `npm run walk -- --write`. Needs the npm registry, for what slipway depends on, and `npm run build` before.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { root, startSurroundings } from "./surroundings.ts";
import { firstRelease, oneLine, type Walk } from "./walks.ts";

const isWriting = process.argv.includes("--write");
const { verdaccio, dir, run, close } = await startSurroundings();

/** Times, digests and ports are other ones each time. */
function settle(text: string): string {
  return text
    .replaceAll(verdaccio.url, "https://npm.acme.example")
    .replaceAll(verdaccio.url.replace(/^https?:/, ""), "//npm.acme.example")
    .replaceAll(/sha512-[\w+/=]{8,}…?/g, "sha512-…")
    .replaceAll(/\b\d+(\.\d+)? ?m?s\b/g, "… s")
    .replaceAll(/\d+ files?, [\d.]+ k?B/g, "… files")
    .replaceAll(/sha256:[0-9a-f]{16}/g, "sha256:…")
    .replaceAll(/\b[0-9a-f]{12}\b/g, "0123456789ab")
    .replaceAll(/added \d+ packages?/g, "added … packages")
    .trimEnd();
}

async function walk({ page, mark, prepare, commands }: Walk): Promise<boolean> {
  const cwd = join(dir, mark);
  await mkdir(cwd);
  for (const command of prepare) await run(command, cwd);
  const blocks: string[] = [];
  for (const { command, keep } of commands) {
    const output = settle(await run(command, cwd));
    const lines = output === "" ? [] : output.split("\n").filter((line) => keep === undefined || keep.test(line));
    blocks.push(["```", `$ ${command}`, ...lines, "```"].join("\n"));
  }
  const path = join(root, page);
  const text = await readFile(path, "utf8");
  const pattern = new RegExp(`(<!-- ${mark} -->\\n)[\\s\\S]*?(\\n<!-- end ${mark} -->)`);
  if (!pattern.test(text)) throw new Error(`${page} has no place for ${mark}`);
  const fresh = text.replace(pattern, (_, start: string, end: string) => `${start}\n${blocks.join("\n\n")}\n${end}`);
  if (isWriting) await writeFile(path, fresh);
  else if (fresh !== text) process.stdout.write(`${page} does not show what was run:\n\n${blocks.join("\n\n")}\n`);
  return isWriting || fresh === text;
}

try {
  const results = [];
  for (const item of [firstRelease, oneLine]) {
    results.push(await walk(item));
    process.stdout.write(
      `${item.mark}: ${item.commands.length} commands, ${results.at(-1) === true ? "as documented" : "NOT as documented"}\n`,
    );
  }
  if (results.includes(false)) process.exitCode = 1;
} finally {
  await close();
}
