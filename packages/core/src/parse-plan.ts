/**
 * Reads a plan from a file that may be old, edited or made by a stranger. Everything that later becomes a path, a URL or
 * an order of steps is checked here, so nothing behind it needs to doubt a plan. Pure.
 */
import { defaultLimits } from "./limits.ts";
import { isJsonObject } from "./packument.ts";
import { tagForms } from "./git-tags.ts";
import { type Plan, planSchema, releaseHosts } from "./plan.ts";
import { fail } from "./problem.ts";
import { findNameFault, findTagFault, findVersionFault, formatSpec } from "./spec.ts";
import { keptId, type Step, stepId } from "./step.ts";
import { isInnerPath } from "./workspace.ts";

/** Tells `report` each fault of `value`, which stands at `at` (`steps[3].goal`). */
type Shape = (value: unknown, at: string, report: (fault: string) => void) => void;

function test(what: string, isRight: (value: unknown) => boolean): Shape {
  return (value, at, report) => {
    if (!isRight(value)) report(`${at} is not ${what}`);
  };
}

function textOf(findFault: (text: string) => string | undefined): Shape {
  return (value, at, report) => {
    const fault = typeof value === "string" ? findFault(value) : "is not a text";
    if (fault !== undefined) report(`${at} ${fault}`);
  };
}

function oneOf(...values: readonly string[]): Shape {
  return test(`one of ${values.join(", ")}`, (value) => typeof value === "string" && values.includes(value));
}

function list(entry: Shape): Shape {
  return (value, at, report) => {
    if (!Array.isArray(value)) return report(`${at} is not a list`);
    for (const [index, item] of value.entries()) entry(item, `${at}[${index}]`, report);
  };
}

/** An object with these keys and no others; JSON has no undefined, so optional keys may be missing. */
function object(required: Readonly<Record<string, Shape>>, optional: Readonly<Record<string, Shape>> = {}): Shape {
  return (value, at, report) => {
    if (!isJsonObject(value)) return report(`${at} is not an object`);
    for (const key of Object.keys(value))
      if (!Object.hasOwn(required, key) && !Object.hasOwn(optional, key)) report(`${at} has an unknown key, ${key}`);
    for (const [key, shape] of Object.entries(required))
      if (value[key] === undefined) report(`${at} lacks ${key}`);
      else shape(value[key], `${at}.${key}`, report);
    for (const [key, shape] of Object.entries(optional))
      if (value[key] !== undefined) shape(value[key], `${at}.${key}`, report);
  };
}

function mapOf(entry: Shape): Shape {
  return (value, at, report) => {
    if (!isJsonObject(value)) return report(`${at} is not an object`);
    for (const [key, item] of Object.entries(value)) entry(item, `${at}[${JSON.stringify(key)}]`, report);
  };
}

const text = test("a text", (value) => typeof value === "string");
const flag = test("true or false", (value) => typeof value === "boolean");
const count = test("a whole number", (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0);
const name = textOf(findNameFault);
/** A private package that is kept may be called anything, and its version may be anything. */
const version = textOf(findVersionFault);
const tag = textOf(findTagFault);
const integrity = test("an integrity (sha512-…)", (value) =>
  typeof value === "string" ? /^sha512-[A-Za-z0-9+/]{86}==$/.test(value) : false);
/** What a registry shows may be older than sha512. */
const shownIntegrity = test("an integrity", (value) =>
  typeof value === "string" && /^sha\d+-\S+( sha\d+-\S+)*$/.test(value));
const commit = test("a commit", (value) => typeof value === "string" && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(value));
const registry = test("an http or https URL without credentials", (value) =>
  typeof value === "string" && /^https?:\/\/[^\s/?#@\\]+(\/[^\s?#\\]*)?$/.test(value));
const access = oneOf("public", "restricted");

const innerPath = textOf((path) => (isInnerPath(path) ? undefined : "is not a path inside its folder"));
const dir = textOf((path) => (path === "." || isInnerPath(path) ? undefined : "is not a path inside its folder"));

/** A run without a request under way would end at once, with nothing done. */
const atLeastOne: ReadonlySet<string> = new Set(["concurrency", "planConcurrency"]);

const limits: Shape = object(
  Object.fromEntries(
    Object.entries(defaultLimits).map(([key, value]) => {
      if (atLeastOne.has(key))
        return [key, test("a whole number of 1 or more", (given) => Number.isSafeInteger(given) && Number(given) >= 1)];
      const number = test("a number of 0 or more", (given) =>
        typeof given === "number" && given >= 0 && given < Infinity);
      return [key, Array.isArray(value) ? list(number) : number];
    }),
  ),
);

const goals: Readonly<Record<string, Shape>> = {
  publish: object({ kind: text, sendTag: tag }, { integrity, access }),
  "dist-tag": object({ kind: text, tag }, { to: version }),
};

const goal: Shape = (value, at, report) => {
  const kind = isJsonObject(value) ? value["kind"] : undefined;
  const shape = typeof kind === "string" && Object.hasOwn(goals, kind) ? goals[kind] : undefined;
  if (shape === undefined) report(`${at}.kind is not one of ${Object.keys(goals).join(", ")}`);
  else shape(value, at, report);
};

const changesets: Shape = object(
  {
    pending: list(
      object({
        id: text,
        summary: text,
        releases: list(object({ name: text, bump: oneOf("major", "minor", "patch", "none") })),
      }),
    ),
    baseBranch: text,
    ignored: list(text),
    fixed: list(list(text)),
    linked: list(list(text)),
    tagOnly: list(object({ name, version })),
    isSingle: flag,
  },
  { pre: object({ mode: oneOf("pre", "exit"), tag }), snapshotTemplate: text, root: name },
);

const planShape: Shape = object(
  {
    schema: count,
    releaseId: test("12 hex digits", (value) => typeof value === "string" && /^[0-9a-f]{12}$/.test(value)),
    source: object({ isClean: flag }, { repository: text, commit, base: commit, baseFrom: text }),
    options: object(
      {
        promote: oneOf("each"),
        identity: oneOf("source", "files", "bytes"),
        newPackages: oneOf("allow", "refuse"),
        ignoreScripts: flag,
        accept: mapOf(integrity),
        limits,
      },
      { build: text, gitTags: oneOf(...tagForms), releases: oneOf(...releaseHosts) },
    ),
    packages: list(
      object(
        { name, version, dir, registry, isNew: flag, scriptsNotRun: list(text) },
        {
          previous: text,
          published: object({ version: text }, { sizeBytes: count, unpackedSizeBytes: count, fileCount: count }),
        },
      ),
    ),
    steps: list(object({ id: text, after: list(text), registry, name, version, goal }, { from: text })),
    kept: list(
      object(
        { name: text, version: text, reason: oneOf("private", "published", "not-selected", "unchanged", "ignored") },
        {
          registry,
          origin: oneOf("ours", "unknown", "foreign"),
          integrity: shownIntegrity,
          gitHead: text,
          changedFiles: list(text),
          isUnpublished: test("true", (value) => value === true),
        },
      ),
    ),
    warnings: list(text),
  },
  {
    changesets,
    tarballs: list(
      object({ spec: text, path: innerPath, integrity, sizeBytes: count, unpackedSizeBytes: count, fileCount: count }),
    ),
  },
);

/** Faults named at most: an old or foreign file has hundreds that say the same. */
const faultsMax = 10;

/**
 * Parses a plan. `where` names the file in messages. Throws a ProblemsError: SLIP_FOLDER_INVALID for what is no plan, or
 * one of another schema; SLIP_PLAN_CHANGED for a plan with anything in it that slipway does not write.
 */
export function parsePlan(json: unknown, where: string): Plan {
  if (!isJsonObject(json)) return fail("SLIP_FOLDER_INVALID", `${where} does not hold a plan`);
  if (json["schema"] !== planSchema) {
    const found = typeof json["schema"] === "number" ? `of schema ${json["schema"]}` : "without a schema";
    return fail("SLIP_FOLDER_INVALID", `${where} holds a plan ${found}; this slipway reads schema ${planSchema}`, {
      hint: "make the plan again with this version of slipway",
    });
  }
  const faults: string[] = [];
  if (isPlanShaped(json, faults)) {
    faults.push(...findContradictions(json));
    if (faults.length === 0) return json;
  }
  const details = faults.slice(0, faultsMax);
  if (faults.length > faultsMax) details.push(`and ${faults.length - faultsMax} more`);
  return fail("SLIP_PLAN_CHANGED", `${where} is not as slipway wrote it: ${faults[0] ?? ""}`, { details });
}

function isPlanShaped(json: unknown, faults: string[]): json is Plan {
  planShape(json, "plan", (fault) => faults.push(fault));
  return faults.length === 0;
}

/** What no shape shows: ids that do not fit, references to nothing, circles, a package named twice. */
function findContradictions(plan: Plan): readonly string[] {
  const faults: string[] = [];
  const specs = new Set<string>();
  for (const item of plan.packages) {
    const spec = formatSpec(item.name, item.version);
    if (specs.has(spec)) faults.push(`${spec} is planned twice`);
    specs.add(spec);
  }
  const asked = plan.kept.filter((item) => item.registry !== undefined);
  for (const { name: keptName, version: keptVersion } of asked)
    if (findNameFault(keptName) !== undefined || findVersionFault(keptVersion) !== undefined)
      faults.push(`kept ${JSON.stringify(formatSpec(keptName, keptVersion))} cannot be asked about at a registry`);
  const known = new Set(asked.map((item) => keptId(item.name, item.version)));
  const ids = new Set<string>();
  for (const step of plan.steps) {
    const spec = formatSpec(step.name, step.version);
    if (step.id !== stepId(step.goal, step.name, step.version)) faults.push(`step ${step.id} is not about ${spec}`);
    if (ids.has(step.id)) faults.push(`step ${step.id} stands twice`);
    if (!specs.has(spec)) faults.push(`step ${step.id} is about ${spec}, which is not planned`);
    if (step.goal.kind === "dist-tag" && step.goal.to !== undefined && step.goal.to !== step.version)
      faults.push(`step ${step.id} moves its tag to ${step.goal.to}`);
    ids.add(step.id);
  }
  for (const step of plan.steps)
    for (const id of step.after)
      if (!ids.has(id) && !known.has(id)) faults.push(`step ${step.id} waits for ${id}, which does not exist`);
  const stuck = findStuckSteps(plan.steps, ids);
  if (stuck.length > 0) faults.push(`steps wait for each other: ${stuck.slice(0, 5).join(", ")}`);
  const goalOf = new Map(plan.steps.map((step) => [step.id, step.goal]));
  const packed = new Set<string>();
  for (const tarball of plan.tarballs ?? []) {
    if (!specs.has(tarball.spec) || packed.has(tarball.spec))
      faults.push(`tarball ${tarball.path} is of ${tarball.spec}, which is not planned, or packed twice`);
    packed.add(tarball.spec);
    const goal = goalOf.get(`publish:${tarball.spec}`);
    if (goal?.kind === "publish" && goal.integrity !== tarball.integrity)
      faults.push(`the tarball of ${tarball.spec} is not the one that its step sends`);
  }
  return faults;
}

/** Steps that can never be reached because they wait in a circle. */
function findStuckSteps(steps: readonly Step[], ids: ReadonlySet<string>): readonly string[] {
  const dependents = new Map<string, string[]>();
  const waiting = new Map<string, number>();
  for (const step of steps) {
    const after = step.after.filter((id) => ids.has(id));
    waiting.set(step.id, after.length);
    for (const id of after) {
      const list = dependents.get(id);
      if (list === undefined) dependents.set(id, [step.id]);
      else list.push(step.id);
    }
  }
  const free = [...waiting].filter(([, left]) => left === 0).map(([id]) => id);
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    waiting.delete(id);
    for (const dependent of dependents.get(id) ?? []) {
      const left = (waiting.get(dependent) ?? 0) - 1;
      waiting.set(dependent, left);
      if (left === 0) free.push(dependent);
    }
  }
  return [...waiting.keys()];
}
