/**
 * A newcomer's walk: slipway, packed as it would be published, is installed from a Verdaccio into a repository that has never heard of it, and makes
 * its first release there. What the terminal shows stands in docs/guides; the run fails when a page says something else.
 * `npm run walk`, `npm run walk -- --write`. Needs the npm registry, for what slipway depends on, and `npm run build` before.
 */
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cleanEnvironment, createHome, runProcess, startVerdaccio } from "@slipway/testkit";
import { firstRelease, oneLine, type Walk } from "./walks.ts";

const root: string = fileURLToPath(new URL("../../", import.meta.url));
const isWriting = process.argv.includes("--write");

const upstream = execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim();
const verdaccio = await startVerdaccio({ uplink: upstream });
const dir = await mkdtemp(join(tmpdir(), "slipway-walk-"));
const home = await createHome({
  registry: verdaccio.url,
  token: verdaccio.token,
  npmrc: "update-notifier=false\naudit=false\nfund=false\n",
});
// Without what this repository has installed: a newcomer has none of it.
const path = (process.env["PATH"] ?? "").split(delimiter).filter((entry) => !entry.includes("node_modules"));
const env = cleanEnvironment({
  ...home.env,
  PATH: [dirname(process.execPath), ...path].join(delimiter),
  NO_COLOR: "1",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "You",
  GIT_AUTHOR_EMAIL: "you@example.test",
  GIT_COMMITTER_NAME: "You",
  GIT_COMMITTER_EMAIL: "you@example.test",
});

async function run(command: string, cwd: string): Promise<string> {
  const { code, stdout, stderr } = await runProcess("bash", ["-c", `${command} 2>&1`], {
    cwd,
    env,
    timeoutMs: 300_000,
  });
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

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
  for (const name of ["packages/core", "packages/slipway"])
    await run("npm publish --ignore-scripts --provenance=false --access public", join(root, name));
  const results = [];
  for (const item of [firstRelease, oneLine]) {
    results.push(await walk(item));
    process.stdout.write(
      `${item.mark}: ${item.commands.length} commands, ${results.at(-1) === true ? "as documented" : "NOT as documented"}\n`,
    );
  }
  if (results.includes(false)) process.exitCode = 1;
} finally {
  await verdaccio.close();
  await home.remove();
  await rm(dir, { recursive: true, force: true });
}
