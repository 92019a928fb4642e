/** Releases and their assets: docs.github.com, "REST API endpoints for releases" and "… for release assets"; immutable releases: "Immutable releases". */
import { createHash } from "node:crypto";
import { findRef, git } from "./bare-repository.ts";
import { allows, bodyOf, githubError, type GithubRequest, type GithubResponse, paginate, type Route } from "./route.ts";
import type { GithubState, ReleaseAsset, StoredRelease } from "./state.ts";

const base = "/repos/{owner}/{repo}/releases";
const scope = "contents";

function assetBody(state: GithubState, { id, name, bytes, contentType }: ReleaseAsset): object {
  return {
    id,
    name,
    url: `${state.apiUrl}/repos/${state.repository}/releases/assets/${id}`,
    state: "uploaded",
    size: bytes.length,
    digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
    content_type: contentType,
  };
}

function releaseBody(state: GithubState, release: StoredRelease): object {
  const own = `${state.apiUrl}/repos/${state.repository}/releases/${release.id}`;
  const page = release.isDraft ? `untagged-${release.id}` : encodeURIComponent(release.tagName);
  return {
    id: release.id,
    url: own,
    html_url: `${state.url}/${state.repository}/releases/tag/${page}`,
    upload_url: `${state.uploadsUrl}/repos/${state.repository}/releases/${release.id}/assets{?name,label}`,
    tag_name: release.tagName,
    target_commitish: release.targetCommitish,
    name: release.name,
    body: release.body,
    draft: release.isDraft,
    prerelease: release.isPrerelease,
    immutable: release.isImmutable,
    created_at: release.createdAt,
    published_at: release.publishedAt,
    assets: release.assets.map((asset) => assetBody(state, asset)),
  };
}

function findCommitTime({ gitDir }: GithubState, { tagName, targetCommitish }: StoredRelease): string {
  const of = (rev: string): string => git(gitDir, ["log", "-1", "--format=%cI", rev, "--"]).stdout;
  return of(`refs/tags/${tagName}`) || of(targetCommitish);
}

/**
 * A target whose commit changes workflows asks for a permission that the token of a job cannot have:
 * https://github.com/cli/cli/issues/9514, https://github.com/intent-hq/intent/issues/1277.
 */
function isTargetRefused({ token }: GithubRequest, { gitDir }: GithubState, target: unknown): boolean {
  if (typeof target !== "string" || allows(token, "workflows", "write")) return false;
  const { stdout } = git(gitDir, ["diff-tree", "--root", "--no-commit-id", "--name-only", "-r", target, "--"]);
  return stdout.split("\n").some((path) => path.startsWith(".github/workflows/"));
}

function validationFailed(resource: string, code: string, field: string): GithubResponse {
  return githubError(422, "Validation Failed", [{ resource, code, field }]);
}

function findRelease(state: GithubState, id: string | undefined): StoredRelease | undefined {
  return state.releases.find((release) => String(release.id) === id);
}

function isTagTaken(state: GithubState, release: StoredRelease): boolean {
  return state.releases.some((other) => other !== release && !other.isDraft && other.tagName === release.tagName);
}

/** Takes the fields of a request over and, where it stops being a draft, makes its tag where there is none. */
function applyFields(
  state: GithubState,
  release: StoredRelease,
  fields: Readonly<Record<string, unknown>>,
): GithubResponse | undefined {
  const { tag_name, target_commitish, name, body, draft, prerelease, make_latest } = fields;
  if (release.isImmutable && (tag_name !== undefined || target_commitish !== undefined))
    return githubError(422, "Validation Failed: the tag of an immutable release cannot be changed");
  if (typeof body === "string" && body.length > 125_000) return validationFailed("Release", "custom", "body");
  if (typeof tag_name === "string") release.tagName = tag_name;
  if (typeof target_commitish === "string") release.targetCommitish = target_commitish;
  if (typeof name === "string") release.name = name;
  if (typeof body === "string") release.body = body;
  if (typeof prerelease === "boolean") release.isPrerelease = prerelease;
  release.createdAt = findCommitTime(state, release);
  if (make_latest === "false") release.mayBeLatest = false;
  if (make_latest === "true") release.mayBeLatest = true;
  if (draft !== false || !release.isDraft) return undefined;
  if (isTagTaken(state, release)) return validationFailed("Release", "already_exists", "tag_name");
  const ref = `refs/tags/${release.tagName}`;
  if (findRef(state.gitDir, ref) === undefined) {
    const target = git(state.gitDir, ["rev-parse", "--verify", "--quiet", release.targetCommitish || "HEAD"]);
    if (!target.ok || !git(state.gitDir, ["update-ref", ref, target.stdout]).ok)
      return validationFailed("Release", "invalid", "target_commitish");
  }
  release.isDraft = false;
  release.isImmutable = state.hasImmutableReleases;
  release.publishedAt = new Date().toISOString();
  if (release.mayBeLatest && !release.isPrerelease) state.latestReleaseId = release.id;
  return undefined;
}

function createRelease(request: GithubRequest, state: GithubState): GithubResponse {
  const fields = bodyOf(request);
  if (isTargetRefused(request, state, fields["target_commitish"]))
    return githubError(403, "Resource not accessible by integration");
  const release: StoredRelease = {
    id: state.nextId(),
    tagName: "",
    targetCommitish: git(state.gitDir, ["symbolic-ref", "--short", "HEAD"]).stdout,
    name: null,
    body: null,
    isDraft: true,
    isPrerelease: false,
    isImmutable: false,
    createdAt: null,
    publishedAt: null,
    mayBeLatest: true,
    assets: [],
  };
  if (typeof fields["tag_name"] !== "string" || fields["tag_name"] === "")
    return validationFailed("Release", "missing_field", "tag_name");
  const refused = applyFields(state, release, { draft: false, ...fields });
  if (refused !== undefined) return refused;
  state.releases.push(release);
  return { status: 201, body: releaseBody(state, release) };
}

function uploadAsset(request: GithubRequest, state: GithubState): GithubResponse {
  const release = findRelease(state, request.params["id"]);
  const name = request.query.get("name") ?? "";
  if (release === undefined) return githubError(404, "Not Found");
  if (release.isImmutable) return githubError(422, "Cannot upload assets to an immutable release.");
  // GitHub renames what has other characters, and then lists another name than was sent.
  const stored = name.replaceAll(/[^\w.@+-]/g, ".");
  if (stored === "") return validationFailed("ReleaseAsset", "missing_field", "name");
  if (release.assets.some((asset) => asset.name === stored))
    return validationFailed("ReleaseAsset", "already_exists", "name");
  const contentType = request.headers["content-type"] ?? "application/octet-stream";
  const asset: ReleaseAsset = { id: state.nextId(), name: stored, bytes: request.body, contentType };
  release.assets.push(asset);
  return { status: 201, body: assetBody(state, asset) };
}

export const releaseRoutes: readonly Route[] = [
  {
    method: "GET",
    path: base,
    scope,
    level: "read",
    // Drafts are shown to those only who may push.
    handle(request, state) {
      const seen = state.releases.filter(({ isDraft }) => !isDraft || allows(request.token, scope, "write"));
      return paginate(
        request,
        state,
        seen.toReversed().map((release) => releaseBody(state, release)),
      );
    },
  },
  {
    method: "GET",
    path: `${base}/latest`,
    scope,
    level: "read",
    handle(_request, state) {
      const latest = findRelease(state, String(state.latestReleaseId));
      return latest === undefined ? githubError(404, "Not Found") : { status: 200, body: releaseBody(state, latest) };
    },
  },
  {
    method: "GET",
    path: `${base}/tags/{tag+}`,
    scope,
    level: "read",
    handle({ params }, state) {
      const found = state.releases.find((release) => !release.isDraft && release.tagName === params["tag"]);
      return found === undefined ? githubError(404, "Not Found") : { status: 200, body: releaseBody(state, found) };
    },
  },
  { method: "POST", path: base, scope, level: "write", handle: createRelease },
  {
    method: "PATCH",
    path: `${base}/{id}`,
    scope,
    level: "write",
    handle(request, state) {
      const release = findRelease(state, request.params["id"]);
      if (release === undefined) return githubError(404, "Not Found");
      return applyFields(state, release, bodyOf(request)) ?? { status: 200, body: releaseBody(state, release) };
    },
  },
  {
    method: "DELETE",
    path: `${base}/{id}`,
    scope,
    level: "write",
    handle(request, state) {
      const index = state.releases.findIndex((release) => String(release.id) === request.params["id"]);
      if (index === -1) return githubError(404, "Not Found");
      state.releases.splice(index, 1);
      return { status: 204 };
    },
  },
  {
    method: "GET",
    path: `${base}/{id}/assets`,
    scope,
    level: "read",
    handle(request, state) {
      const release = findRelease(state, request.params["id"]);
      if (release === undefined) return githubError(404, "Not Found");
      return paginate(
        request,
        state,
        release.assets.map((asset) => assetBody(state, asset)),
      );
    },
  },
  {
    method: "DELETE",
    path: `${base}/assets/{asset}`,
    scope,
    level: "write",
    handle({ params }, state) {
      for (const release of state.releases) {
        const index = release.assets.findIndex((asset) => String(asset.id) === params["asset"]);
        if (index === -1) continue;
        if (release.isImmutable) return githubError(422, "Cannot delete assets of an immutable release.");
        release.assets.splice(index, 1);
        return { status: 204 };
      }
      return githubError(404, "Not Found");
    },
  },
  { method: "POST", path: `/api/uploads${base}/{id}/assets`, scope, level: "write", handle: uploadAsset },
];
