import {
  dependencyKinds,
  type Dependency,
  type DependencyKind,
  parsePlan,
  parsePackument,
  type PlanInput,
  planRelease,
  type PlanResult,
  type Packument,
  type Reading,
  releaseIdInput,
  type WorkspacePackage,
} from "@slipway/core";
import { plainOptions } from "@slipway/testkit";
import * as fc from "fast-check";
import { expect, test } from "vitest";

const registry = "https://registry.example/";
const here = "a".repeat(40);
const earlier = "b".repeat(40);
const elsewhere = "c".repeat(40);
const integrity = `sha512-${"A".repeat(86)}==`;

interface Shape extends Partial<Omit<WorkspacePackage, "dependencies">> {
  readonly name: string;
  readonly needs?: Readonly<Record<string, string | readonly [string, DependencyKind, boolean?]>>;
}

function makePackage({ needs = {}, ...rest }: Shape): WorkspacePackage {
  const dependencies = Object.entries(needs).map(([name, need]): Dependency => {
    const [range, kind = "dependencies", isOptional = false] = typeof need === "string" ? [need] : need;
    return { alias: name, name, range, declared: range, kind, isOptional };
  });
  return {
    version: "1.0.0",
    dir: `packages/${rest.name}`,
    packDir: `packages/${rest.name}`,
    isPrivate: false,
    publishConfig: {},
    scripts: {},
    ...rest,
    dependencies,
  };
}

interface Shown {
  /** gitHead by version; `none` for a version without one. */
  readonly versions: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly time?: Readonly<Record<string, string>>;
}

function show(name: string, { versions, tags, time }: Shown): Reading<Packument> {
  const highest = Object.keys(versions).at(-1) ?? "1.0.0";
  const value = parsePackument(
    {
      name,
      versions: Object.fromEntries(
        Object.entries(versions).map(([version, gitHead]) => [
          version,
          { name, version, dist: { integrity }, ...(gitHead === "none" ? {} : { gitHead }) },
        ]),
      ),
      "dist-tags": tags ?? { latest: highest },
      time: time ?? {},
    },
    name,
  );
  if (value === undefined) throw new Error("not a packument");
  return { kind: "shown", value, at: 1, fresh: true };
}

const absent: Reading<Packument> = { kind: "absent", at: 1, fresh: true };

type Given = Omit<Partial<PlanInput>, "workspace" | "readings"> & {
  readonly packages: readonly Shape[];
  /** Packages that are not named are absent; null means that nobody asked. */
  readonly registry?: Readonly<Record<string, Shown | Reading<Packument> | null>>;
};

function plan(given: Given): PlanResult {
  const { packages, registry: shown = {}, ...rest } = given;
  const items = packages.map(makePackage);
  const readings = items.flatMap((item): [string, Reading<Packument>][] => {
    const one = shown[item.name];
    if (one === null || (item.isPrivate && one === undefined)) return [];
    if (one === undefined) return [[item.name, absent]];
    return [[item.name, "kind" in one ? one : show(item.name, one)]];
  });
  return planRelease({
    workspace: { root: "/w", manager: { name: "npm", version: undefined, from: "a test" }, packages: items },
    source: { repository: "https://host.example/r", commit: here, isClean: true },
    releaseId: "0123456789ab",
    options: plainOptions,
    tag: undefined,
    access: undefined,
    selected: undefined,
    changed: undefined,
    registries: new Map(items.filter((item) => !item.isPrivate).map((item) => [item.name, registry])),
    readings: new Map(readings),
    git: {
      releaseTags: new Set(),
      commitsHere: new Map([
        [here, true],
        [earlier, true],
        [elsewhere, false],
      ]),
      changedFiles: new Map(),
    },
    evidence: { journalWrites: new Set(), isReleaseComplete: false },
    ...rest,
  });
}

function planned(given: Given): NonNullable<PlanResult["plan"]> {
  const result = plan(given);
  expect(result.problems).toEqual([]);
  if (result.plan === undefined) throw new Error("no plan");
  // What is planned can be written, read back and is the same.
  expect(parsePlan(JSON.parse(JSON.stringify(result.plan)), "plan.json")).toEqual(
    JSON.parse(JSON.stringify(result.plan)),
  );
  return result.plan;
}

function codes(given: Given): readonly string[] {
  const result = plan(given);
  expect(result.plan).toBeUndefined();
  return result.problems.map((item) => `${item.code} ${item.message}`);
}

test("each package becomes a publish step after its dependencies, and a dist-tag step after that", () => {
  const { steps, packages, kept } = planned({
    packages: [
      { name: "app", version: "2.0.0", needs: { ui: "^1.1.0", state: "^1.0.0" } },
      {
        name: "ui",
        version: "1.1.0",
        needs: { state: "*" },
        scripts: { postpublish: "x" },
        publishConfig: { access: "public" },
      },
      { name: "state", version: "1.0.0" },
      { name: "site", isPrivate: true, needs: { app: "*" } },
    ],
    registry: {
      state: { versions: { "1.0.0": earlier } },
      ui: { versions: { "1.0.0": earlier }, tags: { latest: "1.0.0" } },
    },
  });
  expect(steps).toEqual([
    {
      id: "publish:ui@1.1.0",
      after: ["kept:state@1.0.0"],
      registry,
      name: "ui",
      version: "1.1.0",
      from: undefined,
      goal: { kind: "publish", integrity: undefined, access: "public", sendTag: "latest" },
    },
    {
      id: "dist-tag:ui@1.1.0:latest",
      after: ["publish:ui@1.1.0"],
      registry,
      name: "ui",
      version: "1.1.0",
      from: "1.0.0",
      goal: { kind: "dist-tag", tag: "latest", to: "1.1.0" },
    },
    expect.objectContaining({ id: "publish:app@2.0.0", after: ["publish:ui@1.1.0", "kept:state@1.0.0"] }),
    expect.objectContaining({ id: "dist-tag:app@2.0.0:latest", after: ["publish:app@2.0.0"], from: undefined }),
  ]);
  expect(packages).toMatchObject([
    {
      name: "ui",
      isNew: false,
      previous: "1.0.0",
      published: { version: "1.0.0" },
      scriptsNotRun: ["postpublish"],
      dir: "packages/ui",
    },
    { name: "app", isNew: true, previous: undefined, scriptsNotRun: [] },
  ]);
  expect(kept).toEqual([
    { name: "state", version: "1.0.0", registry, reason: "published", origin: "ours", integrity, gitHead: earlier },
    { name: "site", version: "1.0.0", registry: undefined, reason: "private" },
  ]);
});

test("a workspace in which all is published has no steps", () => {
  const { steps, kept, warnings } = planned({
    packages: [{ name: "a" }],
    registry: { a: { versions: { "1.0.0": earlier } } },
  });
  expect([steps, warnings]).toEqual([[], []]);
  expect(kept).toHaveLength(1);
});

test.each<readonly [what: string, stays: boolean, given: Partial<Given>, shown: Shown]>([
  [
    "a private tag points at it",
    true,
    {},
    { versions: { "1.0.0": earlier }, tags: { latest: "1.0.0", "slipway-0123456789ab": "1.0.0" } },
  ],
  [
    "the journal has a write",
    true,
    { evidence: { journalWrites: new Set(["a@1.0.0"]), isReleaseComplete: false } },
    { versions: { "1.0.0": "none" } },
  ],
  ["its gitHead is this commit", true, {}, { versions: { "1.0.0": here } }],
  ["its gitHead is an earlier commit", false, {}, { versions: { "1.0.0": earlier } }],
  [
    "the tree is not clean",
    false,
    { source: { repository: undefined, commit: here, isClean: false } },
    { versions: { "1.0.0": here } },
  ],
  [
    "the release is complete",
    false,
    { evidence: { journalWrites: new Set(["a@1.0.0"]), isReleaseComplete: true } },
    { versions: { "1.0.0": here } },
  ],
  [
    "a git tag names it",
    false,
    { git: { releaseTags: new Set(["a@1.0.0"]), commitsHere: new Map(), changedFiles: new Map() } },
    { versions: { "1.0.0": here } },
  ],
  ["--only leaves it out", false, { selected: new Set(["b"]) }, { versions: { "1.0.0": here } }],
])("a shown version is part of the release again where %s: %s", (_, stays, given, shown) => {
  const result = planned({ packages: [{ name: "a" }, { name: "b" }], registry: { a: shown }, ...given });
  const step = result.steps.find((item) => item.id === "publish:a@1.0.0");
  expect(step?.from).toBe(stays ? integrity : undefined);
  expect(step !== undefined).toBe(stays);
  expect(result.kept.some((item) => item.name === "a" && item.reason === "published")).toBe(!stays);
});

test("a version of this release whose tag was overtaken meanwhile keeps its publish step and moves no tag down", () => {
  const { steps, warnings } = planned({
    packages: [{ name: "a", publishConfig: { tag: "next" } }],
    registry: { a: { versions: { "1.0.0": here, "1.1.0": earlier }, tags: { latest: "1.1.0", next: "1.1.0" } } },
  });
  expect(steps.map((step) => step.id)).toEqual(["publish:a@1.0.0"]);
  expect(warnings).toEqual(["next of a is at 1.1.0 and is not moved down to 1.0.0"]);
});

test("an old run that is started again writes no tag for what it had released, unless its journal shows that it sent it", () => {
  const given: Given = {
    packages: [{ name: "a", version: "1.1.0" }],
    registry: { a: { versions: { "1.1.0": here, "1.2.0": earlier } } },
  };
  const { steps, warnings } = planned(given);
  expect(steps.map((step) => step.id)).toEqual(["publish:a@1.1.0"]);
  expect(warnings).toEqual(["latest of a is at 1.2.0 and is not moved down to 1.1.0"]);
  const evidence = { journalWrites: new Set(["a@1.1.0"]), isReleaseComplete: false };
  expect(planned({ ...given, evidence }).steps.map((step) => step.id)).toEqual([
    "publish:a@1.1.0",
    "dist-tag:a@1.1.0:latest-1.1",
  ]);
});

test("an old run that is started again says that a later commit was released, and not that its files have changed", () => {
  const { steps, kept, warnings } = planned({
    packages: [{ name: "a", version: "1.1.0" }, { name: "b" }],
    registry: { a: { versions: { "1.2.0": earlier } }, b: { versions: { "1.0.0": earlier } } },
    git: {
      releaseTags: new Set(),
      commitsHere: new Map([[earlier, true]]),
      changedFiles: new Map([["b", ["packages/b/x"]]]),
      laterCommits: new Set([earlier]),
    },
  });
  expect(steps.map((step) => step.id)).toEqual(["publish:a@1.1.0", "dist-tag:a@1.1.0:latest-1.1"]);
  expect(kept).toEqual([expect.not.objectContaining({ changedFiles: expect.anything() })]);
  expect(warnings).toEqual([
    "b@1.0.0 was published from bbbbbbbbbbbb, which comes after the commit that is checked out",
    "a@1.1.0 is older than 1.2.0, which is latest and was made from bbbbbbbbbbbb, after the commit that is checked out: it is released as latest-1.1",
  ]);
});

test("the root of a workspace that is published beside its packages is warned about once, and a lone package is not", () => {
  const root: Shape = { name: "root", dir: "." };
  const said =
    'root is the root of the workspace and is published too, with what lies there: say `"private": true` in its package.json unless that is meant';
  expect(planned({ packages: [root, { name: "a" }] }).warnings).toEqual([said]);
  const again = { packages: [root, { name: "a" }], registry: { root: { versions: { "1.0.0": earlier } } } };
  expect(planned(again).warnings).toEqual([]);
  expect(planned({ packages: [root] }).warnings).toEqual([]);
});

test("a dependency by a dist-tag that this plan moves waits for the tag as well", () => {
  const { steps } = planned({
    packages: [
      { name: "a", needs: { b: "next" } },
      { name: "b", publishConfig: { tag: "next" } },
    ],
  });
  expect(steps.find((step) => step.id === "publish:a@1.0.0")?.after).toEqual([
    "publish:b@1.0.0",
    "dist-tag:b@1.0.0:next",
  ]);
});

test("--only and --base keep the rest with the reason, and say what else is unpublished", () => {
  const packages: Shape[] = [{ name: "a", needs: { b: "*" } }, { name: "b" }, { name: "c" }, { name: "d" }];
  const only = planned({ packages, selected: new Set(["c"]), registry: { a: null, b: null, d: null } });
  expect(only.kept.map((item) => `${item.name} ${item.reason}`)).toEqual([
    "a not-selected",
    "b not-selected",
    "d not-selected",
  ]);
  const base = planned({
    packages: [{ name: "a", needs: { b: "*", c: "*" } }, { name: "b" }, { name: "c" }, { name: "d" }],
    changed: new Set(["a"]),
    registry: { b: { versions: { "0.9.0": earlier } }, c: { versions: { "1.0.0": earlier } }, d: null },
  });
  expect(base.steps.map((step) => step.id)).toEqual(["publish:a@1.0.0", "dist-tag:a@1.0.0:latest"]);
  expect(base.kept.map((item) => `${item.name} ${item.reason}`)).toEqual(["b unchanged", "c published", "d unchanged"]);
  expect(base.warnings).toEqual([
    "a@1.0.0 needs b@*: installs take 0.9.0, because b@1.0.0 is not published (version unchanged since the base)",
    "b@1.0.0 is not published either: its version has not changed since the base; leave --base out to release it",
  ]);
});

test.each<readonly [what: string, expected: string, given: Given]>([
  [
    "a private sibling",
    "SLIP_DEPENDENCY_PRIVATE a@1.0.0 needs b@^1.0.0, which is private (packages/b)",
    {
      packages: [
        { name: "a", needs: { b: "^1.0.0" } },
        { name: "b", isPrivate: true },
      ],
    },
  ],
  [
    "an unpublished sibling",
    `SLIP_DEPENDENCY_UNPUBLISHED a@1.0.0 needs b@^1.0.0, but b@1.0.0 is neither in this release (left out by --only) nor on ${registry}`,
    { packages: [{ name: "a", needs: { b: "^1.0.0" } }, { name: "b" }], selected: new Set(["a"]) },
  ],
  [
    "a range that nothing satisfies",
    "SLIP_DEPENDENCY_RANGE a@1.0.0 needs b@^2.0.0, but the workspace has b@1.0.0 and the registry has nothing that fits",
    { packages: [{ name: "a", needs: { b: "^2.0.0" } }, { name: "b" }] },
  ],
  [
    "a dist-tag that nothing shows",
    `SLIP_DEPENDENCY_RANGE a@1.0.0 needs b@next, but ${registry} has no such dist-tag`,
    { packages: [{ name: "a", needs: { b: "next" } }, { name: "b" }] },
  ],
  [
    "workspace:",
    'SLIP_DEPENDENCY_PROTOCOL dependencies of a@1.0.0 has b: "workspace:*", which no registry can serve',
    { packages: [{ name: "a", needs: { b: "workspace:*" } }, { name: "b" }] },
  ],
  [
    "file:",
    'SLIP_DEPENDENCY_PROTOCOL peerDependencies of a@1.0.0 has x: "file:../x", which no registry can serve',
    { packages: [{ name: "a", needs: { x: ["file:../x", "peerDependencies", true] } }] },
  ],
  [
    "a cycle",
    "SLIP_CYCLE packages depend on each other in a circle: a -> b -> a",
    {
      packages: [
        { name: "a", needs: { b: "*" } },
        { name: "b", needs: { a: "*" } },
      ],
    },
  ],
  [
    "a foreign sibling",
    `SLIP_VERSION_TAKEN a@1.0.0 needs b@1.0.0, which ${registry} has from commit ${elsewhere}, not of this repository`,
    {
      packages: [{ name: "a", needs: { b: "*" } }, { name: "b" }],
      registry: { b: { versions: { "1.0.0": elsewhere } } },
    },
  ],
  [
    "nothing to release",
    "SLIP_NOT_RELEASABLE every package of the workspace is private",
    { packages: [{ name: "a", isPrivate: true }] },
  ],
  [
    "a bad --tag",
    'SLIP_TAG_INVALID the dist-tag "1.x" of --tag is a semver range, so an install could never select it',
    { packages: [{ name: "a" }, { name: "b" }], tag: "1.x" },
  ],
  [
    "new names where they are refused",
    `SLIP_NEW_PACKAGES_REFUSED a is new to ${registry}`,
    {
      packages: [{ name: "a" }],
      options: { ...plainOptions, newPackages: "refuse" },
    },
  ],
  [
    "a scoped name on a registry read anonymously",
    `SLIP_READ_ANONYMOUS @x/a is not visible on ${registry} without credentials`,
    { packages: [{ name: "@x/a" }], anonymousRegistries: new Set([registry]) },
  ],
  [
    "a burnt version",
    `SLIP_VERSION_BURNT a@1.0.0 was published to ${registry} before and unpublished`,
    {
      packages: [{ name: "a" }],
      burningRegistries: new Set([registry]),
      registry: { a: { versions: { "0.9.0": earlier }, time: { "1.0.0": "2026-01-01" } } },
    },
  ],
])("%s is refused", (_, expected, given) => {
  expect(codes(given)).toEqual([expected]);
});

test("all problems are collected", () => {
  const found = codes({
    packages: [
      { name: "a", needs: { b: "*", p: "*", w: "link:../w" }, publishConfig: { tag: "2.x" } },
      { name: "b", needs: { a: "*" } },
      { name: "p", isPrivate: true },
    ],
  });
  expect(found.map((text) => text.split(" ")[0]).sort()).toEqual([
    "SLIP_CYCLE",
    "SLIP_DEPENDENCY_PRIVATE",
    "SLIP_DEPENDENCY_PROTOCOL",
    "SLIP_TAG_INVALID",
  ]);
});

test("a registry that is down is one problem, and is never taken for absence", () => {
  const down: Reading<Packument> = { kind: "unavailable", at: 1, reason: "connection refused" };
  const refused: Reading<Packument> = { kind: "unavailable", at: 1, status: 401, reason: "answered 401" };
  expect(
    codes({
      packages: [{ name: "a" }, { name: "b", needs: { a: "*" } }, { name: "c" }],
      registry: { a: down, b: down, c: refused },
    }),
  ).toEqual([
    `SLIP_REGISTRY_UNREACHABLE a and b could not be read from ${registry}: connection refused`,
    `SLIP_READ_REFUSED c could not be read from ${registry}: answered 401`,
  ]);
});

function withAccepted(accept: Readonly<Record<string, string>>): Given {
  return {
    packages: [{ name: "a", needs: { b: "*" } }, { name: "b" }],
    registry: { b: { versions: { "1.0.0": elsewhere } } },
    options: { ...plainOptions, accept },
  };
}

test("a foreign sibling that a person accepted by its bytes is fine, by other bytes it is not", () => {
  expect(planned(withAccepted({ "b@1.0.0": integrity })).steps[0]?.after).toEqual(["kept:b@1.0.0"]);
  expect(codes(withAccepted({ "b@1.0.0": `sha512-${"B".repeat(86)}==` }))).toHaveLength(1);
});

test("what is kept and not clearly ours, or has changed since, is warned about", () => {
  const files = ["packages/c/1", "packages/c/2", "packages/c/3", "packages/c/4", "packages/c/5", "packages/c/6"];
  const { warnings, kept } = planned({
    packages: [{ name: "f" }, { name: "u" }, { name: "t" }, { name: "c" }],
    registry: {
      f: { versions: { "1.0.0": elsewhere } },
      u: { versions: { "1.0.0": "none" } },
      t: { versions: { "1.0.0": elsewhere } },
      c: { versions: { "1.0.0": earlier } },
    },
    git: {
      releaseTags: new Set(["t@1.0.0"]),
      commitsHere: new Map([
        [earlier, true],
        [elsewhere, false],
      ]),
      changedFiles: new Map([["c", files]]),
    },
  });
  expect(kept.map((item) => item.origin)).toEqual(["foreign", "unknown", "ours", "ours"]);
  expect(kept[3]?.changedFiles).toEqual(files);
  expect(warnings).toEqual([
    `f@1.0.0 on ${registry} was made from a commit that is not in this repository (${elsewhere})`,
    `u@1.0.0 on ${registry} cannot be traced to this repository: no git tag and no known gitHead`,
    "c@1.0.0 is published, but its files have changed since: packages/c/1, packages/c/2, packages/c/3, packages/c/4, packages/c/5 and 1 more; bump its version to release them",
  ]);
});

test("ranges that the registry satisfies instead of the workspace are said, not refused", () => {
  const { warnings, steps } = planned({
    packages: [
      { name: "a", needs: { b: "^1.0.0", p: "^3.0.0" } },
      { name: "b", version: "2.0.0" },
      { name: "p", isPrivate: true },
    ],
    registry: { b: { versions: { "1.4.0": earlier } }, p: { versions: { "3.1.0": elsewhere } } },
  });
  expect(warnings).toEqual([
    "a@1.0.0 needs b@^1.0.0: installs take 1.4.0 from the registry, the workspace has b@2.0.0",
  ]);
  expect(steps[0]).toMatchObject({ id: "publish:a@1.0.0", after: [] });
});

function warningsFor(range: string, shown: Shown): readonly string[] {
  const packages: Shape[] = [
    { name: "a", needs: { b: range } },
    { name: "b", version: "9.0.0" },
  ];
  return planned({ packages, registry: { b: shown } }).warnings;
}

test("of what the registry has instead, latest is named where it fits, else the highest, never a placeholder", () => {
  const versions = { "1.10.0": earlier, "1.9.0": earlier, "2.0.0": earlier };
  expect(warningsFor("^1.0.0", { versions, tags: { latest: "1.9.0" } })[0]).toContain("installs take 1.9.0 from");
  expect(warningsFor("^1.0.0", { versions, tags: { latest: "2.0.0" } })[0]).toContain("installs take 1.10.0 from");
  const staged = { packages: [{ name: "a", needs: { b: "*" } }, { name: "b" }], selected: new Set(["a"]) };
  expect(codes({ ...staged, registry: { b: { versions: { "0.0.0-stage": "none" }, tags: {} } } })).toHaveLength(1);
});

test("optional peers and dev dependencies ask nothing of a release", () => {
  planned({
    packages: [
      { name: "a", needs: { p: ["*", "devDependencies"], b: ["^9.0.0", "peerDependencies", true] } },
      { name: "b" },
      { name: "p", isPrivate: true },
    ],
  });
});

test("a tombstone on a registry that may reuse numbers is a warning, as is a new scoped name without access", () => {
  const { warnings } = planned({
    packages: [{ name: "@x/a" }, { name: "b" }],
    registry: { b: { versions: { "0.9.0": earlier }, time: { "1.0.0": "2026-01-01" } } },
  });
  expect(warnings).toEqual([
    expect.stringMatching(/^@x\/a is new and scoped, and its access is not set/),
    `b@1.0.0 was published to ${registry} before and unpublished: many registries never take a number again`,
  ]);
});

test("scripts that npm publish would run and slipway does not are said, of what is released only", () => {
  const scripts = { prepack: "x", publish: "x", postpublish: "x" };
  const { warnings } = planned({
    packages: [
      { name: "a", scripts },
      { name: "b", scripts: { postpublish: "x" } },
      { name: "c", scripts },
    ],
    registry: { c: { versions: { "1.0.0": here } } },
    evidence: { journalWrites: new Set(), isReleaseComplete: true },
  });
  expect(warnings).toEqual([
    "the scripts publish and postpublish of a are not run: slipway runs only those of packing",
    "the script postpublish of b is not run: slipway runs only those of packing",
  ]);
});

test("a peer that gives way in a cycle is said", () => {
  const { warnings, steps } = planned({
    packages: [
      { name: "plugin", needs: { host: ["*", "peerDependencies"] } },
      { name: "host", needs: { plugin: "*" } },
    ],
  });
  expect(warnings).toEqual(["plugin and host need each other: the peer dependency of plugin does not order them"]);
  expect(steps.filter((step) => step.goal.kind === "publish").map((step) => [step.name, step.after])).toEqual([
    ["plugin", []],
    ["host", ["publish:plugin@1.0.0"]],
  ]);
});

const graph = fc.record({
  needs: fc.array(fc.tuple(fc.nat(9), fc.nat(9), fc.constantFrom<DependencyKind>(...dependencyKinds)), {
    maxLength: 30,
  }),
  hidden: fc.uniqueArray(fc.nat(9), { maxLength: 3 }),
  shown: fc.array(
    fc.tuple(fc.nat(9), fc.constantFrom("1.0.0", "0.9.0", "2.0.0-beta.1"), fc.constantFrom(here, earlier, "none")),
  ),
  selected: fc.option(fc.uniqueArray(fc.nat(9))),
  versions: fc.array(fc.constantFrom("1.0.0", "1.0.0-rc.1", "2.0.0"), { minLength: 10, maxLength: 10 }),
});

test("whatever the workspace and the registry: each package is planned or kept once, and every step can be reached", () => {
  let plans = 0;
  fc.assert(
    fc.property(graph, ({ needs, hidden, shown, selected, versions }) => {
      const packages = versions.map((version, index): Shape => {
        // Edges lead from higher to lower numbers, so that most workspaces have no cycle and reach a plan.
        const edges = needs.filter(([from, to]) => Math.max(from, to) === index && from !== to);
        const map = Object.fromEntries(
          edges.map(([from, to, kind]) => [`p${Math.min(from, to)}`, ["*", kind] as const]),
        );
        return { name: `p${index}`, version, isPrivate: hidden.includes(index), needs: map };
      });
      const registry = Object.fromEntries(
        shown.map(([index, version, head]) => [`p${index}`, { versions: { [version]: head } }]),
      );
      const chosen = selected === null ? {} : { selected: new Set(selected.map((index) => `p${index}`)) };
      const result = plan({ packages, registry, ...chosen });
      expect(result.plan === undefined).toBe(result.problems.length > 0);
      if (result.plan === undefined) return;
      plans += 1;
      const names = [...result.plan.packages, ...result.plan.kept].map((item) => item.name);
      expect(names.toSorted()).toEqual(packages.map((item) => item.name));
      // Reads back, so every id fits, nothing waits for what is not there, and nothing waits in a circle.
      parsePlan(JSON.parse(JSON.stringify(result.plan)), "plan.json");
      for (const step of result.plan.steps) {
        const { name, goal } = step;
        if (goal.kind === "dist-tag") expect(step.after).toEqual([`publish:${name}@${step.version}`]);
        if (goal.kind === "publish" && step.version.includes("-")) expect(goal.sendTag).not.toBe("latest");
      }
    }),
    { numRuns: 500 },
  );
  expect(plans).toBeGreaterThan(100);
});

test("the release id is made of what is released from where, in any order of packages", () => {
  const packages = [
    makePackage({ name: "b" }),
    makePackage({ name: "a" }),
    makePackage({ name: "p", isPrivate: true }),
  ];
  const source = { repository: "https://host.example/r", commit: here, isClean: true };
  const text = releaseIdInput(source, packages);
  expect(text).toBe(
    `{"repository":"https://host.example/r","commit":"${here}","clean":true,"packages":["a@1.0.0","b@1.0.0"]}`,
  );
  expect(releaseIdInput({ ...source, base: earlier }, packages.toReversed())).toBe(text);
  expect(releaseIdInput({ ...source, isClean: false }, packages)).not.toBe(text);
});

test.each([
  ["changes that are not committed are warned about", { isClean: false, commit: here }, ["not committed"]],
  ["a clean commit is not", { isClean: true, commit: here }, []],
  [
    "that there is no commit is warned about",
    { isClean: false, commit: undefined },
    ["not a commit of a git repository"],
  ],
])("%s", (_, git, said) => {
  const result = planned({ packages: [{ name: "a" }], source: { repository: undefined, ...git } });
  const warnings = result.warnings.filter((warning) => warning.includes("another machine cannot finish"));
  expect(warnings).toEqual(said.map((text) => expect.stringContaining(text)));
});

test("what this release has judged to be somebody else's is nothing to build on, unless a person accepts it", () => {
  const given = {
    packages: [{ name: "a" }, { name: "b", needs: { a: "^1.0.0" } }],
    registry: { a: { versions: { "1.0.0": "none" } } },
  };
  const evidence = { journalWrites: new Set<string>(), judgedForeign: new Set(["a@1.0.0"]), isReleaseComplete: false };
  expect(planned(given).steps.map((step) => step.name)).toEqual(["b", "b"]);
  expect(codes({ ...given, evidence })).toEqual([expect.stringContaining("SLIP_VERSION_TAKEN b@1.0.0 needs a@1.0.0")]);
});

const changesets: NonNullable<PlanInput["changesets"]> = {
  config: {
    access: "restricted",
    ignore: [],
    fixed: [],
    linked: [],
    privatePackages: { version: true, tag: true },
    baseBranch: "main",
    changedFilePatterns: ["**"],
    snapshotTemplate: undefined,
  },
  pre: undefined,
  pending: [],
  ignored: new Set(),
  fixed: [],
  linked: [],
  warnings: [],
};

test("what Changesets ignores is kept, unless it is published already; what needs it cannot be released", () => {
  const ignoring = { changesets: { ...changesets, ignored: new Set(["old", "shown"]) } };
  const packages = [{ name: "old" }, { name: "shown" }, { name: "new" }];
  const { kept, packages: releases } = planned({
    packages,
    registry: { shown: { versions: { "1.0.0": earlier } } },
    ...ignoring,
  });
  expect(kept.map(({ name, reason }) => `${name} ${reason}`)).toEqual(["old ignored", "shown published"]);
  expect(releases.map(({ name }) => name)).toEqual(["new"]);
  expect(codes({ packages: [{ name: "old" }, { name: "new", needs: { old: "^1.0.0" } }], ...ignoring })).toEqual([
    expect.stringContaining("SLIP_DEPENDENCY_UNPUBLISHED new@1.0.0 needs old@^1.0.0"),
  ]);
});

test("access is publishConfig's, else what was asked for, else that of Changesets", () => {
  const packages = [
    { name: "@s/a-own", publishConfig: { access: "public" as const } },
    { name: "@s/b-open" },
    { name: "plain" },
  ];
  const accesses = (given: Partial<PlanInput>): readonly unknown[] =>
    planned({ packages, ...given }).steps.flatMap(({ goal }) => (goal.kind === "publish" ? [goal.access] : []));
  expect(accesses({})).toEqual(["public", undefined, undefined]);
  expect(accesses({ changesets })).toEqual(["public", "restricted", undefined]);
  expect(accesses({ changesets, access: "public" })).toEqual(["public", "public", "public"]);
});

test("fixed groups that have come apart are warned about, without what Changesets gives no version", () => {
  const packages = [{ name: "a" }, { name: "b", version: "1.0.1" }, { name: "c", version: "7.0.0", isPrivate: true }];
  const warningsOf = (given: Partial<typeof changesets>): readonly string[] =>
    planned({ packages, changesets: { ...changesets, ...given } }).warnings.filter((text) => text.includes("fixed"));
  expect(warningsOf({ fixed: [["a", "b", "c"]] })).toEqual([
    "a fixed group of Changesets has more than one version (a@1.0.0, b@1.0.1, c@7.0.0): `changeset version` makes them one again",
  ]);
  const config = { ...changesets.config, privatePackages: { version: false, tag: false } };
  expect(warningsOf({ fixed: [["a", "c"]], config })).toEqual([]);
  expect(warningsOf({ fixed: [["a", "b"]], ignored: new Set(["b"]) })).toEqual([]);
  expect(warningsOf({ linked: [["a", "b"]] })).toEqual([]);
});

test("a stable version that goes to the tag of pre mode is warned about", () => {
  const packages = [{ name: "a", version: "1.1.0-next.0" }, { name: "b" }];
  const { warnings, steps } = planned({ packages, changesets: { ...changesets, pre: { mode: "pre", tag: "next" } } });
  expect(steps.flatMap(({ goal }) => (goal.kind === "dist-tag" ? [goal.tag] : []))).toEqual(["next", "next"]);
  expect(warnings.filter((text) => text.includes("pre mode"))).toEqual([
    "what is no prerelease does not go to latest because Changesets is in pre mode: b@1.0.0 to next; `changeset pre exit` and `changeset version` end it",
  ]);
});

test("a plan says which private packages are released as a git tag, and how git tags are called", () => {
  const hasNone = { name: "tool", isPrivate: true, version: "0.0.0", hasVersion: false as const };
  const site = { name: "site", isPrivate: true };
  const several = planned({ packages: [{ name: "root", dir: "." }, { name: "a" }, site, hasNone], changesets });
  expect(several.changesets).toMatchObject({
    tagOnly: [{ name: "site", version: "1.0.0" }],
    isSingle: false,
    root: "root",
  });
  const single = planned({ packages: [{ name: "a", dir: "." }], changesets });
  expect(single.changesets).toMatchObject({ tagOnly: [], isSingle: true });
  expect(single.changesets).not.toHaveProperty("root");
  expect(planned({ packages: [{ name: "a" }] })).not.toHaveProperty("changesets");
});

test.each([
  ["the version that its dist-tag showed", { latest: "2.0.0", next: "2.1.0-next.0" }, "2.1.0-next.0"],
  ["latest where its dist-tag is new", { latest: "2.0.0" }, "2.0.0"],
  ["nothing where the registry has lost what the tag shows", { latest: "2.0.0", next: "1.9.9" }, undefined],
  ["nothing where there is no latest", { old: "2.0.0" }, undefined],
])("a version's size is compared with %s", (_, tags, compared) => {
  const versions = { "2.0.0": earlier, "2.1.0-next.0": earlier };
  const { packages } = planned({
    packages: [{ name: "ui", version: "2.1.0-next.1" }],
    registry: { ui: { versions, tags: { ...tags } } },
  });
  expect(packages[0]?.published?.version).toBe(compared);
});
