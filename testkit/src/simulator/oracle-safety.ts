/** The oracle's rules about whole runs and about the registry: what is claimed, what is shown, what ends. */
import { parseSpec } from "@slipway/core";
import semver from "semver";
import type { RunRecord } from "./history.ts";
import type { SimPackage, SimSource } from "./machine.ts";
import {
  type Judged,
  type Rule,
  durableEvents,
  hasDownloaded,
  looksAt,
  wasCorrupted,
  readsOf,
  uploadsOf,
  writesOf,
} from "./oracle-view.ts";
import { integrityOfStored, listSim } from "./sim-tarball.ts";

function eachRun(ask: (run: RunRecord, judged: Judged) => readonly string[]): Rule["check"] {
  return (judged) =>
    judged.history.runs.flatMap((run) => ask(run, judged).map((message) => `${run.process}: ${message}`));
}

/** I1: whatever this release makes visible, everything it needs can be installed at that instant. */
function closesAtEveryInstant({ world, history, code }: Judged): readonly string[] {
  const machines = new Set(history.runs.map(({ machine }) => machine));
  const names = new Set(code.packages.map(({ item }) => item.name));
  return world.changes.flatMap((change) => {
    if (change.kind !== "version-shown" || !machines.has(change.actor)) return [];
    const shown = world.stateOf(change.name, change.at)?.versions.get(change.version ?? "");
    const needs = shown?.manifest["dependencies"];
    if (typeof needs !== "object" || needs === null) return [];
    return Object.entries(needs).flatMap(([name, range]) => {
      if (!names.has(name) || typeof range !== "string") return [];
      const installable = [...(world.stateOf(name, change.at)?.versions.values() ?? [])].some(
        (item) =>
          semver.satisfies(item.version, range) &&
          item.bytes !== undefined &&
          (integrityOfStored(item.bytes) === item.integrity || wasCorrupted(world, name, item.version)),
      );
      return installable
        ? []
        : [`${change.name}@${change.version} was shown before ${name}@${range} could be installed`];
    });
  });
}

/** I2: a version has one sha512 for ever. */
function keepsContents({ world, history }: Judged): readonly string[] {
  const machines = new Set(history.runs.map(({ machine }) => machine));
  const first = new Map<string, string | undefined>();
  return world.changes.flatMap((change) => {
    if (change.kind !== "version-taken") return [];
    const spec = `${change.name}@${change.version}`;
    if (!first.has(spec)) first.set(spec, change.integrity);
    return first.get(spec) === change.integrity || !machines.has(change.actor)
      ? []
      : [`${spec} was taken a second time with other bytes`];
  });
}

/** I4: tags that this release moved are those of its plan, or the one that a first version becomes by itself. */
function movesPlannedTags({ world, history }: Judged): readonly string[] {
  return world.changes.flatMap((change) => {
    if (change.kind !== "tag-moved" && change.kind !== "tag-removed") return [];
    const runs = history.runs.filter(({ machine }) => machine === change.actor);
    if (runs.length === 0) return [];
    const isPlanned = runs.some(({ plan }) =>
      plan?.steps.some(
        ({ name, version, goal }) =>
          name === change.name &&
          ((goal.kind === "publish" && goal.sendTag === change.tag && version === change.version) ||
            (goal.kind === "dist-tag" && goal.tag === change.tag && goal.to === change.version)),
      ),
    );
    const isFirst = change.tag === "latest" && change.from === undefined;
    return isPlanned || isFirst ? [] : [`${change.actor} moved ${change.tag} of ${change.name} to ${change.version}`];
  });
}

/** Rule 8 and I6: what is said to be done was shown and downloaded by this run, and is there. */
const provesWhatItSays = eachRun((run, { world }) => {
  const endedAt = run.endedAt ?? 0;
  const steps = run.plan?.steps ?? [];
  return steps.flatMap((step) => {
    const status = run.statuses.get(step.id);
    const isClaimed = status === "done" || status === "superseded" || run.exitCode === 0;
    if (!isClaimed) return [];
    if (step.goal.kind === "publish") {
      const shown = world.stateOf(step.name, endedAt)?.versions.get(step.version);
      if (shown === undefined) return [`${step.id} counts as ${status}, but is not on the registry`];
      // It was right when this run downloaded it; two uploads at once have broken it since.
      const isCorruptedSince =
        shown.bytes !== undefined &&
        wasCorrupted(world, step.name, step.version) &&
        hasDownloaded(run, step.name, step.version, shown.integrity, endedAt);
      if (isCorruptedSince) return [];
      if (shown.bytes === undefined || integrityOfStored(shown.bytes) !== shown.integrity)
        return [`${step.id} counts as ${status}, but cannot be installed`];
      return hasDownloaded(run, step.name, step.version, shown.integrity, endedAt)
        ? []
        : [`${step.id} counts as ${status}, but its tarball was not downloaded`];
    }
    if (step.goal.kind !== "dist-tag") return [];
    const { tag, to } = step.goal;
    const isSeen = looksAt(run, step.name, endedAt).some((look) => {
      const seen = look.tags.get(tag);
      return seen === to || (seen !== undefined && to !== undefined && semver.gt(seen, to));
    });
    return isSeen ? [] : [`${step.id} counts as ${status}, but no look past the caches showed it`];
  });
});

/** I6, the other way: exit 0 when every step is shown; 3 only while nothing is known to be wrong. */
const exitsTruly = eachRun((run) => {
  if (run.exitCode === undefined || run.statuses.size === 0) return [];
  const statuses = (run.plan?.steps ?? []).map((step) => run.statuses.get(step.id) ?? "");
  const isAllShown = statuses.every((status) => status === "done" || status === "superseded");
  const isWrong = statuses.some((status) =>
    ["failed", "conflict", "corrupt", "wedged", "stale", "blocked"].includes(status),
  );
  const right = isAllShown ? 0 : isWrong ? 1 : 3;
  // A problem without a failed step (a tag that cannot be proven) may make a 3 a 1.
  const isRight = run.exitCode === right || (right === 3 && run.exitCode === 1 && run.problems.length > 0);
  return isRight ? [] : [`exit ${run.exitCode} with ${statuses.join(", ")}`];
});

/** I17: contents that this machine did not pack count only when they are equal, or were judged and recorded. */
const bindsOnlyItsOwn = eachRun((run, judged) => {
  const endedAt = run.endedAt ?? 0;
  return (run.plan?.steps ?? []).flatMap((step) => {
    if (step.goal.kind !== "publish" || run.statuses.get(step.id) !== "done") return [];
    const spec = `${step.name}@${step.version}`;
    const shown = judged.world.stateOf(step.name, endedAt)?.versions.get(step.version);
    if (shown?.bytes === undefined || shown.integrity === run.packed.get(spec)) return [];
    const known = [...run.inherited, ...durableEvents(run, endedAt)];
    const isRecorded = known.some(
      (event) => event.type === "bound" && event.step === step.id && event.integrity === shown.integrity,
    );
    if (!isRecorded) return [`${spec} is done with bytes of others, and no line binds them`];
    const ours = run.tarballs.get(spec);
    if (ours !== undefined && JSON.stringify(listSim(ours.bytes)) === JSON.stringify(listSim(shown.bytes))) return [];
    const source = judged.code.packages.find(({ item }) => item.name === step.name);
    const served = listSim(shown.bytes).manifest;
    if (JSON.stringify(served) !== JSON.stringify(source?.manifest))
      return [`${spec} was bound although its manifest differs`];
    const isWritten = known.some((event) => event.type === "write-started" && event.integrity === shown.integrity);
    const isSameCommit = shown.gitHead === judged.code.source.commit && judged.code.source.isClean;
    return isWritten || isSameCommit ? [] : [`${spec} was bound although nothing shows that this commit made it`];
  });
});

/** How many packages of the plan wait for this one, one after the other. */
function chainOf(name: string, planned: readonly SimPackage[]): number {
  const dependents = planned.filter(({ item }) => item.dependencies.some((needed) => needed.name === name));
  return dependents.reduce((longest, { item }) => Math.max(longest, 1 + chainOf(item.name, planned)), 0);
}

/** Rule 6, where one request at a time makes it visible: of those that may be sent, the longest chain goes first. */
const startsWithTheLongestChain = eachRun((run, { code, limits }) => {
  const isQuiet = run.entries.every((entry) => entry.type === "append" || entry.record.fault === undefined);
  if (limits.concurrency !== 1 || !isQuiet || run.inherited.length > 0) return [];
  const names = new Set(run.plan?.steps.map(({ name }) => name));
  const planned = code.packages.filter(({ item }) => names.has(item.name));
  const uploads = uploadsOf(run);
  return uploads.flatMap((write, index) =>
    uploads
      .slice(index + 1)
      // What had been sent before is waiting for its own absence to last.
      .filter((later) => !uploads.slice(0, index).some((earlier) => earlier.name === later.name))
      .filter((later) => isReady(later.name, write.sentAt, run, code))
      .filter((later) => chainOf(later.name, planned) > chainOf(write.name, planned))
      .map((later) => `${write.name} was sent before ${later.name}, which more packages wait for`),
  );
});

/** True when all that a package depends on was shown as installs are shown it, and downloaded, by `at`. */
function isReady(name: string, at: number, run: RunRecord, code: SimSource): boolean {
  const source = code.packages.find(({ item }) => item.name === name);
  return (source?.item.dependencies ?? []).every((needed) => {
    const version = code.packages.find(({ item }) => item.name === needed.name)?.item.version ?? "";
    const isRead = (wanted: "plain" | "tarball"): boolean =>
      readsOf(run).some(
        ({ facet, name: read, answeredAt, versions }) =>
          facet === wanted && read === needed.name && versions.has(version) && (answeredAt ?? at) < at,
      );
    return isRead("plain") && isRead("tarball");
  });
}

/** Rule 7: a failure stops what depends on it, and only that. */
const goesOnBesideFailures = eachRun((run, { code }) => {
  const steps = run.plan?.steps ?? [];
  const publishes = steps.filter((step) => step.goal.kind === "publish");
  const statusOf = (name: string): string => {
    const version = code.packages.find(({ item }) => item.name === name)?.item.version;
    const ids = [`publish:${name}@${version}`, `kept:${name}@${version}`];
    return ids.map((id) => run.statuses.get(id)).find((status) => status !== undefined) ?? "done";
  };
  // A plan that is refused as a whole writes nothing at all.
  const isRefused = [...run.statuses.values()].some((status) => ["stale", "conflict", "corrupt"].includes(status));
  if (run.exitCode !== 1 || isRefused || !run.isFinished || writesOf(run).length === 0) return [];
  return publishes.flatMap((step) => {
    const source = code.packages.find(({ item }) => item.name === step.name);
    const needs = (source?.item.dependencies ?? []).map(({ name }) => statusOf(name));
    const status = statusOf(step.name);
    if (needs.every((item) => item === "done"))
      return status === "blocked" || status === "ready" ? [`${step.id} was not tried`] : [];
    const isOwnFault = readsOf(run).some((read) => read.name === step.name && read.fault === "read-refused");
    return isOwnFault || uploadsOf(run).some((write) => write.name === step.name)
      ? []
      : status === "blocked" || status === "done"
        ? []
        : [`${step.id} is ${status}, not blocked`];
  });
});

const operationsMax = 20_000;

/** I18: a run ends within its limits. */
const staysWithinLimits = eachRun((run, { limits }) => {
  const lasted = (run.endedAt ?? run.startedAt) - run.startedAt;
  const messages: string[] = [];
  if (lasted > limits.waitTotalMs + 2 * limits.uploadTimeoutMs) messages.push(`lasted ${lasted} ms`);
  if (readsOf(run).length + writesOf(run).length > operationsMax) messages.push("made too many requests");
  return messages;
});

/**
 * L5: after a run that exits 0, running the same command again on that machine writes nothing. A package that a stranger
 * wrote meanwhile may need a tag of its own line.
 */
function writesNothingAgain({ history, world }: Judged): readonly string[] {
  return history.runs.flatMap((run, index) => {
    const before = history.runs.slice(0, index);
    if (!before.some((other) => other.machine === run.machine && other.exitCode === 0)) return [];
    // A package that a stranger wrote meanwhile may need a tag of its own line.
    const own = writesOf(run).filter(
      ({ name }) => !world.changes.some((change) => change.name === name && change.actor === strangerName),
    );
    return own.length > 0 ? [`${run.process}: wrote although the release was complete`] : [];
  });
}

/** L2: a run that does not end well says what is wrong, not only what waits for it. */
const namesTheCause = eachRun(({ exitCode, problems }) => {
  if (exitCode === undefined || exitCode === 0) return [];
  return problems.some((code) => code !== "SLIP_DEPENDENCY_FAILED") ? [] : [`exit ${exitCode} without a cause`];
});

/** L1: once faults have stopped, running the same command again ends with exit 0; what only a person can mend is excused. */
function converges(judged: Judged): readonly string[] {
  const { history } = judged;
  const last = new Map(history.runs.map((run) => [run.machine, run]));
  return [...last.values()].flatMap((run) => {
    if (run.exitCode === 0 || run.isAbandoned) return [];
    const left = [...run.statuses].filter(([, status]) => !["done", "superseded", "blocked"].includes(status));
    const open = left.filter(([id, status]) => !isExcused(judged, run, id, status));
    const isHopeless = run.plan === undefined && judged.world.changes.some(({ actor }) => actor === strangerName);
    if (isHopeless || (left.length > 0 && open.length === 0)) return [];
    const tried = history.runs
      .filter(({ machine }) => machine === run.machine)
      .map(({ exitCode }) => exitCode ?? "died");
    const what = open.map(([id, status]) => `${id} is ${status}`).join(", ");
    return [`${run.machine} ended ${tried.join(", ")}: ${what} (${[...new Set(run.problems)].join(", ")})`];
  });
}

export const strangerName = "stranger";

/** What no run of the same command can mend: a stranger's contents, a corrupt version, a stuck tarball of a lost journal. */
function isExcused(judged: Judged, run: RunRecord, id: string, status: string): boolean {
  const { world } = judged;
  const step = run.plan?.steps.find((item) => item.id === id);
  // A tag that is right already waits for its version, and counts for nothing without it.
  if (step?.goal.kind === "dist-tag" && status === "ready")
    return step.after.some((before) => isExcused(judged, run, before, run.statuses.get(before) ?? ""));
  const { name, version } = step ?? parseSpec(id.replace(/^kept:/, ""));
  const changes = world.changes.filter((change) => change.name === name);
  const own = changes.filter((change) => change.version === version);
  switch (status) {
    case "conflict": {
      const shown = world.stateOf(name)?.versions.get(version ?? "");
      const isOurs = shown?.integrity === run.packed.get(`${name}@${version}`);
      const mayBind = judged.identity === "source" && judged.code.source.isClean;
      return !isOurs && (!mayBind || shown?.gitHead !== judged.code.source.commit);
    }
    case "stale":
      return changes.some((change) => change.actor === strangerName);
    case "failed":
      return own.some((change) => change.kind === "version-blocked");
    case "corrupt":
      return own.some((change) => change.kind === "version-corrupted");
    case "wedged": {
      const stuck = own.findLast((change) => change.kind === "version-stuck");
      return stuck !== undefined && stuck.actor !== run.machine;
    }
    default:
      return false;
  }
}

export const safetyChecks: readonly Rule[] = [
  { id: "rule 6", check: startsWithTheLongestChain },
  { id: "rule 7", check: goesOnBesideFailures },
  { id: "rule 8, I6", check: provesWhatItSays },
  { id: "I1", check: closesAtEveryInstant },
  { id: "I2", check: keepsContents },
  { id: "I4", check: movesPlannedTags },
  { id: "I6", check: exitsTruly },
  { id: "I17", check: bindsOnlyItsOwn },
  { id: "I18", check: staysWithinLimits },
  { id: "L1", check: converges },
  { id: "L2", check: namesTheCause },
  { id: "L5", check: writesNothingAgain },
];
