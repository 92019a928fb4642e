/**
 * Comments on pull requests, and whom a token acts for: docs.github.com, "REST API endpoints for issue comments" (which take `pull-requests` for those
 * of a pull request) and "Forming calls with GraphQL".
 */
import { bodyOf, githubError, type GithubRequest, type GithubResponse, paginate, type Route } from "./route.ts";
import type { GithubState, StoredComment } from "./state.ts";

const base = "/repos/{owner}/{repo}/issues";
const scope = "pull-requests";

function commentBody(state: GithubState, { id, number, author, body }: StoredComment): object {
  return {
    id,
    url: `${state.apiUrl}/repos/${state.repository}/issues/comments/${id}`,
    html_url: `${state.url}/${state.repository}/pull/${number}#issuecomment-${id}`,
    issue_url: `${state.apiUrl}/repos/${state.repository}/issues/${number}`,
    body,
    user: { login: author, type: author.endsWith("[bot]") ? "Bot" : "User" },
    performed_via_github_app: null,
  };
}

function refuseBody(message: string): GithubResponse {
  const details = { resource: "IssueComment", code: "unprocessable", field: "data", message };
  return githubError(422, "Validation Failed", [details]);
}

/** 65,536 characters: the words are those of telia-oss/github-pr-resource#259. */
function findFault(body: unknown): GithubResponse | undefined {
  if (typeof body !== "string" || body.trim() === "") return refuseBody("Body cannot be blank");
  return [...body].length > 65_536 ? refuseBody("Body is too long (maximum is 65536 characters)") : undefined;
}

function findComment(state: GithubState, id: string | undefined): StoredComment | undefined {
  return state.comments.find((comment) => String(comment.id) === id);
}

function createComment(request: GithubRequest, state: GithubState): GithubResponse {
  const number = Number(request.params["number"]);
  const { body } = bodyOf(request);
  if (!state.pullRequests.has(number)) return githubError(404, "Not Found");
  if (state.locked.has(number)) return githubError(403, "Unable to create comment because issue is locked.");
  const fault = findFault(body);
  if (fault !== undefined) return fault;
  const comment = { id: state.nextId(), number, author: request.token?.actor ?? "", body: String(body) };
  state.comments.push(comment);
  return { status: 201, body: commentBody(state, comment) };
}

export const commentRoutes: readonly Route[] = [
  {
    method: "GET",
    path: `${base}/{number}/comments`,
    scope,
    level: "read",
    handle(request, state) {
      const number = Number(request.params["number"]);
      if (!state.pullRequests.has(number)) return githubError(404, "Not Found");
      const found = state.comments.filter((comment) => comment.number === number);
      return paginate(
        request,
        state,
        found.map((comment) => commentBody(state, comment)),
      );
    },
  },
  { method: "POST", path: `${base}/{number}/comments`, scope, level: "write", handle: createComment },
  {
    method: "PATCH",
    path: `${base}/comments/{id}`,
    scope,
    level: "write",
    handle(request, state) {
      const comment = findComment(state, request.params["id"]);
      if (comment === undefined) return githubError(404, "Not Found");
      const { body } = bodyOf(request);
      const fault = findFault(body);
      if (fault !== undefined) return fault;
      comment.body = String(body);
      return { status: 200, body: commentBody(state, comment) };
    },
  },
  {
    method: "DELETE",
    path: `${base}/comments/{id}`,
    scope,
    level: "write",
    handle({ params }, state) {
      const index = state.comments.findIndex((comment) => String(comment.id) === params["id"]);
      if (index === -1) return githubError(404, "Not Found");
      state.comments.splice(index, 1);
      return { status: 204 };
    },
  },
  {
    method: "POST",
    path: "/api/graphql",
    scope: "metadata",
    level: "read",
    handle(request) {
      if (request.token === undefined) return githubError(401, "This endpoint requires you to be authenticated.");
      const { query } = bodyOf(request);
      return typeof query === "string" && /^query \{ viewer \{ login \} \}$/.test(query)
        ? { status: 200, body: { data: { viewer: { login: request.token.actor } } } }
        : {
            status: 200,
            body: { errors: [{ type: "undefinedField", message: "the fake GitHub knows no such query" }] },
          };
    },
  },
  {
    // What a job's token is told; a person's token is told who that is.
    method: "GET",
    path: "/user",
    scope: "metadata",
    level: "read",
    handle: () => githubError(403, "Resource not accessible by integration"),
  },
];
