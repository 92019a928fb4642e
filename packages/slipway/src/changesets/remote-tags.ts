/** Which git tags the remote has: only that counts, because a tag that an earlier attempt made here may never have been pushed. */
import { runGit } from "../git.ts";
import { createRedactor } from "../redact.ts";

export type RemoteTags =
  | { readonly kind: "shown"; readonly tags: ReadonlySet<string> }
  | { readonly kind: "unavailable"; readonly reason: string };

const listArguments = ["ls-remote", "--refs", "--tags", "--quiet", "origin"];
const timeoutMs = 60_000;

/**
 * Asks the remote `origin` as git is set up to, and if that is refused with the GITHUB_TOKEN that changesets/action hands to its
 * script: a checkout that keeps no credentials (`persist-credentials: false`) has none of its own.
 */
export async function readRemoteTags(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<RemoteTags> {
  const first = await runGit(root, listArguments, "", { timeoutMs });
  if (first.code === 0) return { kind: "shown", tags: parse(first.stdout) };
  const server = env["GITHUB_SERVER_URL"];
  const token = env["GITHUB_TOKEN"];
  if (server !== undefined && token !== undefined && token !== "") {
    const second = await runGit(root, listArguments, "", { timeoutMs, env: tokenConfig(env, server, token) });
    if (second.code === 0) return { kind: "shown", tags: parse(second.stdout) };
  }
  const reason = first.stderr.split("\n")[0] ?? "";
  return { kind: "unavailable", reason: reason === "" ? "git does not say why" : createRedactor([]).text(reason) };
}

function parse(output: Buffer): ReadonlySet<string> {
  const prefix = "refs/tags/";
  return new Set(
    output
      .toString("utf8")
      .split("\n")
      .flatMap((line) => {
        const ref = line.slice(line.indexOf("\t") + 1);
        return ref.startsWith(prefix) ? [ref.slice(prefix.length)] : [];
      }),
  );
}

/**
 * Git configuration for one command, in variables and not in arguments, which every process can read. Its key is the job's server, so
 * git sends the token to no other. The empty value comes first: headers add up, and a server refuses two.
 */
function tokenConfig(
  env: Readonly<Record<string, string | undefined>>,
  server: string,
  token: string,
): Readonly<Record<string, string>> {
  const first = Number(env["GIT_CONFIG_COUNT"] ?? 0);
  const key = `http.${server.replace(/\/+$/, "")}/.extraheader`;
  const header = `AUTHORIZATION: basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
  return {
    [`GIT_CONFIG_KEY_${first}`]: key,
    [`GIT_CONFIG_VALUE_${first}`]: "",
    [`GIT_CONFIG_KEY_${first + 1}`]: key,
    [`GIT_CONFIG_VALUE_${first + 1}`]: header,
    GIT_CONFIG_COUNT: String(first + 2),
  };
}
