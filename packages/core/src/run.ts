/**
 * The state of a release and what may be done next. `createRun` builds the state of a plan, `applyEvent` (fold.ts) changes
 * it, `decide` reads it. Nothing here knows the time but what it is told, and nothing waits.
 */

import type { Limits } from "./limits.ts";
import type { Plan } from "./plan.ts";
import type { Problem } from "./problem.ts";
import type { AnswerClass, WriteKind } from "./response.ts";
import { isFinal, type Status, type Step } from "./step.ts";

export interface Bound {
  readonly verdict: "same-files" | "same-source";
  readonly evidence: string;
  readonly files: readonly string[];
}

/** What is known of one step, or of one kept version that a step depends on. Changed only by `applyEvent`. */
export interface StepState {
  readonly step: Step;
  /** A version outside the plan that a step depends on: looked at, never written. */
  readonly isKept: boolean;
  readonly packageKey: string;
  /** Longest chain of steps that wait for this one. */
  height: number;
  status: Status;
  /** Since when the status holds, milliseconds since the epoch. */
  since: number;
  /** `sha512-…` that this version has to have: ours, or the bound one. */
  expected: string | undefined;
  bound: Bound | undefined;
  /** Requests sent for this step in all attempts. */
  writes: number;
  /** Requests sent in this attempt that count against the resends. */
  sends: number;
  /** Requests of this attempt that certainly did not land. */
  retries: number;
  readonly writtenIntegrities: Set<string>;
  /** A request was sent whose effect is neither seen nor excluded. */
  maybeApplied: boolean;
  /** The same, before the request that is under way or was answered last. */
  maybeAppliedBefore: boolean;
  /** An upload of this release may have left a stuck tarball: only then is a wedge ours to repair. */
  mayHaveWedged: boolean;
  answer: AnswerClass | undefined;
  isAsync: boolean;
  /** A refusal that says nothing yet, because an earlier request may have landed. */
  refusal: Problem | undefined;
  /** Last fresh reading in this attempt. */
  observedAt: number | undefined;
  /** Integrity or version last shown; null absent; undefined not known in this attempt. */
  shown: string | null | undefined;
  absentSince: number | undefined;
  needsJudging: boolean;
  /** The wait for a wedge is over: only the version document is still to be looked at. */
  isWedgeSuspect: boolean;
  needsRepair: boolean;
  repairs: number;
  lastWriteAt: number | undefined;
  /** When this attempt's upload was taken. */
  takenAt: number | undefined;
  /** Not before this instant. */
  nextAt: number;
  polls: number;
  /** Downloads in a row that hashed to `mismatched` instead of what is shown. */
  mismatches: number;
  mismatched: string | undefined;
  /** Steps in `after` that are not shown yet. */
  waitingOn: number;
  blockedBy: string | undefined;
  problem: Problem | undefined;
}

export interface RunState {
  readonly plan: Plan;
  readonly limits: Limits;
  readonly nodes: ReadonlyMap<string, StepState>;
  readonly dependents: ReadonlyMap<string, readonly StepState[]>;
  readonly byPackage: ReadonlyMap<string, readonly StepState[]>;
  /** Nodes that are not final. */
  readonly open: Set<StepState>;
  readonly writing: Map<string, StepState>;
  readonly pausedUntil: Map<string, { readonly untilAt: number; readonly reason: string }>;
  /** Why the last read of a registry gave no answer; nothing once it has answered. */
  readonly silences: Map<string, string>;
  /** What plain reads of this attempt have told of a registry: false once a cache was seen in front of it. */
  readonly uncachedRegistries: Map<string, boolean>;
  /** How long each registry took to show what it had taken, in milliseconds. */
  readonly waits: Map<string, number[]>;
  attempt: number;
  startedAt: number;
  lastProgressAt: number;
  /** Steps not yet looked at, or not yet judged, in this attempt. */
  undecided: number;
  /** Every step was looked at once in this attempt: writing may begin. */
  isGateOpen: boolean;
  /** Something was stale or in conflict before the first write: nothing is written. */
  isRefused: boolean;
  wroteInAttempt: boolean;
  /** A person allows this attempt to repair wedges that no upload of this release explains. */
  mayRepair: boolean;
  ended: { readonly reason: "finished" | "out-of-time" | "interrupted"; readonly isComplete: boolean } | undefined;
}

export function packageKey(registry: string, name: string): string {
  return `${registry} ${name}`;
}

function createNode(step: Step, isKept: boolean): StepState {
  return {
    step,
    isKept,
    packageKey: packageKey(step.registry, step.name),
    height: 0,
    status: "ready",
    since: 0,
    expected: step.goal.kind === "publish" ? step.goal.integrity : undefined,
    bound: undefined,
    writes: 0,
    sends: 0,
    retries: 0,
    writtenIntegrities: new Set(),
    maybeApplied: false,
    maybeAppliedBefore: false,
    mayHaveWedged: false,
    answer: undefined,
    isAsync: false,
    refusal: undefined,
    observedAt: undefined,
    shown: undefined,
    absentSince: undefined,
    needsJudging: false,
    isWedgeSuspect: false,
    needsRepair: false,
    repairs: 0,
    lastWriteAt: undefined,
    takenAt: undefined,
    nextAt: 0,
    polls: 0,
    mismatches: 0,
    mismatched: undefined,
    waitingOn: 0,
    blockedBy: undefined,
    problem: undefined,
  };
}

/** Kept versions that a step waits for, as steps without a goal of their own. */
function keptNodes(plan: Plan): StepState[] {
  const wanted = new Set(plan.steps.flatMap((step) => step.after.filter((id) => id.startsWith("kept:"))));
  return plan.kept.flatMap((kept) => {
    const id = `kept:${kept.name}@${kept.version}`;
    if (!wanted.has(id) || kept.registry === undefined) return [];
    const goal = { kind: "publish", integrity: kept.integrity, access: undefined, sendTag: "" } as const;
    return [
      createNode(
        { id, after: [], registry: kept.registry, name: kept.name, version: kept.version, from: kept.integrity, goal },
        true,
      ),
    ];
  });
}

/** Longest remaining chain of each node: reverse of a topological order, without recursion. */
function setHeights(
  nodes: ReadonlyMap<string, StepState>,
  dependents: ReadonlyMap<string, readonly StepState[]>,
): void {
  const remaining = new Map([...nodes.values()].map((node) => [node, dependents.get(node.step.id)?.length ?? 0]));
  const queue = [...remaining].filter(([, count]) => count === 0).map(([node]) => node);
  for (let index = 0; index < queue.length; index += 1) {
    const node = queue[index];
    if (node === undefined) break;
    for (const id of node.step.after) {
      const before = nodes.get(id);
      if (before === undefined) continue;
      before.height = Math.max(before.height, node.height + 1);
      const left = (remaining.get(before) ?? 0) - 1;
      remaining.set(before, left);
      if (left === 0) queue.push(before);
    }
  }
}

/** The state of a plan before any event. Throws for a plan whose steps wait for ids it does not have. */
export function createRun(plan: Plan, limits: Limits): RunState {
  const nodes = new Map<string, StepState>();
  for (const node of [...keptNodes(plan), ...plan.steps.map((step) => createNode(step, false))])
    nodes.set(node.step.id, node);
  const dependents = new Map<string, StepState[]>();
  const byPackage = new Map<string, StepState[]>();
  for (const node of nodes.values()) {
    byPackage.set(node.packageKey, [...(byPackage.get(node.packageKey) ?? []), node]);
    node.waitingOn = node.step.after.length;
    for (const id of node.step.after) {
      if (!nodes.has(id)) throw new Error(`step ${node.step.id} waits for ${id}, which the plan does not have`);
      const list = dependents.get(id);
      if (list === undefined) dependents.set(id, [node]);
      else list.push(node);
    }
  }
  setHeights(nodes, dependents);
  return {
    plan,
    limits,
    nodes,
    dependents,
    byPackage,
    open: new Set(nodes.values()),
    writing: new Map(),
    pausedUntil: new Map(),
    silences: new Map(),
    uncachedRegistries: new Map(),
    waits: new Map(),
    attempt: 0,
    startedAt: 0,
    lastProgressAt: 0,
    undecided: plan.steps.length,
    isGateOpen: false,
    isRefused: false,
    wroteInAttempt: false,
    mayRepair: false,
    ended: undefined,
  };
}

/**
 * One thing to do. `key` names what it occupies: the caller starts no two actions with one key at a time. A higher
 * `priority` goes first.
 */
export type Action =
  | {
      readonly kind: "look";
      readonly key: string;
      readonly priority: number;
      readonly registry: string;
      readonly name: string;
    }
  | {
      readonly kind: "inspect";
      readonly key: string;
      readonly priority: number;
      readonly node: StepState;
      /** The tarball may be asked for together with the packument; it counts only if the packument then names it. */
      readonly isAtOnce: boolean;
    }
  | {
      readonly kind: "judge" | "look-up";
      readonly key: string;
      readonly priority: number;
      readonly node: StepState;
    }
  | {
      readonly kind: "write";
      readonly key: string;
      readonly priority: number;
      readonly node: StepState;
      readonly write: WriteKind;
    };

export interface Decision {
  /** Everything that may run now. */
  readonly actions: readonly Action[];
  /** The next instant at which there may be more to do; undefined when only events can change that. */
  readonly wakeAt: number | undefined;
}

/** True once every step has been looked at and judged in this attempt, and nothing was found stale or in conflict. */
export function mayWrite(state: RunState): boolean {
  return state.isGateOpen && !state.isRefused;
}

type Next = Action | { readonly at: number } | undefined;

function look(node: StepState): Action {
  const { registry, name } = node.step;
  return { kind: "look", key: `look ${node.packageKey}`, priority: 2 * node.height, registry, name };
}

function read(kind: "judge" | "look-up", node: StepState): Action {
  return { kind, key: `${kind} ${node.step.id}`, priority: 2 * node.height + 1, node };
}

function inspect(state: RunState, node: StepState): Action {
  const key = `inspect ${node.step.id}`;
  return { kind: "inspect", key, priority: 2 * node.height + 1, node, isAtOnce: mayFetchAtOnce(state, node) };
}

/**
 * A tarball that is asked for too early plants a 404 in a cache. That cannot happen where none was seen, and after our own
 * upload was taken at once: then the tarball need not wait for the packument, which saves a round trip for each layer.
 */
function mayFetchAtOnce(state: RunState, node: StepState): boolean {
  const isTaken = node.answer === "accepted" && !node.isAsync && node.sends > 0 && node.polls === 0;
  return isTaken && node.bound === undefined && state.uncachedRegistries.get(node.step.registry) === true;
}

function write(state: RunState, node: StepState, kind: WriteKind, now: number): Next {
  if (!mayWrite(state) || node.waitingOn > 0) return undefined;
  // A stranger may have moved the tag since: no registry offers compare-and-set, so the window is kept short.
  if (node.observedAt === undefined || now - node.observedAt > state.limits.lookMaxAgeMs) return look(node);
  if (state.writing.has(node.packageKey)) return undefined;
  return { kind: "write", key: `write ${node.packageKey}`, priority: 2 * node.height, node, write: kind };
}

function nextForVersion(state: RunState, node: StepState, now: number): Next {
  switch (node.status) {
    case "accepted":
      // What is scanned first is not there yet: a plain read would only make a cache keep its absence for minutes.
      if (node.isAsync && (node.shown ?? null) === null) return look(node);
      // A cache may hold an old answer for minutes, so every other poll asks past it.
      return node.polls % 2 === 1 && node.shown === null ? look(node) : inspect(state, node);
    case "pending":
      return node.isWedgeSuspect ? read("look-up", node) : look(node);
    case "ready":
      if (node.isKept) return look(node);
      return write(state, node, node.needsRepair ? "repair" : "upload", now);
    default:
      return undefined;
  }
}

function nextForTag(state: RunState, node: StepState, now: number): Next {
  if (node.waitingOn > 0) return undefined;
  if (node.status === "ready" && node.step.goal.kind === "dist-tag")
    return write(state, node, node.step.goal.to === undefined ? "remove-tag" : "set-tag", now);
  return look(node);
}

function next(state: RunState, node: StepState, now: number): Next {
  if (isFinal(node.status) || node.status === "writing") return undefined;
  // Reads too: a registry that asks for a pause counts every request.
  const pausedUntil = state.pausedUntil.get(node.step.registry)?.untilAt ?? 0;
  const at = Math.max(node.nextAt, pausedUntil);
  if (at > now) return { at };
  if (node.observedAt === undefined) return look(node);
  if (node.needsJudging) return read("judge", node);
  switch (node.step.goal.kind) {
    case "publish":
      return nextForVersion(state, node, now);
    case "dist-tag":
      return nextForTag(state, node, now);
    case "deprecate":
    case "stage":
    case "approve":
    case "unpublish":
    case "barrier":
      throw new Error(`no plan of this version has a step like ${node.step.id}`);
  }
}

/** Everything that may run at `now`, longest remaining chain first. Linear in the steps that are not final. */
export function decide(state: RunState, now: number): Decision {
  if (state.ended !== undefined) return { actions: [], wakeAt: undefined };
  const actions = new Map<string, Action>();
  let wakeAt: number | undefined;
  for (const node of state.open) {
    const what = next(state, node, now);
    if (what === undefined) continue;
    if ("at" in what) wakeAt = wakeAt === undefined ? what.at : Math.min(wakeAt, what.at);
    else if ((actions.get(what.key)?.priority ?? -1) < what.priority) actions.set(what.key, what);
  }
  return { actions: [...actions.values()].sort((a, b) => b.priority - a.priority), wakeAt };
}

/** The instant at which the run stops as unconfirmed unless a step becomes done before. */
export function deadlineOf(state: RunState): number {
  return Math.min(state.lastProgressAt + state.limits.waitMs, state.startedAt + state.limits.waitTotalMs);
}
