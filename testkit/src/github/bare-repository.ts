/** Asks and changes the bare repository behind the fake GitHub, with git itself. */
import { spawnSync } from "node:child_process";

export interface GitAnswer {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

const identity = { name: "GitHub", email: "noreply@github.test" };

export function git(gitDir: string, args: readonly string[], input?: string): GitAnswer {
  const { status, stdout, stderr } = spawnSync("git", ["--git-dir", gitDir, ...args], {
    encoding: "utf8",
    input,
    env: {
      PATH: process.env["PATH"],
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_COMMITTER_NAME: identity.name,
      GIT_COMMITTER_EMAIL: identity.email,
      LC_ALL: "C",
    },
  });
  return { ok: status === 0, stdout: stdout.trim(), stderr: stderr.trim() };
}

/** The object that a ref names and its type; undefined where there is no such ref. */
export function findRef(gitDir: string, ref: string): { readonly sha: string; readonly type: string } | undefined {
  const sha = git(gitDir, ["rev-parse", "--verify", "--quiet", ref]);
  if (!sha.ok) return undefined;
  return { sha: sha.stdout, type: git(gitDir, ["cat-file", "-t", sha.stdout]).stdout };
}

export function isObject(gitDir: string, sha: string): boolean {
  return /^[0-9a-f]{40}$/.test(sha) && git(gitDir, ["cat-file", "-e", sha]).ok;
}

/** Tags by name, each with the commit that it leads to. */
export function readTags(gitDir: string): Readonly<Record<string, string>> {
  const format = "--format=%(refname:strip=2) %(objectname) %(*objectname)";
  const lines = git(gitDir, ["for-each-ref", format, "refs/tags"]).stdout.split("\n").filter(Boolean);
  return Object.fromEntries(
    lines.map((line) => {
      const [name = "", object = "", peeled = ""] = line.split(" ");
      return [name, peeled === "" ? object : peeled];
    }),
  );
}
