/** Events of a running release as lines of talk. It only reads the state; it must never influence the run. */
import {
  type Event,
  type EventOf,
  formatSpec,
  isFailed,
  packageKey,
  type RunState,
  type Status,
  type StepState,
  type Tarball,
} from "@slipway/core";
import { count, formatDuration, formatSize } from "./quantities.ts";
import type { Terminal } from "./terminal.ts";

interface Progress {
  readonly terminal: Terminal;
  readonly tarballs: ReadonlyMap<string, Tarball>;
  /** The status that was last told of each step. */
  readonly announced: Map<string, Status>;
}

export function createProgress(
  terminal: Terminal,
  tarballs: readonly Tarball[],
): (event: Event, state: RunState) => void {
  const bySpec = new Map(tarballs.map((tarball) => [tarball.spec, tarball]));
  const progress: Progress = { terminal, tarballs: bySpec, announced: new Map() };
  return (event, state) => {
    tell(progress, event, state);
    terminal.live(() => (event.type === "ended" ? "" : describe(state, event.at)));
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
      for (const node of state.byPackage.get(packageKey(event.registry, event.name)) ?? []) announce(progress, node);
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
    case "failed":
      return announceStep(progress, state, event.step);
    case "opened":
    case "turned-back":
    case "ended":
      return;
  }
}

/** A step, and what became of the steps that wait for it. */
function announceStep(progress: Progress, state: RunState, id: string): void {
  const node = state.nodes.get(id);
  if (node === undefined) return;
  announce(progress, node);
  for (const dependent of state.dependents.get(id) ?? []) announce(progress, dependent);
}

/** Tells what became of a step, once. */
function announce(progress: Progress, node: StepState): void {
  const { id, goal } = node.step;
  if (node.isKept || progress.announced.get(id) === node.status) return;
  progress.announced.set(id, node.status);
  if (goal.kind === "dist-tag") announceTag(progress.terminal, node, goal.tag);
  else announceVersion(progress, node);
}

function announceVersion({ terminal, tarballs }: Progress, node: StepState): void {
  const spec = formatSpec(node.step.name, node.step.version);
  if (isFailed(node.status))
    return terminal.line(
      "bad",
      node.status === "blocked" ? "Blocked" : "Failed",
      spec,
      node.problem?.message ?? node.status,
    );
  if (node.status !== "done") return;
  if (node.bound !== undefined)
    return terminal.line("warn", "Bound", spec, "published by an earlier attempt of this commit");
  if (node.sends === 0) return terminal.line("good", "Confirmed", spec, "already there, the same bytes");
  const tarball = tarballs.get(spec);
  const size = tarball === undefined ? "" : `${count(tarball.fileCount, "file")}, ${formatSize(tarball.sizeBytes)}`;
  terminal.line("good", "Published", spec, size);
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
  const spec = formatSpec(node.step.name, node.step.version);
  if (event.write === "upload")
    progress.terminal.line("busy", "Uploading", spec, node.sends > 1 ? "the same bytes again" : "");
  else if (event.write === "repair")
    progress.terminal.line("warn", "Repairing", spec, "removing the stuck tarball of an earlier upload");
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
  if (node === undefined || event.answer === "accepted") return;
  const spec = formatSpec(node.step.name, node.step.version);
  const said = event.status ?? event.message ?? "nothing";
  terminal.line(event.answer === "refused" ? "bad" : "warn", "Answered", spec, `${said}, ${answers[event.answer]}`);
}

function describe(state: RunState, now: number): string {
  const versions = [...state.nodes.values()].filter((node) => !node.isKept && node.step.goal.kind === "publish");
  const done = versions.filter((node) => node.status === "done").length;
  const busy = versions.filter((node) => ["writing", "accepted", "pending"].includes(node.status));
  const names = busy.slice(0, 3).map((node) => `${node.step.name} (${node.status})`);
  const more = busy.length > names.length ? ` and ${busy.length - names.length} more` : "";
  const who = names.length > 0 ? ` · ${names.join(", ")}${more}` : "";
  const time = formatDuration(Math.max(0, now - state.startedAt));
  return `  Publishing  ${done}/${versions.length} visible, ${time}${who}`;
}
