/** A plan for people: what would be released, in which order, and what is not, and why. */
import {
  formatSpec,
  isDistTagStep,
  isPublishStep,
  type Kept,
  parseSpec,
  type Plan,
  type PlannedPackage,
} from "@slipway/core";
import { count } from "./quantities.ts";
import type { Terminal, Tone } from "./terminal.ts";

const reasons: Readonly<Record<Kept["reason"], string>> = {
  private: "private",
  published: "already published",
  "not-selected": "left out by --only",
  unchanged: "version unchanged since the base",
};

const namesShownMax = 3;

/** What a package's steps mean for people: its tag, what the tag showed, and what it waits for. */
function describePackage(plan: Plan, item: PlannedPackage): string {
  const steps = plan.steps.filter((step) => step.name === item.name);
  const publish = steps.find(isPublishStep);
  const tag = steps.find(isDistTagStep)?.goal.tag ?? publish?.goal.sendTag ?? "latest";
  const was = item.isNew ? `new package, as ${tag}` : `as ${tag}, ${describePrevious(item)}`;
  const names = (publish?.after ?? []).map((id) => parseSpec(id.replace(/^[a-z-]+:/, "")).name);
  if (names.length === 0) return was;
  const more = names.length > namesShownMax ? ` and ${names.length - namesShownMax} more` : "";
  return `${was}, after ${names.slice(0, namesShownMax).join(", ")}${more}`;
}

function describePrevious({ previous, version }: PlannedPackage): string {
  if (previous === undefined) return "a new dist-tag";
  return previous === version ? "which already points there" : `which is ${previous}`;
}

export function formatPlan(plan: Plan, terminal: Pick<Terminal, "paint">): string {
  const specs = [...plan.packages, ...plan.kept].map((item) => formatSpec(item.name, item.version));
  const width = Math.max(20, ...specs.map((spec) => spec.length));
  const row = (tone: Tone, verb: string, spec: string, note: string): string =>
    `${terminal.paint(tone, verb.padStart(12))}  ${spec.padEnd(width)}  ${terminal.paint("quiet", note)}`;
  const seen = new Set(
    plan.steps.filter((step) => isPublishStep(step) && step.from !== undefined).map((step) => step.name),
  );
  return [
    ...plan.packages.map((item) =>
      row(
        "good",
        seen.has(item.name) ? "Confirm" : "Publish",
        formatSpec(item.name, item.version),
        describePackage(plan, item),
      ),
    ),
    ...plan.kept.map((kept) => row("quiet", "Keep", formatSpec(kept.name, kept.version), reasons[kept.reason])),
    ...plan.warnings.map((warning) => `${terminal.paint("warn", "Warning".padStart(12))}  ${warning}`),
    `${terminal.paint("good", "Planned".padStart(12))}  ${summarizePlan(plan)}`,
  ].join("\n");
}

function summarizePlan(plan: Plan): string {
  const kept = plan.kept.filter((item) => item.reason === "published").length;
  const others = plan.kept.length - kept;
  return `${count(plan.packages.length, "package")} to release, ${kept} up to date${others > 0 ? `, ${others} left out` : ""}`;
}
