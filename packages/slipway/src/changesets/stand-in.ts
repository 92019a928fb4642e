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
  ProblemsError,
  type Report,
  type ToldTag,
  type UntoldTag,
} from "@slipway/core";
import { openRemote, readRemoteTags } from "../git-remote.ts";
import { findMaker, type Maker, writeTag } from "../git-tags.ts";
import { runGit } from "../git.ts";
import type { Registries } from "../registries.ts";
import { mapAtOnce } from "../map-at-once.ts";
import { type ChangesetsMode, type Environment, findProtocol, type Protocol } from "./protocol.ts";

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

export interface StandIn {
  readonly protocol: Protocol;
  readonly plan: Plan;
  /** A folder of the checkout that the action tags. */
  readonly root: string;
  readonly registries: Pick<Registries, "get">;
  readonly env: Environment;
}

/** Undefined where changesets/action does not run this; it only runs where there is a `.changeset`. */
export function openStandIn(mode: ChangesetsMode, place: Omit<StandIn, "protocol">): StandIn | undefined {
  const protocol = place.plan.changesets === undefined ? undefined : findProtocol(mode, place.env);
  return protocol === undefined ? undefined : { ...place, protocol };
}

/** Refuses, before anything is sent, what could not be told afterwards. */
export async function assertTellable(standIn: StandIn | undefined, isJson: boolean): Promise<void> {
  if (standIn === undefined) return;
  const { protocol, plan, root } = standIn;
  // Standard output belongs to data with `--json`, and v1 reads nothing else.
  if (isJson && protocol.version === "v1")
    fail("SLIP_USAGE", "changesets/action v1 reads the git tags from the lines of standard output, which --json has", {
      hint: "leave out --json (report.json in the release folder has the same), or pass --changesets off",
    });
  const uploads = plan.steps.filter((step) => step.goal.kind === "publish" && step.from === undefined);
  if (plan.source.isClean || uploads.length === 0) return;
  // Snapshots are made from versions that nobody commits, and get no git tags.
  const template = plan.changesets?.snapshotTemplate;
  if (uploads.every(({ version }) => findSnapshotTag(version, template) !== undefined)) return;
  const { stdout } = await runGit(root, ["status", "--porcelain", "--", ":/", ":(top,exclude,glob)**/.slipway/**"]);
  const changes = stdout.toString("utf8").split("\n").filter(Boolean);
  const details = [...changes.slice(0, changesShownMax), ...(changes.length > changesShownMax ? ["…"] : [])];
  const message = "changesets/action would tag a commit that is not what is released: the work tree has changes";
  fail("SLIP_CHANGESETS_UNCLEAN", message, { details });
}

const changesShownMax = 10;

/** What the action was told. */
export interface Announcement {
  readonly protocol: "v1" | "v2";
  readonly tags: readonly ToldTag[];
  readonly warnings: readonly string[];
}

/** Tells v2, and says what v1 is to be told on standard output. */
export async function announce(standIn: StandIn, report: Report): Promise<Announcement> {
  const { protocol, plan, root, env, registries } = standIn;
  const nothing = { protocol: protocol.version, tags: [], warnings: [] };
  if (!report.isComplete) return nothing;
  const [remote, commit, localTags, gitHeads] = await Promise.all([
    askRemote(root, env),
    readHead(root),
    readLocalTags(root),
    readGitHeads(report, registries),
  ]);
  const { told, untold } = findToldTags(plan, report, { commit, remoteTags: remote.tags, localTags, gitHeads });
  const warnings = describeUntold(untold);
  if (remote.reason !== undefined)
    warnings.push(`${remote.reason}: changesets/action is told only of what this run has sent`);
  const maker = await findMaker(root, env);
  for (const { tag } of told) if (!localTags.has(tag)) await makeLocalTag(root, tag, commit ?? "HEAD", maker);
  if (protocol.version === "v2")
    await writeOutput(
      protocol.output,
      told.map(({ tag, name }) => `${JSON.stringify({ type: "git-tag", tag, packageName: name })}\n`).join(""),
    );
  return { protocol: protocol.version, tags: told, warnings };
}

interface RemoteAnswer {
  /** Undefined where they could not be read, which says nothing about which there are. */
  readonly tags: ReadonlySet<string> | undefined;
  /** Why they could not be read. */
  readonly reason: string | undefined;
}

const remoteTimeoutMs = 120_000;

/** Only tags of the remote count: one that an earlier attempt has made here may never have been pushed. */
async function askRemote(root: string, env: Environment): Promise<RemoteAnswer> {
  try {
    const opened = await openRemote(root, env, remoteTimeoutMs);
    return { tags: new Set((await readRemoteTags(opened)).keys()), reason: undefined };
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return { tags: undefined, reason: error.problems[0]?.message };
  }
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
async function readGitHeads(report: Report, registries: StandIn["registries"]): Promise<ReadonlyMap<string, string>> {
  const found = report.versions.filter(({ status, how }) => isShown(status) && how !== "published");
  const heads = new Map<string, string>();
  await mapAtOnce(found, 16, async ({ name, version, registry }) => {
    const reading = await registries.get(registry).readPackument(name, "fresh");
    const gitHead = reading.kind === "shown" ? reading.value.versions.get(version)?.gitHead : undefined;
    if (gitHead !== undefined) heads.set(formatSpec(name, version), gitHead);
  });
  return heads;
}

/** An annotated tag, as `changeset publish` makes it, for the action to push; it goes nowhere by itself. */
async function makeLocalTag(root: string, tag: string, commit: string, maker: Maker): Promise<void> {
  const reason = await writeTag(root, { tag, commit, message: tag }, maker);
  if (reason !== undefined)
    fail("SLIP_GIT_FAILED", `the git tag ${tag} could not be made for changesets/action: ${reason}`, {
      hint: "everything is published: set user.name and user.email for git, or the key that tag.gpgSign asks for, and run the same command again",
    });
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
