/**
 * The outputs of a step: JSON made from plan and report. Pure. A job's outputs must stay below 1 MB, counted as UTF-16 (docs.github.com, "Workflow
 * syntax", jobs.<job_id>.outputs), so each has its share; what does not fit is left out and counted, never an error.
 */
import {
  isFailed,
  isShown,
  type Kept,
  type Plan,
  type PlannedPackage,
  type Report,
  type ReportedVersion,
} from "@slipway/core";

export interface OutputSource {
  readonly plan?: Plan | undefined;
  readonly planDigest?: string | undefined;
  readonly report?: Report | undefined;
  /** There is nothing to do although the plan has steps: its release is finished. */
  readonly isFinished?: boolean;
}

export interface OutputUsage {
  readonly name: string;
  readonly text: string;
}

/** For action.yml and the reference. */
export const outputUsages: readonly OutputUsage[] = [
  { name: "has-changes", text: "`true` where the plan has something to release, else `false`" },
  {
    name: "packages",
    text: "what the plan releases: `[{name, dir, version}]`; `dir` is without a leading `packages/`",
  },
  { name: "published", text: "versions that this run published and read back: `[{name, version}]`" },
  { name: "skipped", text: "versions that were not published, and why: `[{name, version, reason}]`" },
  { name: "pending", text: "versions that the registry does not show yet: `[{name, version, status}]`" },
  { name: "failed", text: "versions that failed or were not tried: `[{name, version, code, message}]`" },
  { name: "plan", text: "the plan, as `slipway plan --json` has it under `plan`" },
  { name: "report", text: "what became of the release, as `slipway publish --json` prints it" },
  { name: "plan-digest", text: "sha256 of the packed plan: what `publish` must be given" },
  { name: "left-out", text: "how many items did not fit into an output, by its name: `{}` where all did" },
  { name: "has_changes", text: "the same as `has-changes`, for workflows that read this name" },
];

/** Characters, two bytes each as GitHub counts: 420,000 in all. */
const listMax = 40_000;
const documentMax = 110_000;

const keptTexts: Readonly<Record<Exclude<Kept["reason"], "private">, string>> = {
  published: "already published",
  "not-selected": "not selected",
  unchanged: "version unchanged since the base",
  ignored: "ignored by Changesets",
};

export function makeOutputs({ plan, planDigest, report, isFinished }: OutputSource): Readonly<Record<string, string>> {
  const lists: Readonly<Record<string, readonly unknown[]>> = {
    ...(plan === undefined ? {} : { packages: plan.packages.map(describePlanned) }),
    // There from the beginning, so that what reads them finds lists whatever became of the step.
    published: [],
    skipped: (plan?.kept ?? []).flatMap(describeKept),
    pending: [],
    failed: [],
    ...(report === undefined ? {} : listsOf(report)),
  };
  const leftOut: Record<string, number> = {};
  const outputs: Record<string, string> = {};
  for (const [name, items] of Object.entries(lists)) {
    const fitted = fitList(items, listMax);
    outputs[name] = fitted.json;
    if (fitted.leftOut > 0) leftOut[name] = fitted.leftOut;
  }
  for (const [name, document] of Object.entries({ plan, report }))
    if (document !== undefined) outputs[name] = fitDocument(document, documentMax);
  const hasChanges = plan === undefined ? undefined : String(plan.steps.length > 0 && isFinished !== true);
  return {
    ...(hasChanges === undefined ? {} : { "has-changes": hasChanges, has_changes: hasChanges }),
    ...outputs,
    ...(planDigest === undefined ? {} : { "plan-digest": planDigest }),
    "left-out": JSON.stringify(leftOut),
  };
}

function describePlanned({ name, dir, version }: PlannedPackage): object {
  return { name, dir: dir.replace(/^packages\//, ""), version };
}

function listsOf(report: Report): Readonly<Record<string, readonly unknown[]>> {
  const shown = report.versions.filter(({ status }) => isShown(status));
  return {
    published: shown.filter(({ how }) => how === "published").map(({ name, version }) => ({ name, version })),
    skipped: [
      ...shown.filter(({ how }) => how !== "published").map(describeShown),
      ...report.kept.flatMap(describeKept),
    ],
    pending: report.versions
      .filter(({ status }) => !isShown(status) && !isFailed(status))
      .map(({ name, version, status }) => ({ name, version, status })),
    failed: report.versions.filter(({ status }) => isFailed(status)).map(describeFailed),
  };
}

function describeShown({ name, version, how }: ReportedVersion): object {
  return {
    name,
    version,
    reason: how === "bound" ? "published by an earlier attempt of this commit" : "already published",
  };
}

function describeKept({ name, version, reason }: Kept): readonly object[] {
  return reason === "private" ? [] : [{ name, version, reason: keptTexts[reason] }];
}

function describeFailed({ name, version, status, problems }: ReportedVersion): object {
  const [problem] = problems;
  return { name, version, code: problem?.code ?? status, message: problem?.message ?? status };
}

/** Causes are objects of this process, and no data. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (key, item: unknown) => (key === "cause" ? undefined : item));
}

/** The first items, as many as fit. */
function fitList(items: readonly unknown[], max: number): { readonly json: string; readonly leftOut: number } {
  let length = 2;
  let fits = 0;
  for (const item of items) {
    length += toJson(item).length + 1;
    if (length > max) break;
    fits += 1;
  }
  return { json: toJson(items.slice(0, fits)), leftOut: items.length - fits };
}

/** The document with its lists cut to the same number of items, the largest at which it fits, and `leftOut` with what each has lost. */
function fitDocument(document: object, max: number): string {
  const whole = toJson(document);
  if (whole.length <= max) return whole;
  const longest = Math.max(
    ...Object.values(document).map((value: unknown) => (Array.isArray(value) ? value.length : 0)),
  );
  for (let itemsMax = Math.floor(longest / 2); ; itemsMax = Math.floor(itemsMax / 2)) {
    const leftOut: Record<string, number> = {};
    const cut = Object.entries(document).map(([key, value]: readonly [string, unknown]) => {
      if (!Array.isArray(value) || value.length <= itemsMax) return [key, value] as const;
      leftOut[key] = value.length - itemsMax;
      return [key, value.slice(0, itemsMax)] as const;
    });
    const json = toJson({ ...Object.fromEntries(cut), leftOut });
    if (json.length <= max) return json;
    if (itemsMax === 0) return toJson({ leftOut });
  }
}
