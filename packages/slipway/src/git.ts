/**
 * What git says about the workspace: where it comes from, what changed, which versions are tagged. Reads only, with few
 * processes, whose arguments are lists: no shell sees a name, a path or a revision.
 */
import { spawn } from "node:child_process";
import { type BaseManifest, fail, isJsonObject, ProblemsError, problem, type Source } from "@slipway/core";
import { mapAtOnce } from "./map-at-once.ts";

export interface GitOutput {
  readonly code: number;
  /** Ended because it took too long. */
  readonly isLate: boolean;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Options before the verb: bytes of paths unquoted, and nothing that configuration could make git run. */
const safeOptions = ["-c", "core.quotepath=off", "-c", "core.fsmonitor=false", "--no-optional-locks"];

/** What says how git finds its configuration, reaches a remote and names whoever makes a tag; nothing of which repository it speaks. */
const keptVariables = /^GIT_(CONFIG_|CEILING_|DISCOVERY_|SSH|SSL_|ASKPASS$|PROXY_|HTTP_|COMMITTER_(NAME|EMAIL)$)/;

/**
 * The environment without GIT_DIR and its like, which would make git speak of another repository (hooks set them), and
 * with messages that no locale translates.
 */
function gitEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([key]) => !key.startsWith("GIT_") || keptVariables.test(key));
  return { ...Object.fromEntries(kept), LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0" };
}

interface GitRun {
  /** Further variables of the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** After this git is ended, for what asks over a network; the exit code is then 1. */
  readonly timeoutMs?: number;
}

/** Runs git in `cwd`. Any exit code is an answer; a missing git throws SLIP_GIT_FAILED. */
export function runGit(cwd: string, args: readonly string[], input?: string, run: GitRun = {}): Promise<GitOutput> {
  return new Promise((resolve, reject) => {
    const child = spawn("git", [...safeOptions, ...args], {
      cwd,
      env: { ...gitEnvironment(), ...run.env },
      stdio: ["pipe", "pipe", "pipe"],
      ...(run.timeoutMs === undefined ? {} : { timeout: run.timeoutMs }),
      windowsHide: true,
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", (error) => {
      const message = `git could not be run in ${cwd}`;
      reject(new ProblemsError([problem("SLIP_GIT_FAILED", message, { hint: "install git", cause: error })]));
    });
    child.on("close", (code) =>
      resolve({
        code: code ?? 1,
        isLate: child.killed,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString("utf8").trim(),
      }),
    );
    // What git has started for the remote (git-remote-https) outlives it and holds on to its output: that would never close.
    child.on("exit", (_code, signal) => {
      if (signal === null) return;
      child.stdout.destroy();
      child.stderr.destroy();
    });
    // git may close its input before all of it is written; what it then says is in its exit code.
    child.stdin.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") reject(error);
    });
    child.stdin.end(input ?? "");
  });
}

/** Runs git and returns its standard output; an exit code other than 0 throws SLIP_GIT_FAILED with git's own words. */
async function readGit(cwd: string, args: readonly string[], input?: string): Promise<Buffer> {
  return outputOf(cwd, args, await runGit(cwd, args, input));
}

function outputOf(cwd: string, args: readonly string[], output: GitOutput): Buffer {
  if (output.code === 0) return output.stdout;
  const line = output.stderr.split("\n")[0] ?? "";
  return fail("SLIP_GIT_FAILED", `git ${args[0]} ended with ${output.code}: ${line}`, {
    details: [`git ${args.join(" ")}`, `in ${cwd}`],
  });
}

/** Splits output of `-z`; the text after the last NUL is dropped. */
function splitNul(output: Buffer): readonly string[] {
  const parts = output.toString("utf8").split("\0");
  parts.pop();
  return parts;
}

/**
 * The URL of a remote without credentials and without the differences that mean nothing: `git@host:a/b.git`,
 * `ssh://git@host/a/b` and `https://user:token@host/a/b.git` are one repository.
 */
export function normaliseRemote(url: string): string {
  const scp = /^(?:[^@/\s]+@)?([^:/\s]{2,}):(?!\/\/)(.+)$/.exec(url);
  const text = scp === null ? url : `ssh://${scp[1]}/${scp[2]}`;
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed === undefined || !hostProtocols.has(parsed.protocol))
    return url.replace(/\/\/[^/@]*@/, "//").replace(/\.git\/?$/, "");
  const path = parsed.pathname.replace(/\/+$/, "").replace(/\.git$/, "");
  const port = parsed.protocol.startsWith("http") && parsed.port !== "" ? `:${parsed.port}` : "";
  return `https://${parsed.hostname}${port}${path}`;
}

const hostProtocols: ReadonlySet<string> = new Set([
  "http:",
  "https:",
  "ssh:",
  "git:",
  "git+ssh:",
  "git+https:",
  "git+http:",
]);

/** True when `root` is inside a work tree of git; false where there is no git to ask. */
export async function isRepository(root: string): Promise<boolean> {
  try {
    return isInside(root, await runGit(root, insideArguments));
  } catch (error) {
    if (isGitMissing(error)) return false;
    throw error;
  }
}

const insideArguments = ["rev-parse", "--is-inside-work-tree"];

function isInside(root: string, output: GitOutput): boolean {
  if (output.code === 0) return output.stdout.toString("utf8").trim() === "true";
  if (/not a git repository/i.test(output.stderr)) return false;
  return fail("SLIP_GIT_FAILED", `git cannot say whether ${root} is a repository: ${output.stderr.split("\n")[0]}`);
}

function isGitMissing(error: unknown): boolean {
  const cause = error instanceof ProblemsError ? error.problems[0]?.cause : undefined;
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

const outsideGit: Source = { repository: undefined, commit: undefined, isClean: false };

/** Repository, commit and cleanness of the workspace; all undefined and not clean outside git, or without git. */
export async function readSource(root: string): Promise<Source> {
  try {
    return await readSourceOfGit(root);
  } catch (error) {
    if (isGitMissing(error)) return outsideGit;
    throw error;
  }
}

async function readSourceOfGit(root: string): Promise<Source> {
  // The release folder is Slipway's own and says nothing about the source.
  const paths = ["--", ":/", ":(top,exclude,glob)**/.slipway/**"];
  // Starting a process keeps this one busy for 5 ms, so status also says which commit is checked out.
  const [remote, status] = await Promise.all([
    runGit(root, ["config", "--get", "remote.origin.url"]),
    runGit(root, [
      "status",
      "--porcelain=v2",
      "--branch",
      "--no-ahead-behind",
      "-z",
      "--untracked-files=normal",
      ...paths,
    ]),
  ]);
  // Only a failure leaves open whether this is no repository, or one without a work tree, or something else.
  if (status.code !== 0 && !isInside(root, await runGit(root, insideArguments))) return outsideGit;
  const lines = splitNul(outputOf(root, ["status"], status));
  const head = lines.find((line) => line.startsWith(commitHeader))?.slice(commitHeader.length);
  const commit = head === undefined || !/^[0-9a-f]{40,64}$/.test(head) ? undefined : head;
  const url = remote.stdout.toString("utf8").trim();
  return {
    repository: remote.code === 0 && url !== "" ? normaliseRemote(url) : undefined,
    commit,
    isClean: commit !== undefined && lines.every((line) => line.startsWith("# ")),
  };
}

/** Line of `git status --porcelain=v2 --branch` that names the commit, or says `(initial)`. */
const commitHeader = "# branch.oid ";

export async function isShallow(root: string): Promise<boolean> {
  return (await readGit(root, ["rev-parse", "--is-shallow-repository"])).toString("utf8").trim() === "true";
}

interface BatchObject {
  readonly type: string;
  readonly content: Buffer;
}

/** Reads objects with one `cat-file --batch`, in the order asked for; undefined for one that is missing. */
async function readObjects(root: string, ids: readonly string[]): Promise<readonly (BatchObject | undefined)[]> {
  if (ids.length === 0) return [];
  const output = await readGit(root, ["cat-file", "--batch"], `${ids.join("\n")}\n`);
  const objects: (BatchObject | undefined)[] = [];
  let offset = 0;
  for (const id of ids) {
    const end = output.indexOf(10, offset);
    if (end === -1) return fail("SLIP_GIT_FAILED", `git cat-file stopped before ${id}`);
    const [, type = "missing", size = "0"] = output.toString("utf8", offset, end).split(" ");
    offset = end + 1;
    if (type === "missing" || type === "ambiguous") objects.push(undefined);
    else {
      const length = Number(size);
      objects.push({ type, content: output.subarray(offset, offset + length) });
      offset += length + 1;
    }
  }
  return objects;
}

/** Contents of the file at `path`, relative to `root`, in each of these commits that has it. */
export async function readFileAt(
  root: string,
  commits: readonly string[],
  path: string,
): Promise<ReadonlyMap<string, string>> {
  const names = commits.map((commit) => `${commit}:./${path}`);
  const objects = await readObjects(root, names);
  return new Map(
    commits.flatMap((commit, index) => {
      const object = objects[index];
      return object?.type === "blob" ? [[commit, object.content.toString("utf8")] as const] : [];
    }),
  );
}

/**
 * The manifests below `root` as they stood at commit `rev`. Object ids come from one `ls-tree`, contents from one
 * `cat-file`; a manifest equal to the one on disk now is read all the same, because it may have been edited since.
 */
export async function readManifestsAt(root: string, rev: string): Promise<readonly BaseManifest[]> {
  // --full-name is left out: ls-tree in a folder speaks of that folder, with paths relative to it.
  const tree = await readGit(root, ["ls-tree", "-r", "-z", rev]);
  const ids: string[] = [];
  for (const line of splitNul(tree)) {
    const tab = line.indexOf("\t");
    const path = line.slice(tab + 1);
    const [mode = "", type = "", id = ""] = line.slice(0, tab).split(" ");
    const isManifest = path === "package.json" || path.endsWith("/package.json");
    if (isManifest && type === "blob" && mode !== "120000" && !/(^|\/)node_modules\//.test(path)) ids.push(id);
  }
  const objects = await readObjects(root, ids);
  return objects.flatMap((object) => {
    const manifest = object === undefined ? undefined : parseLoosely(object.content.toString("utf8"));
    if (!isJsonObject(manifest) || typeof manifest["name"] !== "string") return [];
    const version = typeof manifest["version"] === "string" ? manifest["version"] : undefined;
    return [{ name: manifest["name"], version, isPrivate: Boolean(manifest["private"]) }];
  });
}

/** A manifest that was broken at the base had no version there; that is a fact, not a fault. */
function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** All git tags of the form `name@version`. */
export async function readReleaseTags(root: string): Promise<ReadonlySet<string>> {
  const output = await readGit(root, ["for-each-ref", "--format=%(refname:strip=2)", "refs/tags"]);
  const names = output.toString("utf8").split("\n");
  return new Set(names.filter((name) => name.indexOf("@", 1) > 0));
}

/**
 * Which of these commits belong to this repository. In a shallow clone a commit that is missing may only have been cut
 * off: it is left out of the answer.
 */
export async function areCommitsHere(root: string, commits: readonly string[]): Promise<ReadonlyMap<string, boolean>> {
  const asked = [...new Set(commits)].filter((commit) => /^[0-9a-f]{40,64}$/.test(commit));
  const here = new Map<string, boolean>();
  if (asked.length === 0) return here;
  const output = await readGit(root, ["cat-file", "--batch-check=%(objecttype)"], `${asked.join("\n")}\n`);
  const lines = output.toString("utf8").split("\n");
  const missing = asked.filter((commit, index) => {
    const isCommit = lines[index] === "commit";
    if (isCommit) here.set(commit, true);
    return !isCommit;
  });
  if (missing.length > 0 && !(await isShallow(root))) for (const commit of missing) here.set(commit, false);
  return here;
}

/** When these commits were made, in milliseconds; those that are missing are left out. */
export async function readCommitTimes(root: string, commits: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const asked = [...new Set(commits)];
  const objects = await readObjects(root, asked);
  return new Map(
    asked.flatMap((commit, index) => {
      const [, seconds] = /^committer .*> (\d+) /m.exec(objects[index]?.content.toString("utf8") ?? "") ?? [];
      return seconds === undefined ? [] : [[commit, Number(seconds) * 1000] as const];
    }),
  );
}

/** Which of these commits, all of them here, come after `head`. One process, and none where there is nothing to ask. */
export async function findLaterCommits(
  root: string,
  head: string,
  commits: readonly string[],
): Promise<ReadonlySet<string>> {
  const asked = [...new Set(commits)].filter((commit) => commit !== head && /^[0-9a-f]{40,64}$/.test(commit));
  if (asked.length === 0) return new Set();
  const input = [...asked, `^${head}`].map((line) => `${line}\n`).join("");
  const output = await readGit(root, ["rev-list", "--ancestry-path", "--stdin"], input);
  const after = new Set(output.toString("utf8").split("\n"));
  return new Set(asked.filter((commit) => after.has(commit)));
}

/** Packages to compare, each since the commit its shown version was made from. */
export interface ChangeQuestion {
  readonly name: string;
  readonly dir: string;
  readonly since: string;
}

/** Commits that are compared at most: beyond them the warning is not worth its processes. */
const comparisonsMax = 64;

/**
 * Files that differ between a commit and the work tree, by package. One `git diff` for each distinct commit; a file
 * belongs to the innermost of `dirs` that holds it.
 */
export async function readChangedFiles(
  root: string,
  questions: readonly ChangeQuestion[],
  dirs: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const changed = new Map<string, readonly string[]>();
  const known = new Set(dirs);
  const groups = [...Map.groupBy(questions, (question) => question.since)].slice(0, comparisonsMax);
  const outputs = await mapAtOnce(groups, 4, ([since]) =>
    readGit(root, ["diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--relative", since, "--"]),
  );
  for (const [index, [, asked]] of groups.entries()) {
    const byDir = Map.groupBy(splitNul(outputs[index] ?? Buffer.alloc(0)), (path) => innermost(path, known));
    for (const { name, dir } of asked) {
      const files = byDir.get(dir);
      if (files !== undefined) changed.set(name, files);
    }
  }
  return changed;
}

function innermost(path: string, dirs: ReadonlySet<string>): string {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    const dir = path.slice(0, end);
    if (dirs.has(dir)) return dir;
  }
  return ".";
}
