/** A plan for people: what would be released, in which order, and what is not, and why. */
import { formatSpec, type Kept, type Plan } from "@slipway/core";
import { count } from "./quantities.ts";
import type { Terminal } from "./terminal.ts";

const reasons: Readonly<Record<Kept["reason"], string>> = {
  private: "private",
  published: "already published",
  "not-selected": "left out by --only",
  unchanged: "version unchanged since the base",
};

export function formatPlan(plan: Plan, terminal: Terminal): string {
  const lines: string[] = [];
  const width = Math.max(
    20,
    ...[...plan.packages, ...plan.kept].map((item) => formatSpec(item.name, item.version).length),
  );
  for (const item of plan.packages) {
    const tagStep = plan.steps.find((step) => step.name === item.name && step.goal.kind === "dist-tag");
    const publish = plan.steps.find((step) => step.name === item.name && step.goal.kind === "publish");
    const tag = tagStep?.goal.kind === "dist-tag" ? tagStep.goal.tag : undefined;
    const was = item.isNew ? "new package" : `${tag ?? "latest"} was ${item.previous ?? "not set"}`;
    const waits =
      publish === undefined || publish.after.length === 0
        ? ""
        : `, after ${publish.after.map((id) => id.replace(/^[a-z]+:/, "").replace(/(.)@[^@]*$/, "$1")).join(", ")}`;
    const verb = publish?.from === undefined ? "Publish" : "Confirm";
    lines.push(
      `${terminal.paint("good", verb.padStart(12))}  ${formatSpec(item.name, item.version).padEnd(width)}  ${terminal.paint("quiet", `${was}${waits}`)}`,
    );
  }
  for (const kept of plan.kept)
    lines.push(
      `${terminal.paint("quiet", "Keep".padStart(12))}  ${formatSpec(kept.name, kept.version).padEnd(width)}  ${terminal.paint("quiet", reasons[kept.reason])}`,
    );
  for (const warning of plan.warnings) lines.push(`${terminal.paint("warn", "Warning".padStart(12))}  ${warning}`);
  lines.push(`${terminal.paint("good", "Planned".padStart(12))}  ${summarizePlan(plan)}`);
  return lines.join("\n");
}

export function summarizePlan(plan: Plan): string {
  const kept = plan.kept.filter((item) => item.reason === "published").length;
  const others = plan.kept.length - kept;
  return `${count(plan.packages.length, "package")} to release, ${kept} up to date${others > 0 ? `, ${others} left out` : ""}`;
}
