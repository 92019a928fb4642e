/**
 * Which commit a plan is narrowed by, of what an event says and git answers. Pure. Where no answer is certain, the base is rather too old
 * than too new: what it then lets through is already published, while what it hides is not released. None at all is a problem.
 */
import { type CiEvent, type CiHost, type EventBase, remoteBranch } from "./ci-event.ts";
import { type Problem, problem, type ProblemExtras } from "./problem.ts";

/** What git says of one revision. */
export interface CommitAnswer {
  /** Full object id. */
  readonly id: string;
  /** Where it and HEAD parted: itself, where HEAD comes after it. Undefined where they share no history here. */
  readonly mergeBase: string | undefined;
  /** Commits that HEAD has and it has not. */
  readonly ahead: number;
}

export interface GitAnswers {
  readonly head: string | undefined;
  /** Parents of HEAD as its object names them, also where a shallow clone lacks them. */
  readonly parents: readonly string[];
  readonly isShallow: boolean;
  /** By the revision that was asked for; one that is not here has none. */
  readonly commits: ReadonlyMap<string, CommitAnswer>;
  /** The nearest release tag that HEAD comes after; those at HEAD belong to the release that is being made. */
  readonly releaseTag: { readonly name: string; readonly commit: string } | undefined;
}

export type BaseDecision =
  | { readonly kind: "found"; readonly commit: string; readonly how: string }
  | { readonly kind: "problem"; readonly problem: Problem };

function found(commit: string, how: string): BaseDecision {
  return { kind: "found", commit, how };
}

function refused(message: string, extras: ProblemExtras = {}): BaseDecision {
  return { kind: "problem", problem: problem("SLIP_BASE_INVALID", message, extras) };
}

const leaveOut = "leave --base out: then the registry says what is missing";

/** How to get the history that a clone was made without. */
export function deepen(host: CiHost | undefined): string {
  switch (host) {
    case "GitHub":
      return "give actions/checkout `fetch-depth: 0`";
    case "GitLab":
      return 'set the variable `GIT_DEPTH: "0"` for the job';
    case undefined:
      return "run `git fetch --unshallow --tags` (on GitHub `fetch-depth: 0`, on GitLab `GIT_DEPTH: 0`)";
  }
}

/** What `--base auto` stands for. */
export function decideBase(event: CiEvent, git: GitAnswers): BaseDecision {
  const decision = decide(event, event.base, git);
  // Compared with itself nothing has changed, which is how a job turns green without having released anything.
  if (decision.kind === "found" && decision.commit === git.head)
    return refused(`the base ${decision.commit} (${decision.how}) is the commit that is checked out`, {
      hint: `check out the commit that the event is about, or ${leaveOut}`,
    });
  return decision;
}

function decide(event: CiEvent, base: EventBase, git: GitAnswers): BaseDecision {
  switch (base.kind) {
    case "none":
      return refused(`--base auto found no base: ${base.message}`, base.hint === undefined ? {} : { hint: base.hint });
    case "release-tag":
      return decideByTag(event, base.event, git);
    case "before":
    case "given":
      return decideGiven(event, base, git);
    case "request":
      return decideRequest(event, base, git);
    case "merged":
      return decideMerged(event, base, git);
  }
}

function decideByTag({ host }: CiEvent, what: string | undefined, { releaseTag, isShallow }: GitAnswers): BaseDecision {
  if (releaseTag !== undefined) return found(releaseTag.commit, `the last release tag, ${releaseTag.name}`);
  const reason = isShallow ? "this shallow clone has no release tag" : "no release tag can be reached";
  const no = what === undefined ? "no CI event names a commit" : `${what} names no commit`;
  return refused(`--base auto found no base: ${reason} before HEAD, and ${no}`, {
    hint: isShallow ? `${deepen(host)}, or ${leaveOut}` : leaveOut,
  });
}

function describe(commit: string, how: string): string {
  return `the base ${JSON.stringify(commit)} (${how})`;
}

/** A commit that HEAD must come after. */
function decideGiven(
  { host }: CiEvent,
  base: EventBase & { readonly kind: "before" | "given" },
  git: GitAnswers,
): BaseDecision {
  const { commit, how } = base;
  const answer = git.commits.get(commit);
  const isForced = base.kind === "before" && base.isForced;
  if (answer === undefined) return missing(commit, how, { host, git, isPush: base.kind === "before" });
  if (answer.mergeBase === answer.id) return found(answer.id, how);
  if (git.isShallow && !isForced)
    return refused(`${describe(commit, how)} cannot be reached from HEAD, because the clone is shallow`, {
      hint: `${deepen(host)}, or ${leaveOut}`,
    });
  const why = isForced ? ": the branch was force-pushed" : "";
  const parted =
    answer.mergeBase === undefined ? "" : `compare with where they parted: --base ${answer.mergeBase}; or `;
  return refused(`${describe(commit, how)} is not in the history of the commit that is checked out${why}`, {
    hint: `${parted}${leaveOut}`,
  });
}

interface Surroundings {
  readonly host: CiHost | undefined;
  readonly git: GitAnswers;
  readonly isPush: boolean;
}

/** Of a clone with all its history, a branch's earlier commit can only be missing because the branch was rewritten. */
function missing(commit: string, how: string, { host, git, isPush }: Surroundings): BaseDecision {
  if (git.isShallow)
    return refused(`${describe(commit, how)} is not in this shallow clone`, {
      hint: `${deepen(host)} (here: \`git fetch --unshallow\`), or ${leaveOut}`,
    });
  if (!isPush) return refused(`${describe(commit, how)} is not a commit of this repository`, { hint: leaveOut });
  return refused(
    `${describe(commit, how)} is gone: the branch was force-pushed, and nothing that was fetched leads to it any more`,
    { hint: `${leaveOut}; or pass a commit that is still there: --base <rev>` },
  );
}

/**
 * With the merge commit checked out, its first parent is what it was merged into. With the branch itself checked out, it is where the
 * branch parted; the event's base can be older than that where the branch has taken over later commits.
 */
function decideRequest(
  { host }: CiEvent,
  base: EventBase & { readonly kind: "request" },
  git: GitAnswers,
): BaseDecision {
  const [first, second] = git.parents;
  if (first !== undefined && second !== undefined && second === base.head) {
    const how = "the first parent of the pull request's merge commit";
    return git.commits.has(first) ? found(first, how) : missing(first, how, { host, git, isPush: false });
  }
  const asked = [base.commit, ...(base.into === undefined ? [] : [remoteBranch(base.into)])];
  const partings = asked.flatMap((revision) => {
    const answer = git.commits.get(revision);
    // A branch that has come past HEAD, because the request is merged by now, says nothing.
    if (answer?.mergeBase === undefined || answer.mergeBase === git.head) return [];
    return [{ commit: answer.mergeBase, ahead: answer.ahead, isEvent: revision === base.commit }];
  });
  const nearest = partings.reduce<(typeof partings)[number] | undefined>(
    (best, item) => (best === undefined || item.ahead < best.ahead ? item : best),
    undefined,
  );
  if (nearest === undefined) {
    if (git.commits.get(base.commit) === undefined) return missing(base.commit, base.how, { host, git, isPush: false });
    const reason = git.isShallow ? "because the clone is shallow" : "they share no history";
    return refused(`${describe(base.commit, base.how)} cannot be reached from HEAD, ${reason}`, {
      hint: git.isShallow ? `${deepen(host)}, or ${leaveOut}` : leaveOut,
    });
  }
  return found(nearest.commit, nearest.isEvent ? base.how : `where HEAD parted from origin/${base.into}`);
}

/**
 * A merge commit's first parent is what the branch was at. Squashed and rebased ones look alike: the branch was then at the event's base,
 * or later if that is stale, and as many commits back as the request had, or later if it was squashed. The nearer of both misses nothing.
 */
function decideMerged(event: CiEvent, base: EventBase & { readonly kind: "merged" }, git: GitAnswers): BaseDecision {
  const { merge, commitCount } = base;
  const mergeHow = "pull_request.merge_commit_sha of the GitHub event";
  const merged = git.commits.get(merge);
  if (merged === undefined) return missing(merge, mergeHow, { host: event.host, git, isPush: true });
  if (merged.mergeBase !== merged.id)
    return refused(`what is checked out does not come after ${merge} (${mergeHow})`, {
      hint: `check out the branch that the pull request was merged into, or ${leaveOut}`,
    });
  const first = git.commits.get(`${merge}^1`);
  if (first !== undefined && (commitCount === 1 || git.commits.has(`${merge}^2`)))
    return found(first.id, "what the pull request was merged into: the first parent of its merge_commit_sha");
  const how = "pull_request.base.sha of the GitHub event";
  const stale = git.commits.get(base.base);
  const counted = commitCount === undefined ? undefined : git.commits.get(`${merge}~${commitCount}`);
  const isUsable = (answer: CommitAnswer | undefined): answer is CommitAnswer =>
    answer !== undefined && answer.mergeBase === answer.id && answer.ahead > merged.ahead;
  if (isUsable(counted) && (!isUsable(stale) || counted.ahead < stale.ahead))
    return found(counted.id, `what was there ${commitCount} commits, those of the pull request, before its merge`);
  if (isUsable(stale)) return found(stale.id, how);
  return missing(base.base, how, { host: event.host, git, isPush: true });
}

/** Where the branch of an event has been seen beyond the commit that is checked out. */
export interface BehindAnswer {
  readonly tip: string;
  /** Commits of the branch that HEAD has not. */
  readonly count: number;
}

/** What a person should know who runs an old job again, or lets one wait for another. */
export function describeCheckout(
  event: CiEvent,
  head: string | undefined,
  behind: BehindAnswer | undefined,
): readonly string[] {
  const warnings: string[] = [];
  if (behind !== undefined && event.branch !== undefined) {
    const commits = behind.count === 1 ? "1 commit" : `${behind.count} commits`;
    warnings.push(
      `the commit that is checked out is not the newest of ${event.branch}: ${commits} ${behind.count === 1 ? "comes" : "come"} after it, up to ${behind.tip.slice(0, 12)}; what is released is the older state`,
    );
  }
  const { testedCommit } = event;
  if (testedCommit !== undefined && head !== undefined && testedCommit !== head)
    warnings.push(
      `the workflow whose end is the event ran on ${testedCommit.slice(0, 12)}, and ${head.slice(0, 12)} is checked out: what was tested is not what is released`,
    );
  return warnings;
}
