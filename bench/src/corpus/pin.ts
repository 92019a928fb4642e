/**
 * `npm run corpus:pin -- babel [name…]`: makes or renews a pinned list of bench/corpus from the newest versions of the
 * named packages (default: those of the list as it is), with npm's own resolution. Downloads no tarball.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { listPath } from "./corpus.ts";
import { formatPins, parsePins, pinsOfLock } from "./pins.ts";

const run = promisify(execFile);

async function namesOf(family: string): Promise<readonly string[]> {
  return parsePins(await readFile(listPath(family), "utf8"), family).packages.map(({ name }) => name);
}

async function main([family, ...given]: readonly string[]): Promise<void> {
  if (family === undefined) throw new RangeError("usage: npm run corpus:pin -- <family> [name…]");
  const names = given.length > 0 ? given : await namesOf(family);
  const folder = await mkdtemp(join(tmpdir(), "slipway-pin-"));
  try {
    await writeFile(join(folder, "package.json"), JSON.stringify({ name: "pin", version: "1.0.0", private: true }));
    // --force: families exist whose members ask for peers of different majors.
    const args = ["install", "--package-lock-only", "--ignore-scripts", "--save-exact", "--no-audit", "--force"];
    await run("npm", [...args, ...names.map((name) => (name.lastIndexOf("@") > 0 ? name : `${name}@latest`))], {
      cwd: folder,
      maxBuffer: 64 * 1024 * 1024,
    });
    const lock: unknown = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8"));
    const pins = pinsOfLock(lock, family, new Date().toISOString().slice(0, 10));
    await writeFile(listPath(family), formatPins(pins));
    process.stdout.write(`${pins.packages.length} packages, ${pins.externals.length} externals\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main(process.argv.slice(2));
