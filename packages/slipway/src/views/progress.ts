/** Events of a running release as lines of talk. It only reads the state; it must never influence the run. */
import {
  type Clock,
  type Event,
  type EventOf,
  formatSpec,
  isFailed,
  isFinal,
  isPublishStep,
  isShown,
  packageKey,
  type RunState,
  type Status,
  type StepState,
  type Tarball,
  usualWait,
} from "@slipway/core";
import { listNames } from "./lists.ts";
import { count, formatDuration, formatSize } from "./quantities.ts";
import type { LiveText, Terminal } from "./terminal.ts";

interface Progress {
  readonly terminal: Terminal;
  readonly clock: Pick<Clock, "now">;
  readonly tarballs: ReadonlyMap<string, Tarball>;
  /** The status that was last told of each step. */
  readonly announced: Map<string, Status>;
  /** Versions of the plan, and those of them that are done or can no longer be. */
  versions: number;
  readonly done: Set<StepState>;
  readonly failed: Set<StepState>;
  /** Under way: being sent, or sent and not yet proven. */
  readonly busy: Set<StepState>;
}

export function createProgress(
  terminal: Terminal,
  clock: Pick<Clock, "now">,
  tarballs: readonly Tarball[],
): (event: Event, state: RunState) => void {
  const progress: Progress = {
    terminal,
    clock,
    tarballs: new Map(tarballs.map((tarball) => [tarball.spec, tarball])),
    announced: new Map(),
    versions: 0,
    done: new Set(),
    failed: new Set(),
    busy: new Set(),
  };
  return (event, state) => {
    if (progress.versions === 0) progress.versions = state.plan.steps.filter(isPublishStep).length;
    tell(progress, event, state);
    terminal.live(event.type === "ended" ? undefined : () => describe(progress, state));
  };
}

function tell(progress: Progress, event: Event, state: RunState): void {
  const { terminal } = progress;
  switch (event.type) {
    case "resumed":
      return terminal.line("busy", "Resuming", state.plan.releaseId, `attempt ${event.attempt}`);
    case "waited":
      return terminal.line(
        "warn",
        "Pausing",
        event.registry,
        `${formatDuration(event.untilAt - event.at)}, ${event.reason}`,
      );
    case "observed":
      for (const node of state.byPackage.get(packageKey(event.registry, event.name)) ?? [])
        announceStep(progress, state, node.step.id);
      return;
    case "write-started":
      return announceWrite(progress, state, event);
    case "write-ended":
      announceAnswer(progress, state, event);
      return announceStep(progress, state, event.step);
    case "downloaded":
    case "bound":
    case "judged":
    case "looked-up":
    case "status-told":
    case "failed":
      return announceStep(progress, state, event.step);
    case "opened":
    case "turned-back":
    case "ended":
      return;
  }
}

/** A step, and what became of the steps that wait for it, near and far: one failure can block a whole chain. */
function announceStep(progress: Progress, state: RunState, id: string): void {
  const ids = [id];
  for (let at = 0; at < ids.length; at++) {
    const node = state.nodes.get(ids[at] ?? "");
    if (node === undefined || (at > 0 && progress.announced.get(node.step.id) === node.status)) continue;
    announce(progress, node);
    if (at === 0 || isFinal(node.status))
      for (const dependent of state.dependents.get(node.step.id) ?? []) ids.push(dependent.step.id);
  }
}

/** Keeps the numbers of the live line, so that drawing it looks at no more than what is under way. */
function countIn({ done, failed, busy }: Progress, node: StepState): void {
  const { status } = node;
  const change = (set: Set<StepState>, isIn: boolean): unknown => (isIn ? set.add(node) : set.delete(node));
  change(done, isShown(status));
  change(failed, isFailed(status));
  change(busy, status === "writing" || status === "accepted" || status === "pending");
}

/** Tells what became of a step, once. */
function announce(progress: Progress, node: StepState): void {
  const { id, goal } = node.step;
  if (node.isKept || progress.announced.get(id) === node.status) return;
  progress.announced.set(id, node.status);
  if (goal.kind === "publish") countIn(progress, node);
  if (goal.kind === "dist-tag") announceTag(progress.terminal, node, goal.tag);
  else announceVersion(progress, node);
}

function announceVersion({ terminal, tarballs }: Progress, node: StepState): void {
  const spec = formatSpec(node.step.name, node.step.version);
  if (node.status === "blocked") return terminal.line("bad", "Blocked", spec, describeBlocker(node));
  // The report at the end tells the whole of it, with what to do.
  if (isFailed(node.status)) return terminal.line("bad", "Failed", spec, describeFailure(node));
  if (node.status !== "done") return;
  if (node.bound !== undefined)
    return terminal.line("warn", "Bound", spec, "published by an earlier attempt of this commit");
  if (node.sends === 0) return terminal.line("good", "Confirmed", spec, "already there, the same bytes");
  const tarball = tarballs.get(spec);
  const size = tarball === undefined ? "" : `${count(tarball.fileCount, "file")}, ${formatSize(tarball.sizeBytes)}`;
  terminal.line("good", "Published", spec, size);
}

function describeBlocker({ blockedBy = "" }: StepState): string {
  return `needs ${blockedBy.replace(/^[a-z-]+:/, "")}`;
}

function describeFailure({ problem, status }: StepState): string {
  if (problem === undefined) return status;
  return problem.status === undefined ? problem.code : `answered ${problem.status}, ${problem.code}`;
}

function announceTag(terminal: Terminal, node: StepState, tag: string): void {
  const what = `${node.step.name} ${tag}`;
  if (node.status === "done" && node.writes > 0)
    terminal.line("good", "Tagged", what, `${node.step.from ?? "none"} -> ${node.step.version}`);
  else if (node.status === "superseded")
    terminal.line("warn", "Superseded", what, `stays at ${node.shown ?? "nothing"}`);
  else if (isFailed(node.status) && node.status !== "blocked")
    terminal.line("bad", "Failed", what, node.problem?.message ?? node.status);
}

function announceWrite(progress: Progress, state: RunState, event: EventOf<"write-started">): void {
  const node = state.nodes.get(event.step);
  if (node === undefined) return;
  progress.announced.delete(event.step);
  if (node.step.goal.kind === "publish") countIn(progress, node);
  const spec = formatSpec(node.step.name, node.step.version);
  // The live line says so, and goes on to say what becomes of it.
  if (event.write === "upload" && progress.terminal.isLive && node.sends <= 1) return;
  if (event.write === "upload")
    progress.terminal.line("busy", "Uploading", spec, node.sends > 1 ? "the same bytes again" : "");
  else if (event.write === "repair")
    progress.terminal.line(
      "warn",
      "Repairing",
      spec,
      node.mayHaveWedged
        ? "removing the stuck tarball of an earlier upload"
        : "removing a stuck tarball, as --repair allows",
    );
}

const answers: Readonly<Record<Exclude<EventOf<"write-ended">["answer"], "accepted">, string>> = {
  pending: "taken earlier, not visible yet",
  exists: "looking at what is there",
  ambiguous: "looking again: it may have been stored",
  retry: "nothing was stored, sending again",
  refused: "refused",
};

function announceAnswer({ terminal }: Progress, state: RunState, event: EventOf<"write-ended">): void {
  const node = state.nodes.get(event.step);
  // What was refused for good is said to have failed next, in a line of its own.
  if (node === undefined || event.answer === "accepted" || node.status === "failed") return;
  const spec = formatSpec(node.step.name, node.step.version);
  const said = event.status ?? event.message ?? "nothing";
  terminal.line(event.answer === "refused" ? "bad" : "warn", "Answered", spec, `${said}, ${answers[event.answer]}`);
}

const doing: readonly (readonly [Status, string])[] = [
  ["pending", "waiting to see"],
  ["writing", "uploading"],
  ["accepted", "reading back"],
];

const namesShownMax = 2;
/** A step that has been in one status for longer than this is said to wait. */
const waitWorthSayingMs = 3000;
/** What is usual is worth telling once a version has been waited for this long. */
const usualWorthSayingMs = 10_000;

/** `uploading @a/b, @a/c and 4 more` of the steps of one status, and how long the first of them has been in it. */
function describeBusy(nodes: readonly StepState[], word: string, now: number): string {
  const waitedMs = now - nodes.reduce((first, node) => Math.min(first, node.since), now);
  const names = listNames(
    nodes.map((node) => node.step.name),
    namesShownMax,
  );
  if (waitedMs < waitWorthSayingMs) return `${word} ${names}`;
  // What a registry has taken and does not show is no longer a matter of reading.
  const isTaken = nodes.every((node) => node.status === "accepted");
  return `${isTaken ? "waiting to see" : word} ${names} for ${formatDuration(waitedMs)}`;
}

/** Once something waits to be seen, what this registry has needed for others. */
function describeUsual(busy: readonly StepState[], state: RunState, now: number): readonly string[] {
  const waiting = busy.find((node) => node.takenAt !== undefined && now - node.takenAt >= usualWorthSayingMs);
  const usual = waiting === undefined ? undefined : usualWait(state.waits.get(waiting.step.registry));
  return usual === undefined ? [] : [`usual here ${formatDuration(usual.lowMs)} to ${formatDuration(usual.highMs)}`];
}

/** How far, how long, and what is under way: `12 of 48, 1 failed · 1 m 12 s · uploading @a/b, @a/c and 4 more`. */
function describe({ busy, done, failed, versions, clock }: Progress, state: RunState): LiveText {
  const now = clock.now();
  const pause = [...state.pausedUntil.values()].find(({ untilAt }) => untilAt > now);
  const all = [...busy];
  const groups = doing.flatMap(([status, word]) => {
    const nodes = all.filter((node) => node.status === status);
    return nodes.length === 0 ? [] : [describeBusy(nodes, word, now)];
  });
  const parts = [
    `${done.size} of ${versions}${failed.size > 0 ? `, ${failed.size} failed or blocked` : ""}`,
    formatDuration(Math.max(0, now - state.startedAt)),
    ...(pause === undefined ? [] : [`pausing for ${formatDuration(pause.untilAt - now)}`]),
    ...groups,
    ...describeUsual(all, state, now),
  ];
  return { verb: state.isGateOpen ? "Publishing" : "Looking", text: parts.join(" · ") };
}
