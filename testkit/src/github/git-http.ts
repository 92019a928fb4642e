/**
 * git over HTTP, by git's own `http-backend`: what a push must fulfil is decided by the real program, who may push by the token. GitHub tells
 * whoever may not read that there is no such repository.
 */
import { spawn } from "node:child_process";
import { basename, dirname } from "node:path";
import type { GithubState } from "./state.ts";
import { allows, githubError, type GithubRequest, type GithubResponse } from "./route.ts";

export async function gitRoute(request: GithubRequest, state: GithubState): Promise<GithubResponse> {
  const prefix = new RegExp(`^/${state.repository}(?:\\.git)?(?=/)`);
  const rest = request.path.replace(prefix, "");
  if (rest === request.path || !/^\/(info\/refs|git-(upload|receive)-pack)$/.test(rest))
    return githubError(404, "Not Found");
  const isPush = rest === "/git-receive-pack" || request.query.get("service") === "git-receive-pack";
  if (request.token === undefined && (isPush || !state.isPublic))
    return { status: 401, headers: { "www-authenticate": 'Basic realm="GitHub"' } };
  if (!(state.isPublic && !isPush) && !allows(request.token, "contents", isPush ? "write" : "read")) {
    const message = `remote: Permission to ${state.repository}.git denied to ${request.token?.actor ?? "nobody"}.`;
    return { status: 403, body: Buffer.from(message) };
  }
  return runBackend(request, state, rest);
}

/** Its input and output are bytes, unlike those of other processes of the tests. */
async function runBackend(request: GithubRequest, state: GithubState, rest: string): Promise<GithubResponse> {
  const { token, headers } = request;
  const child = spawn("git", ["http-backend"], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      PATH: process.env["PATH"],
      GIT_PROJECT_ROOT: dirname(state.gitDir),
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: `/${basename(state.gitDir)}${rest}`,
      REQUEST_METHOD: request.method,
      QUERY_STRING: request.query.toString(),
      CONTENT_TYPE: headers["content-type"],
      CONTENT_LENGTH: String(request.body.length),
      HTTP_CONTENT_ENCODING: headers["content-encoding"],
      GIT_PROTOCOL: headers["git-protocol"],
      // Without a user http-backend takes no push.
      ...(token === undefined ? {} : { REMOTE_USER: token.actor }),
    },
  });
  // It ends without reading a request that it refuses.
  child.stdin.on("error", () => undefined);
  child.stdin.end(request.body);
  const pieces: Buffer[] = [];
  for await (const piece of child.stdout) pieces.push(piece);
  return parseCgi(Buffer.concat(pieces));
}

function parseCgi(output: Buffer): GithubResponse {
  const end = output.indexOf("\r\n\r\n");
  if (end === -1) return githubError(500, "git http-backend gave no answer");
  const headers = new Map(
    output
      .toString("latin1", 0, end)
      .split("\r\n")
      .map(
        (line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()] as const,
      ),
  );
  const status = Number.parseInt(headers.get("status") ?? "200", 10);
  headers.delete("status");
  return { status, headers: Object.fromEntries(headers), body: output.subarray(end + 4) };
}
