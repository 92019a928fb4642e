/**
 * From versions that were read back to git tags and releases. Core decides which; here they are made, converging on what the remote and the
 * host show. Nothing is journalled: both can be asked what is there, and a second run makes nothing twice.
 */
import {
  type Clock,
  decideTags,
  findChangelogSection,
  formatSpec,
  type GitTag,
  type Limits,
  parseSpec,
  pickLatest,
  problem,
  type Problem,
  ProblemsError,
  type ReleaseHost,
  type Spec,
  type TaggableVersion,
  type TagForm,
  type Verification,
} from "@slipway/core";
import { areCommitsHere, readCommitTimes, readFileAt } from "./git.ts";
import { openRemote, readRemoteTags } from "./git-remote.ts";
import { pushTags } from "./git-tags.ts";
import type { ReleaseAsset, ReleaseOutcome } from "./hosting/github-releases.ts";

export interface TaggingRequest {
  /** Work tree of the repository. */
  readonly root: string;
  readonly form: TagForm;
  readonly releases: ReleaseHost;
  readonly verifications: readonly Verification[];
  /** The release's own commit, for versions whose registry keeps none; its specs are `ours`. */
  readonly release: { readonly commit: string; readonly specs: ReadonlySet<Spec> } | undefined;
  /** Folder of each package below `root`, posix, where its changelog is. */
  readonly dirs: ReadonlyMap<string, string>;
  readonly repository: string | undefined;
  /** What a release of these versions carries. */
  readonly assetsOf: (specs: readonly Spec[]) => Promise<readonly ReleaseAsset[]>;
  readonly dryRun: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly signal: AbortSignal;
  readonly onTagged: (tag: GitTag) => void;
  readonly onReleased: (outcome: ReleaseOutcome) => void;
}

export interface TagOutcome {
  readonly tag: string;
  readonly commit: string;
  readonly specs: readonly Spec[];
  /** `planned`: a dry run would make it. */
  readonly result: "created" | "there" | "planned" | "failed";
}

export interface Tagging {
  readonly form: TagForm;
  readonly tags: readonly TagOutcome[];
  readonly releases: readonly ReleaseOutcome[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

export async function tagRelease(request: TaggingRequest): Promise<Tagging> {
  const { form, root, env, dryRun, limits, signal, onTagged } = request;
  if (form === "none") return { form, tags: [], releases: [], problems: [], warnings: [] };
  const remote = await openRemote(root, env, limits.uploadTimeoutMs);
  const versions = await describeVersions(request);
  const { create, there, problems, warnings } = decideTags({ form, versions, existing: await readRemoteTags(remote) });
  const pushed = dryRun
    ? { pushed: [], problems: [] }
    : await pushTags({ remote, tags: create, env, signal, onPushed: onTagged });
  const made = new Set(pushed.pushed);
  const result = (tag: GitTag): TagOutcome["result"] => (made.has(tag) ? "created" : dryRun ? "planned" : "failed");
  const tags = [
    ...there.map((item): TagOutcome => ({ ...nameTag(item), result: "there" })),
    ...create.map((item): TagOutcome => ({ ...nameTag(item), result: result(item) })),
  ];
  const ready = [...there, ...(dryRun ? create : pushed.pushed)];
  const released = await releaseTags(request, ready);
  return {
    form,
    tags,
    releases: released.outcomes,
    problems: [...problems, ...pushed.problems, ...released.problems],
    warnings: [...warnings, ...released.warnings],
  };
}

function nameTag({ tag, commit, specs }: GitTag): Omit<TagOutcome, "result"> {
  return { tag, commit, specs };
}

async function describeVersions({ root, verifications, release }: TaggingRequest): Promise<readonly TaggableVersion[]> {
  const commitOf = ({ name, version, gitHead }: Verification): string | undefined =>
    gitHead ?? (release?.specs.has(formatSpec(name, version)) === true ? release.commit : undefined);
  const here = await areCommitsHere(
    root,
    verifications.flatMap((item) => commitOf(item) ?? []),
  );
  return verifications.map((item) => {
    const commit = commitOf(item);
    return {
      name: item.name,
      version: item.version,
      shown: judge(item),
      commit,
      isCommitHere: commit === undefined ? undefined : here.get(commit),
      isLatest: item.distTags.includes("latest"),
    };
  });
}

/** Where a version came from is not a question of whether it is shown. */
function judge({ checks }: Verification): TaggableVersion["shown"] {
  const results = new Set(checks.filter(({ facet }) => facet !== "origin").map(({ result }) => result));
  return results.has("failed") ? "failed" : results.has("unknown") ? "unknown" : "yes";
}

interface Released {
  readonly outcomes: readonly ReleaseOutcome[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

async function releaseTags(request: TaggingRequest, tags: readonly GitTag[]): Promise<Released> {
  const outcomes: ReleaseOutcome[] = [];
  const end = (problems: readonly Problem[]): Released => ({ outcomes, problems, warnings: warnOfDrafts(outcomes) });
  if (request.releases === "none" || tags.length === 0) return end([]);
  try {
    const releaser = await openReleaser(request, tags);
    for (const tag of tags) {
      if (request.signal.aborted) return end([problem("SLIP_INTERRUPTED", `there is no release of ${tag.tag} yet`)]);
      const outcome = await releaser(tag);
      outcomes.push(outcome);
      if (!request.dryRun) request.onReleased(outcome);
    }
    return end([]);
  } catch (error) {
    if (error instanceof ProblemsError) return end(error.problems);
    throw error;
  }
}

/** Reads what the host shows; what comes back makes one release, or says what would be done. */
async function openReleaser(
  request: TaggingRequest,
  tags: readonly GitTag[],
): Promise<(tag: GitTag) => Promise<ReleaseOutcome>> {
  const { root, env, repository, clock, limits, signal, dryRun } = request;
  const [{ openGithub }, releases] = await Promise.all([
    import("./hosting/github.ts"),
    import("./hosting/github-releases.ts"),
  ]);
  const github = openGithub({ env, remote: repository, clock, limits, signal });
  const shown = await releases.readReleases(github);
  const times = await readCommitTimes(
    root,
    tags.map(({ commit }) => commit),
  );
  const latest = pickLatest(tags, times, await releases.readLatest(github));
  return async (tag) => {
    const found = releases.findRelease(shown, tag.tag);
    const foreseen = releases.foreseeRelease(found, tag.tag);
    const isOpen = foreseen.result === "created" || foreseen.result === "completed";
    if (!isOpen || dryRun) return foreseen;
    const notes = await writeNotes(root, tag, request.dirs);
    const assets = await request.assetsOf(tag.specs);
    return releases.ensureRelease(github, { tag, notes, assets, isLatest: tag.tag === latest }, found);
  };
}

function warnOfDrafts(outcomes: readonly ReleaseOutcome[]): readonly string[] {
  return outcomes
    .filter(({ result }) => result === "left")
    .map(({ tag }) => `somebody has drafted a release of ${tag}: it is left to them`);
}

/** What the changelogs say, as they stand at the tagged commit. */
async function writeNotes(root: string, { specs, commit }: GitTag, dirs: ReadonlyMap<string, string>): Promise<string> {
  const sections: string[] = [];
  for (const spec of specs) {
    const { name, version = "" } = parseSpec(spec);
    const dir = dirs.get(name);
    const path = dir === undefined || dir === "." ? "CHANGELOG.md" : `${dir}/CHANGELOG.md`;
    const changelog = (await readFileAt(root, [commit], path)).get(commit);
    const section = changelog === undefined ? undefined : findChangelogSection(changelog, version);
    const text = section ?? `${spec} has no entry in its changelog.`;
    sections.push(specs.length === 1 ? text : `## ${spec}\n\n${text}`);
  }
  return sections.join("\n\n");
}
