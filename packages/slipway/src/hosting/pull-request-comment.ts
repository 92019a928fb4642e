/**
 * One comment on a pull request, kept up to date. It is told from others by its first line and its author together: whoever copies the line into a comment of
 * their own neither has it edited nor keeps ours from being written. Nothing of the text decides where it goes.
 */
import { readFile } from "node:fs/promises";
import { fail, isJsonObject } from "@slipway/core";
import type { Github } from "./github.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface WantedComment {
  readonly pullRequest: number;
  /** First line of every comment of this kind. */
  readonly mark: string;
  /** Begins with the mark. */
  readonly body: string;
  /** A first comment is not made where it would say nothing. */
  readonly isWorthMaking: boolean;
}

export interface CommentOutcome {
  /** `not-needed`: there is none, and nothing to say. */
  readonly result: "created" | "updated" | "unchanged" | "not-needed";
  readonly url: string | undefined;
}

interface ShownComment {
  readonly id: number;
  readonly body: string;
  readonly author: string;
  readonly url: string | undefined;
}

/** Events whose pull request is the one that is worked for: docs.github.com, "Events that trigger workflows". */
const pullRequestEvents: ReadonlySet<string> = new Set(["pull_request", "pull_request_target"]);

/**
 * The number of the pull request whose event runs this job, from GitHub's own file; undefined for an event without one, such as a push or a merge
 * group. Throws SLIP_USAGE outside of an event.
 */
export async function findPullRequest(env: Environment): Promise<number | undefined> {
  const name = env["GITHUB_EVENT_NAME"] ?? "";
  const path = env["GITHUB_EVENT_PATH"] ?? "";
  if (name === "" || path === "")
    return fail("SLIP_USAGE", "--comment needs the event of a pull request, and no event runs this", {
      hint: "use it in a workflow with `on: pull_request`, or see the comment with --comment --dry-run",
    });
  if (!pullRequestEvents.has(name)) return undefined;
  const event = await readEvent(path);
  const number =
    isJsonObject(event) && isJsonObject(event["pull_request"]) ? event["pull_request"]["number"] : undefined;
  if (typeof number === "number" && Number.isSafeInteger(number) && number > 0) return number;
  return fail("SLIP_HOST_REFUSED", `the event ${name} at GITHUB_EVENT_PATH names no pull request`);
}

async function readEvent(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    return fail("SLIP_HOST_REFUSED", "the event at GITHUB_EVENT_PATH cannot be read", { cause });
  }
}

/** Makes the comment, edits it where its text differs, and removes what a run at the same time has made twice. */
export async function keepComment(github: Github, wanted: WantedComment, dryRun: boolean): Promise<CommentOutcome> {
  const author = await github.findViewer();
  const [first, ...others] = await findOurs(github, wanted, author);
  if (first !== undefined) return settle(github, wanted, first, others, dryRun);
  if (!wanted.isWorthMaking) return { result: "not-needed", url: undefined };
  if (dryRun) return { result: "created", url: undefined };
  const made = await github.call("POST", `/issues/${wanted.pullRequest}/comments`, { body: wanted.body });
  const [oldest, ...later] = await findOurs(github, wanted, author);
  if (oldest === undefined || later.length === 0)
    return { result: "created", url: oldest?.url ?? parseComment(made.data)?.url };
  const settled = await settle(github, wanted, oldest, later, false);
  return { result: "created", url: settled.url };
}

/** The oldest one stays: two runs that see the same comments agree on it. */
async function settle(
  github: Github,
  { body }: WantedComment,
  kept: ShownComment,
  others: readonly ShownComment[],
  dryRun: boolean,
): Promise<CommentOutcome> {
  const isSame = normalize(kept.body) === normalize(body);
  if (!dryRun) {
    if (!isSame) await github.call("PATCH", `/issues/comments/${kept.id}`, { body });
    for (const { id } of others) await github.call("DELETE", `/issues/comments/${id}`, undefined, [404]);
  }
  return { result: isSame ? "unchanged" : "updated", url: kept.url };
}

/** Oldest first. */
async function findOurs(
  github: Github,
  { pullRequest, mark }: WantedComment,
  author: string,
): Promise<readonly ShownComment[]> {
  const all = await github.list(`/issues/${pullRequest}/comments`);
  return all
    .flatMap((item) => parseComment(item) ?? [])
    .filter((item) => item.author === author && normalize(item.body).startsWith(`${mark}\n`))
    .sort((one, other) => one.id - other.id);
}

function parseComment(value: unknown): ShownComment | undefined {
  if (!isJsonObject(value)) return undefined;
  const { id, body, user, html_url: url } = value;
  const author = isJsonObject(user) ? user["login"] : undefined;
  if (typeof id !== "number" || typeof body !== "string" || typeof author !== "string") return undefined;
  return { id, body, author, url: typeof url === "string" ? url : undefined };
}

/** GitHub may hand back other line ends than it was sent. */
function normalize(body: string): string {
  return body.replaceAll("\r\n", "\n").trim();
}
