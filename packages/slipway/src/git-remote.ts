/**
 * The remote to which git tags are pushed: how git is let in, and which tags it shows. The token is in no argument and no file: git asks for it,
 * and is answered for the remote's own host only.
 */
import { fail } from "@slipway/core";
import { type GitOutput, runGit } from "./git.ts";
import { createRedactor } from "./redact.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface GitRemote {
  readonly root: string;
  /** As git knows it, such as `origin`. */
  readonly name: string;
  /** The name, or the URL without credentials where a login is given. */
  readonly address: string;
  /** What git is given to be let in; holds the token. */
  readonly env: Readonly<Record<string, string>>;
  /** For each command that asks the remote. */
  readonly timeoutMs: number;
  /** Takes the token out of what git says. */
  redact(text: string): string;
}

interface Login {
  readonly user: string;
  readonly password: string;
}

/** The remote with the token of the CI job, where the environment has one for its host. Throws SLIP_GIT_FAILED without a remote. */
export async function openRemote(
  root: string,
  env: Environment,
  timeoutMs: number,
  name = "origin",
): Promise<GitRemote> {
  const found = await runGit(root, ["remote", "get-url", "--push", name]);
  const url = found.stdout.toString("utf8").trim();
  if (found.code !== 0 || url === "")
    return fail("SLIP_GIT_FAILED", `${root} has no remote called ${name}`, {
      hint: "git tags are pushed there: add the remote, or set gitTags to none",
    });
  const login = findLogin(url, env);
  return {
    root,
    name,
    timeoutMs,
    // GitLab's runner writes a job token into the URL, which would go before the login.
    address: login === undefined ? name : withoutLogin(url),
    env: login === undefined ? {} : loginEnvironment(new URL(url).origin, login, env),
    redact: createRedactor([login?.password]).text,
  };
}

function withoutLogin(url: string): string {
  const clean = new URL(url);
  clean.username = "";
  clean.password = "";
  return clean.href;
}

/** The token goes to the server that the CI system names, and to no other. */
function findLogin(url: string, env: Environment): Login | undefined {
  if (!/^https?:/.test(url) || !URL.canParse(url)) return undefined;
  const { origin } = new URL(url);
  const isOf = (server: string): boolean => URL.canParse(server) && new URL(server).origin === origin;
  const get = (name: string): string => env[name] ?? "";
  const github = get("GITHUB_TOKEN") || get("GH_TOKEN");
  if (github !== "" && isOf(get("GITHUB_SERVER_URL") || "https://github.com"))
    return { user: "x-access-token", password: github };
  if (!isOf(get("CI_SERVER_URL"))) return undefined;
  if (get("GITLAB_TOKEN") !== "") return { user: "oauth2", password: get("GITLAB_TOKEN") };
  return get("CI_JOB_TOKEN") === "" ? undefined : { user: "gitlab-ci-token", password: get("CI_JOB_TOKEN") };
}

/** git appends the word for what it wants: only `get` is answered, so nothing is stored. */
const helper = `!f() { test "$1" != get || printf 'username=%s\\npassword=%s\\n' "$SLIPWAY_GIT_USER" "$SLIPWAY_GIT_PASSWORD"; }; f`;

/**
 * Configuration for one command, in variables: arguments can be read by every process. A helper and not a header, because git sends a header also
 * to the host of a redirect (seen with git 2.39). The empty values come first: they take away a header that a checkout has left, beside which GitHub
 * would see two logins and answer 400, and the person's own helpers, which would keep the token.
 */
function loginEnvironment(origin: string, login: Login, env: Environment): Readonly<Record<string, string>> {
  const settings = [
    [`http.${origin}/.extraheader`, ""],
    [`credential.${origin}.helper`, ""],
    [`credential.${origin}.helper`, helper],
  ] as const;
  const from = Number(env["GIT_CONFIG_COUNT"] ?? 0);
  const pairs = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${from + index}`, key],
    [`GIT_CONFIG_VALUE_${from + index}`, value],
  ]);
  return {
    ...Object.fromEntries(pairs),
    GIT_CONFIG_COUNT: String(from + settings.length),
    SLIPWAY_GIT_USER: login.user,
    SLIPWAY_GIT_PASSWORD: login.password,
  };
}

/** No hooks: what a repository has installed for its developers is not run with the right to push. */
export const withoutHooks = ["-c", "core.hooksPath=/dev/null"] as const;

/** Runs a command that asks the remote, without hooks. Any exit code is an answer. */
export async function askRemote({ root, env, timeoutMs }: GitRemote, args: readonly string[]): Promise<GitOutput> {
  // The process that talks HTTP is not ended with git: it gives up by itself when nothing moves.
  const patience = { GIT_HTTP_LOW_SPEED_LIMIT: "1", GIT_HTTP_LOW_SPEED_TIME: String(Math.ceil(timeoutMs / 1000)) };
  return runGit(root, [...withoutHooks, ...args], undefined, { env: { ...patience, ...env }, timeoutMs });
}

/** All tags of the remote, each with the commit that it leads to. Throws SLIP_GIT_UNAVAILABLE, SLIP_GIT_REFUSED. */
export async function readRemoteTags(remote: GitRemote): Promise<ReadonlyMap<string, string>> {
  const output = await askRemote(remote, ["ls-remote", "--tags", "--quiet", remote.address]);
  if (output.code !== 0)
    return fail(failureOf(output), `the tags of ${remote.name} could not be read: ${reasonOf(remote, output)}`);
  const tags = new Map<string, string>();
  for (const line of output.stdout.toString("utf8").split("\n")) {
    const [, id, name, peeled] = /^([0-9a-f]+)\trefs\/tags\/(.+?)(\^\{\})?$/.exec(line) ?? [];
    // The line of what an annotated tag leads to comes after that of the tag itself.
    if (id !== undefined && name !== undefined && (peeled !== undefined || !tags.has(name))) tags.set(name, id);
  }
  return tags;
}

const refusals =
  /\[(remote )?rejected\]|\b40[13]\b|denied|not permitted|protected|GH0\d\d|Authentication failed|could not read (Username|Password)/i;

/** Whether the same command again may end better. */
export function failureOf({ stdout, stderr }: GitOutput): "SLIP_GIT_REFUSED" | "SLIP_GIT_UNAVAILABLE" {
  return refusals.test(`${stdout.toString("utf8")}\n${stderr}`) ? "SLIP_GIT_REFUSED" : "SLIP_GIT_UNAVAILABLE";
}

/** The line of git's words that says most. */
export function reasonOf({ redact }: GitRemote, { stderr, isLate }: GitOutput): string {
  if (isLate) return "it did not answer in time";
  const lines = stderr.split("\n").map((line) => line.trim());
  return redact(lines.find((line) => /^(fatal|error|remote):/.test(line)) ?? lines[0] ?? "");
}
