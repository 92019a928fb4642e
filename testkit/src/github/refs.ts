/** Git references and tag objects over REST: docs.github.com, "REST API endpoints for Git references" and "… for Git tags". */
import { findRef, git, isObject } from "./bare-repository.ts";
import { bodyOf, githubError, type GithubResponse, type Route } from "./route.ts";
import type { GithubState } from "./state.ts";

const base = "/repos/{owner}/{repo}/git";

function refBody(state: GithubState, ref: string): object | undefined {
  const found = findRef(state.gitDir, ref);
  if (found === undefined) return undefined;
  const kind = `${found.type}s`;
  return {
    ref,
    url: `${state.apiUrl}/repos/${state.repository}/git/${ref}`,
    object: { ...found, url: `${state.apiUrl}/repos/${state.repository}/git/${kind}/${found.sha}` },
  };
}

function createRef(state: GithubState, ref: string, sha: string): GithubResponse {
  if (!/^refs\/.+\/?.+/.test(ref)) return githubError(422, "Reference name must start with 'refs/'");
  if (!isObject(state.gitDir, sha)) return githubError(422, "Object does not exist");
  if (findRef(state.gitDir, ref) !== undefined) return githubError(422, "Reference already exists");
  const made = git(state.gitDir, ["update-ref", ref, sha, "0".repeat(40)]);
  return made.ok ? { status: 201, body: refBody(state, ref) } : githubError(422, "Reference name is invalid");
}

export const refRoutes: readonly Route[] = [
  {
    method: "GET",
    path: `${base}/ref/{ref+}`,
    scope: "contents",
    level: "read",
    handle({ params }, state) {
      const body = refBody(state, `refs/${params["ref"]}`);
      return body === undefined ? githubError(404, "Not Found") : { status: 200, body };
    },
  },
  {
    method: "GET",
    path: `${base}/matching-refs/{ref+}`,
    scope: "contents",
    level: "read",
    handle({ params }, state) {
      const all = git(state.gitDir, ["for-each-ref", "--format=%(refname)", `refs/${params["ref"]}*`]);
      const names = all.stdout.split("\n").filter((name) => name !== "");
      return { status: 200, body: names.map((name) => refBody(state, name)) };
    },
  },
  {
    method: "POST",
    path: `${base}/refs`,
    scope: "contents",
    level: "write",
    handle(request, state) {
      const { ref, sha } = bodyOf(request);
      return createRef(state, String(ref), String(sha));
    },
  },
  {
    method: "POST",
    path: `${base}/tags`,
    scope: "contents",
    level: "write",
    handle(request, state) {
      const { tag, message, object, type } = bodyOf(request);
      if (!isObject(state.gitDir, String(object))) return githubError(422, "Object does not exist");
      const text = `object ${object}\ntype ${type}\ntag ${tag}\ntagger GitHub <noreply@github.test> 1700000000 +0000\n\n${message}\n`;
      const made = git(state.gitDir, ["mktag"], text);
      return made.ok
        ? { status: 201, body: { sha: made.stdout, tag, message, object: { sha: object, type } } }
        : githubError(422, made.stderr);
    },
  },
  {
    method: "GET",
    path: `${base}/tags/{sha}`,
    scope: "contents",
    level: "read",
    handle({ params }, state) {
      const sha = params["sha"] ?? "";
      const text = git(state.gitDir, ["cat-file", "tag", sha]);
      const [, object, type, tag] = /^object (\S+)\ntype (\S+)\ntag (.+)$/m.exec(text.stdout) ?? [];
      return text.ok
        ? { status: 200, body: { sha, tag, object: { sha: object, type } } }
        : githubError(404, "Not Found");
    },
  },
];
