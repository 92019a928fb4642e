/**
 * Runs the detection of request 002 beside Slipway: as it was written, and with its path bug mended. It needs jq; where there is none, a
 * stand-in of a few lines answers the three questions that the script asks of it, and no others.
 */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { cleanEnvironment, runProcess } from "@slipway/testkit";

export interface Detected {
  /** `a@1.1.0`, in the order of the folders. */
  readonly specs: readonly string[];
  readonly hasChanges: boolean;
  readonly code: number | null;
}

export interface Detection {
  readonly asWritten: (cwd: string, base: string) => Promise<Detected>;
  /** `packages/a/` and `/package.json` joined to a path that a diff can name. */
  readonly mended: (cwd: string, base: string) => Promise<Detected>;
  readonly remove: () => Promise<void>;
}

/** `-r .field [file]` and `-sc .`; like jq it says nothing about no input. */
const standIn = `const [flags, filter, file] = process.argv.slice(2);
const text = require("node:fs").readFileSync(file ?? 0, "utf8");
if (flags === "-sc" && filter === ".") console.log(JSON.stringify(text.split("\\n").filter(Boolean).map((line) => JSON.parse(line))));
else if (flags !== "-r" || !/^\\.[a-z]+$/.test(filter)) process.exit(3);
else if (text.trim() !== "") console.log(JSON.parse(text)[filter.slice(1)] ?? null);
`;

export async function writeStandIn(dir: string): Promise<string> {
  const path = join(dir, "jq");
  await writeFile(path, `#!${process.execPath}\n${standIn}`);
  await chmod(path, 0o755);
  return path;
}

const broken = 'pkg_json="$pkg_dir/package.json"';

export async function createDetection(): Promise<Detection> {
  const dir = await mkdtemp(join(tmpdir(), "slipway-seed-"));
  const script = await readFile(new URL("./seed-002-detect.sh", import.meta.url), "utf8");
  if (script.split(broken).length !== 2) throw new Error("the script does not have the fault that is to be mended");
  const paths = { asWritten: join(dir, "as-written.sh"), mended: join(dir, "mended.sh") };
  await writeFile(paths.asWritten, script);
  await writeFile(paths.mended, script.replace(broken, 'pkg_json="${pkg_dir}package.json"'));
  const bin = await mkdtemp(join(dir, "bin-"));
  const found = await runProcess("bash", ["-c", "command -v jq"]);
  if (found.code !== 0) await writeStandIn(bin);
  let runs = 0;

  async function detect(path: string, cwd: string, base: string): Promise<Detected> {
    const output = join(dir, `output-${(runs += 1)}`);
    await writeFile(output, "");
    const PATH = `${bin}${delimiter}${process.env["PATH"]}`;
    // GitHub starts a step without a shell of its own with `bash -e`.
    const env = cleanEnvironment({ PATH, EVENT_BASE: base, GITHUB_OUTPUT: output });
    const { code } = await runProcess("bash", ["-e", path], { cwd, env });
    const text = await readFile(output, "utf8");
    const packages: readonly { readonly name: string; readonly version: string }[] = JSON.parse(
      /^packages=(.*)$/m.exec(text)?.[1] ?? "[]",
    );
    const specs = packages.map(({ name, version }) => `${name}@${version}`);
    return { specs, hasChanges: /^has_changes=true$/m.test(text), code };
  }

  return {
    asWritten: (cwd, base) => detect(paths.asWritten, cwd, base),
    mended: (cwd, base) => detect(paths.mended, cwd, base),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
