/**
 * `slipway publish` in the place of `changeset publish`, inside changesets/action: tells the action which git tags to push and which
 * releases to make, in the form that its version reads, and makes none of them itself.
 *
 * v1 (read at v1.9.0, src/run.ts) takes the lines `New tag:  name@version` from standard output, then pushes those tags with
 * `git push origin <tag>`, so they have to exist in the checkout. v2 (read at v2.1.1) takes lines
 * `{"type":"git-tag","tag":…,"packageName":…}` from the file that CHANGESETS_OUTPUT names and makes the tags at its commit through the
 * API, or pushes them like v1 where `push-with-git-cli` is set. For a tag that has a release already, both fail.
 */
import { appendFile, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import {
  fail,
  findSnapshotTag,
  findToldTags,
  formatSpec,
  isShown,
  type Plan,
  type Report,
  type ToldTag,
  type UntoldTag,
} from "@slipway/core";
import { runGit } from "../git.ts";
import type { Registries } from "../registries.ts";
import { mapAtOnce } from "../map-at-once.ts";
import type { Environment, Protocol } from "./protocol.ts";
import { readRemoteTags } from "./remote-tags.ts";

/**
 * Before anything else happens: v2 warns of a missing output as if something were wrong with the script, also where there was
 * nothing to tell. `changeset publish` makes the file in every case, too.
 */
export async function prepareOutput(protocol: Protocol | undefined): Promise<void> {
  if (protocol?.version !== "v2") return;
  await writeOutput(protocol.output, "");
}

async function writeOutput(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await appendFile(path, text);
  } catch (cause) {
    fail("SLIP_DISK", `the file that CHANGESETS_OUTPUT names cannot be written: ${path}`, { cause });
  }
}

/** Refuses, before anything is sent, what could not be told afterwards. */
export async function assertTellable(protocol: Protocol | undefined, plan: Plan, root: string): Promise<void> {
  const uploads = plan.steps.filter((step) => step.goal.kind === "publish" && step.from === undefined);
  if (protocol === undefined || plan.changesets === undefined || plan.source.isClean || uploads.length === 0) return;
  // Snapshots are made from versions that nobody commits, and get no git tags.
  const { snapshotTemplate } = plan.changesets;
  if (uploads.every(({ version }) => findSnapshotTag(version, snapshotTemplate) !== undefined)) return;
  const { stdout } = await runGit(root, ["status", "--porcelain", "--", ":/", ":(top,exclude,glob)**/.slipway/**"]);
  const changes = stdout.toString("utf8").split("\n").filter(Boolean);
  fail(
    "SLIP_CHANGESETS_UNCLEAN",
    "changesets/action would tag a commit that is not what is released: the work tree has changes",
    {
      details: [...changes.slice(0, changesShownMax), ...(changes.length > changesShownMax ? ["…"] : [])],
    },
  );
}

const changesShownMax = 10;

/** Standard output belongs to data with `--json`, and v1 reads nothing else. */
export function assertReadable(protocol: Protocol | undefined, plan: Plan, isJson: boolean): void {
  if (!isJson || protocol?.version !== "v1" || plan.changesets === undefined) return;
  fail("SLIP_USAGE", "changesets/action v1 reads the git tags from the lines of standard output, which --json has", {
    hint: "leave out --json (report.json in the release folder has the same), or pass --changesets off",
  });
}

/** What the action was told. */
export interface Announcement {
  readonly protocol: "v1" | "v2";
  readonly tags: readonly ToldTag[];
  readonly warnings: readonly string[];
}

export interface AnnouncementRequest {
  readonly protocol: Protocol;
  readonly plan: Plan;
  readonly report: Report;
  /** A folder of the checkout that the action tags. */
  readonly root: string;
  readonly env: Environment;
  readonly registries: Pick<Registries, "get">;
}

/** Tells v2, and says what v1 is to be told on standard output. */
export async function announce(request: AnnouncementRequest): Promise<Announcement> {
  const { protocol, plan, report, root, env } = request;
  const nothing = { protocol: protocol.version, tags: [], warnings: [] };
  if (plan.changesets === undefined || !report.isComplete) return nothing;
  const [remote, commit, localTags, gitHeads] = await Promise.all([
    readRemoteTags(root, env),
    readHead(root),
    readLocalTags(root),
    readGitHeads(request),
  ]);
  const remoteTags = remote.kind === "shown" ? remote.tags : undefined;
  const { told, untold } = findToldTags(plan, report, { commit, remoteTags, localTags, gitHeads });
  const warnings = describeUntold(untold);
  if (remote.kind === "unavailable")
    warnings.push(
      `the git tags of the remote cannot be read (${remote.reason}): changesets/action is told only of what this run has sent`,
    );
  for (const { tag } of told) if (!localTags.has(tag)) await makeLocalTag(root, tag, commit ?? "HEAD");
  if (protocol.version === "v2")
    await writeOutput(
      protocol.output,
      told.map(({ tag, name }) => `${JSON.stringify({ type: "git-tag", tag, packageName: name })}\n`).join(""),
    );
  return { protocol: protocol.version, tags: told, warnings };
}

async function readHead(root: string): Promise<string | undefined> {
  const { code, stdout } = await runGit(root, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
  return code === 0 ? stdout.toString("utf8").trim() : undefined;
}

/** The commit of each local git tag. */
async function readLocalTags(root: string): Promise<ReadonlyMap<string, string>> {
  const format = "--format=%(refname:strip=2) %(objectname) %(*objectname)";
  const { code, stdout } = await runGit(root, ["for-each-ref", format, "refs/tags"]);
  if (code !== 0) return new Map();
  const lines = stdout.toString("utf8").split("\n").filter(Boolean);
  return new Map(
    lines.map((line) => {
      const [name = "", object = "", peeled = ""] = line.split(" ");
      return [name, peeled === "" ? object : peeled];
    }),
  );
}

/** The registry says which commit a version is from that an earlier attempt, or somebody else, has sent. */
async function readGitHeads({ report, registries }: AnnouncementRequest): Promise<ReadonlyMap<string, string>> {
  const found = report.versions.filter(({ status, how }) => isShown(status) && how !== "published");
  const heads = new Map<string, string>();
  await mapAtOnce(found, 16, async ({ name, version, registry }) => {
    const reading = await registries.get(registry).readPackument(name, "fresh");
    const gitHead = reading.kind === "shown" ? reading.value.versions.get(version)?.gitHead : undefined;
    if (gitHead !== undefined) heads.set(formatSpec(name, version), gitHead);
  });
  return heads;
}

/**
 * An annotated tag, as `changeset publish` makes it, for the action to push; a plain one where git knows nobody to sign it with a
 * name. It goes nowhere by itself.
 */
async function makeLocalTag(root: string, tag: string, commit: string): Promise<void> {
  const annotated = await runGit(root, ["tag", "--annotate", "--no-sign", "--message", tag, "--", tag, commit]);
  if (annotated.code === 0) return;
  const plain = await runGit(root, ["tag", "--no-sign", "--", tag, commit]);
  if (plain.code === 0) return;
  fail(
    "SLIP_GIT_FAILED",
    `the git tag ${tag} could not be made for changesets/action: ${plain.stderr.split("\n")[0]}`,
    {
      hint: "everything is published: run the same command again",
    },
  );
}

const reasons: Readonly<Record<UntoldTag["why"], string>> = {
  unclean: "released from a work tree with changes, so no commit is what was released",
  elsewhere: "made from another commit than the one that is checked out, which `slipway tag` can find",
  unknown: "nothing says from which commit",
  unread: "sent by an earlier attempt, and the remote's tags cannot be read; running this again tells it",
  moved: "a local git tag of this name is at another commit: delete it with `git tag --delete`",
  root: "the root of the workspace, which Changesets does not take for a package",
};

const specsShownMax = 5;

function describeUntold(untold: readonly UntoldTag[]): string[] {
  return [...Map.groupBy(untold, ({ why }) => why)].map(([why, items]) => {
    const more = items.length > specsShownMax ? ` and ${items.length - specsShownMax} more` : "";
    const names = items.slice(0, specsShownMax).map(({ spec }) => spec);
    return `changesets/action is not told of ${names.join(", ")}${more}: ${reasons[why]}`;
  });
}

/** Takes from text what v1 would read as one of its lines: a file's or a registry's words must make no git tag. */
export function withoutTagLines(text: string): string {
  return text.replaceAll("New tag:", "new tag:");
}

/** The lines that v1 reads, with the two blanks that `changeset publish` 2 prints. */
export function formatTagLines({ tags }: Announcement): string {
  return tags.map(({ tag }) => `New tag:  ${tag}`).join("\n");
}
