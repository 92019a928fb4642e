/** Temporary folders and git repositories for tests, apart from the machine's own git configuration. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Problem, ProblemsError } from "@slipway/core";

export interface Scratch {
  readonly root: string;
  /** Writes files; objects become JSON. */
  write(files: Readonly<Record<string, string | Buffer | object>>): void;
  /** Runs git and returns what it printed, trimmed. */
  git(...args: readonly string[]): string;
  /** Adds everything, commits, and returns the commit. */
  commit(message?: string): string;
  remove(): void;
}

/** Identity and configuration come from here alone, so that a developer's own settings decide nothing. */
const gitEnvironment: Readonly<Record<string, string>> = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_SYSTEM: "/dev/null",
  GIT_AUTHOR_NAME: "Test",
  GIT_AUTHOR_EMAIL: "test@example.com",
  GIT_COMMITTER_NAME: "Test",
  GIT_COMMITTER_EMAIL: "test@example.com",
};

export function makeFolder(): Scratch {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "slipway-plan-")));
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-c", "protocol.file.allow=always", ...args], {
      cwd: root,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], ...gitEnvironment },
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  return {
    root,
    git,
    write(files) {
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        const isText = typeof content === "string" || Buffer.isBuffer(content);
        writeFileSync(join(root, path), isText ? content : JSON.stringify(content));
      }
    },
    commit(message = "change") {
      git("add", "-A");
      git("commit", "-q", "--allow-empty", "-m", message);
      return git("rev-parse", "HEAD");
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

export function makeRepository(): Scratch {
  const scratch = makeFolder();
  scratch.git("init", "-q", "-b", "main");
  return scratch;
}

/** The problems that `work` throws; anything else that happens is an error of the test. */
export async function problemsOf(work: () => unknown): Promise<readonly Problem[]> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems;
    throw error;
  }
  throw new Error("no problem was thrown");
}
