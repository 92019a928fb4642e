/**
 * Releases on GitHub, one a git tag: a draft first, then its assets, published last, because a published release may be frozen. What is there is looked at
 * before anything is written, so the same call again goes on where an earlier one stopped. A release, or a draft, that somebody else
 * made is left as it is.
 */
import { createHash } from "node:crypto";
import { fail, type GitTag, isJsonObject, type LatestRelease } from "@slipway/core";
import type { Github } from "./github.ts";

export interface ReleaseAsset {
  /** Letters, digits, `.`, `-` and `_` only: GitHub renames others. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

export interface WantedRelease {
  readonly tag: GitTag;
  readonly notes: string;
  readonly assets: readonly ReleaseAsset[];
  /** It becomes what GitHub calls the latest release. */
  readonly isLatest: boolean;
}

export interface ReleaseOutcome {
  readonly tag: string;
  /** `left`: a draft of somebody else's has this tag. */
  readonly result: "created" | "completed" | "there" | "left";
  readonly url: string | undefined;
}

/** GitHub takes no more characters. */
const notesMax = 125_000;

/** In the notes of a release that Slipway made; readers do not see it. */
function markOf(tag: string): string {
  return `<!-- slipway: ${tag.replaceAll("--", "- -")} -->`;
}

interface ShownRelease {
  readonly id: number;
  readonly tagName: string;
  readonly isDraft: boolean;
  readonly isOurs: boolean;
  readonly url: string | undefined;
  readonly uploadUrl: string;
  readonly assets: readonly {
    readonly id: number;
    readonly name: string;
    readonly digest: string | undefined;
    readonly isWhole: boolean;
    readonly size: number;
  }[];
}

function parseRelease(value: unknown): ShownRelease | undefined {
  if (!isJsonObject(value)) return undefined;
  const { id, tag_name, draft, body, html_url, upload_url, assets } = value;
  if (typeof id !== "number" || typeof tag_name !== "string" || typeof upload_url !== "string") return undefined;
  return {
    id,
    tagName: tag_name,
    isDraft: draft === true,
    isOurs: typeof body === "string" && body.includes(markOf(tag_name)),
    url: typeof html_url === "string" ? html_url : undefined,
    uploadUrl: upload_url.replace(/\{.*$/, ""),
    assets: (Array.isArray(assets) ? assets : []).filter(isJsonObject).map((asset) => ({
      id: Number(asset["id"]),
      name: String(asset["name"]),
      digest: typeof asset["digest"] === "string" ? asset["digest"] : undefined,
      isWhole: asset["state"] === "uploaded",
      size: Number(asset["size"]),
    })),
  };
}

/** All releases that the token may see, drafts too. */
export async function readReleases(github: Github): Promise<readonly ShownRelease[]> {
  return (await github.list("/releases")).flatMap((item) => parseRelease(item) ?? []);
}

/** What GitHub calls the latest release; `created_at` is when its commit was made (docs.github.com, "Get the latest release"). */
export async function readLatest(github: Github): Promise<LatestRelease | undefined> {
  const { status, data } = await github.call("GET", "/releases/latest", undefined, [404]);
  const { tag_name: tag, created_at: at } = Object(data);
  const committedAt = Date.parse(String(at));
  return status === 404 || typeof tag !== "string" || Number.isNaN(committedAt) ? undefined : { tag, committedAt };
}

/** The release that stands for a tag already, if any: a published one goes before a draft, ours before somebody else's. */
export function findRelease(releases: readonly ShownRelease[], tag: string): ShownRelease | undefined {
  const all = releases.filter(({ tagName }) => tagName === tag);
  return all.find(({ isDraft }) => !isDraft) ?? all.find(({ isOurs }) => isOurs) ?? all[0];
}

/** What would be done, without doing it. */
export function foreseeRelease(found: ShownRelease | undefined, tag: string): ReleaseOutcome {
  if (found === undefined) return { tag, result: "created", url: undefined };
  return { tag, result: !found.isDraft ? "there" : found.isOurs ? "completed" : "left", url: found.url };
}

/** Makes the release, or what is missing of it. Throws SLIP_HOST_REFUSED or SLIP_HOST_UNAVAILABLE. */
export async function ensureRelease(
  github: Github,
  wanted: WantedRelease,
  found: ShownRelease | undefined,
): Promise<ReleaseOutcome> {
  const outcome = foreseeRelease(found, wanted.tag.tag);
  if (outcome.result === "there" || outcome.result === "left") return outcome;
  const draft = found ?? (await createDraft(github, wanted));
  for (const asset of wanted.assets) await ensureAsset(github, draft, asset);
  const published = await github.call("PATCH", `/releases/${draft.id}`, {
    draft: false,
    prerelease: wanted.tag.isPrerelease,
    make_latest: wanted.isLatest ? "true" : "false",
  });
  return { ...outcome, url: parseRelease(published.data)?.url };
}

async function createDraft(github: Github, { tag, notes }: WantedRelease): Promise<ShownRelease> {
  const mark = `\n\n${markOf(tag.tag)}`;
  const room = notesMax - mark.length;
  const cut = "\n\n… the changelog has the rest";
  // A character that stands for two units may not be cut in half.
  const body =
    notes.length <= room ? notes : `${notes.slice(0, room - cut.length).replace(/[\uD800-\uDBFF]$/, "")}${cut}`;
  const made = await github.call("POST", "/releases", {
    // No target_commitish: the tag is there, and for a commit that changes workflows GitHub would ask for a permission that no job's token can
    // have (https://github.com/cli/cli/issues/9514).
    tag_name: tag.tag,
    name: tag.tag,
    body: `${body}${mark}`,
    draft: true,
    prerelease: tag.isPrerelease,
  });
  return parseRelease(made.data) ?? fail("SLIP_HOST_REFUSED", `GitHub's answer describes no release ${tag.tag}`);
}

/** An asset of an upload that broke off is removed: it holds the name and nothing that is whole. */
async function ensureAsset(
  github: Github,
  draft: ShownRelease,
  { name, bytes, contentType }: ReleaseAsset,
): Promise<void> {
  const there = draft.assets.find((asset) => asset.name === name);
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const isRight = there?.isWhole === true && there.size === bytes.length && (there.digest ?? digest) === digest;
  if (isRight) return;
  if (there !== undefined) await github.call("DELETE", `/releases/assets/${there.id}`, undefined, [404]);
  await github.upload(`${draft.uploadUrl}?name=${encodeURIComponent(name)}`, bytes, contentType);
}
