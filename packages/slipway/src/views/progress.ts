/** Events of a running release as lines of talk. It only reads the state; it must never influence the run. */
import {
  type Event,
  formatSpec,
  isFailed,
  packageKey,
  type RunState,
  type Status,
  type StepState,
  type Tarball,
} from "@slipway/core";
import { formatDuration, formatSize } from "./quantities.ts";
import type { Terminal } from "./terminal.ts";

export function createProgress(
  terminal: Terminal,
  tarballs: readonly Tarball[],
): (event: Event, state: RunState) => void {
  const sizes = new Map(tarballs.map((tarball) => [tarball.spec, tarball]));
  const announced = new Map<string, Status>();

  function announce(node: StepState): void {
    if (node.isKept || announced.get(node.step.id) === node.status) return;
    announced.set(node.step.id, node.status);
    const spec = formatSpec(node.step.name, node.step.version);
    if (node.step.goal.kind === "dist-tag") return announceTag(node, node.step.goal.tag);
    if (node.status === "done") {
      const tarball = sizes.get(spec);
      const size = tarball === undefined ? "" : `${tarball.fileCount} files, ${formatSize(tarball.sizeBytes)}`;
      if (node.bound !== undefined)
        terminal.line("warn", "Bound", spec, "published by an earlier attempt of this commit");
      else
        terminal.line(
          "good",
          node.sends > 0 ? "Published" : "Confirmed",
          spec,
          node.sends > 0 ? size : "already there, the same bytes",
        );
    } else if (isFailed(node.status))
      terminal.line(
        "bad",
        node.status === "blocked" ? "Blocked" : "Failed",
        spec,
        node.problem?.message ?? node.status,
      );
  }

  function announceTag(node: StepState, tag: string): void {
    const what = `${node.step.name} ${tag}`;
    if (node.status === "done" && node.writes > 0)
      terminal.line("good", "Tagged", what, `${node.step.from ?? "none"} -> ${node.step.version}`);
    else if (node.status === "superseded")
      terminal.line("warn", "Superseded", what, `stays at ${node.shown ?? "nothing"}`);
    else if (isFailed(node.status) && node.status !== "blocked")
      terminal.line("bad", "Failed", what, node.problem?.message ?? node.status);
  }

  return (event, state) => {
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
        for (const node of state.byPackage.get(packageKey(event.registry, event.name)) ?? []) announce(node);
        break;
      case "downloaded":
      case "bound":
      case "judged":
      case "looked-up":
      case "failed":
        announceStep(state, event.step);
        break;
      case "write-started":
        announceWrite(state, event);
        break;
      case "write-ended":
        announceAnswer(state, event);
        announceStep(state, event.step);
        break;
      case "opened":
      case "turned-back":
        break;
      case "ended":
        return terminal.live(() => "");
    }
    terminal.live(() => describe(state, event.at));
  };

  function announceStep(state: RunState, id: string): void {
    const node = state.nodes.get(id);
    if (node === undefined) return;
    announce(node);
    for (const dependent of state.dependents.get(id) ?? []) announce(dependent);
  }

  function announceWrite(state: RunState, event: Extract<Event, { type: "write-started" }>): void {
    const node = state.nodes.get(event.step);
    if (node === undefined) return;
    announced.delete(event.step);
    const spec = formatSpec(node.step.name, node.step.version);
    if (event.write === "upload")
      terminal.line("busy", "Uploading", spec, node.sends > 1 ? "the same bytes again" : "");
    else if (event.write === "repair")
      terminal.line("warn", "Repairing", spec, "removing the stuck tarball of an earlier upload");
  }

  function announceAnswer(state: RunState, event: Extract<Event, { type: "write-ended" }>): void {
    const node = state.nodes.get(event.step);
    if (node === undefined || event.answer === "accepted") return;
    const spec = formatSpec(node.step.name, node.step.version);
    const notes: Readonly<Record<Exclude<typeof event.answer, "accepted">, string>> = {
      pending: "taken earlier, not visible yet",
      exists: "looking at what is there",
      ambiguous: "looking again: it may have been stored",
      retry: "nothing was stored, sending again",
      refused: "refused",
    };
    terminal.line(
      event.answer === "refused" ? "bad" : "warn",
      "Answered",
      spec,
      `${event.status ?? event.message ?? ""}, ${notes[event.answer]}`,
    );
  }
}

function describe(state: RunState, now: number): string {
  const versions = [...state.nodes.values()].filter((node) => !node.isKept && node.step.goal.kind === "publish");
  const done = versions.filter((node) => node.status === "done").length;
  const busy = versions.filter(
    (node) => node.status === "writing" || node.status === "accepted" || node.status === "pending",
  );
  const names = busy.slice(0, 3).map((node) => `${node.step.name} (${node.status})`);
  const more = busy.length > names.length ? ` and ${busy.length - names.length} more` : "";
  return `  Publishing  ${done}/${versions.length} visible, ${formatDuration(Math.max(0, now - state.startedAt))}${names.length > 0 ? ` · ${names.join(", ")}${more}` : ""}`;
}
