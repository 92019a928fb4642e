import { isInnerPath, isJsonObject, parsePlan, type Plan, ProblemsError } from "@slipway/core";
import { plainOptions } from "@slipway/testkit";
import { expect, test } from "vitest";

const integrity = `sha512-${"A".repeat(86)}==`;
const registry = "https://registry.example/";

const plan: Plan = {
  schema: 1,
  releaseId: "0123456789ab",
  source: { repository: "https://host.example/r", commit: "a".repeat(40), isClean: true },
  options: { ...plainOptions, accept: { "b@1.0.0": integrity } },
  packages: [
    {
      name: "@x/a",
      version: "1.0.0",
      dir: "packages/a",
      registry,
      isNew: false,
      previous: "0.9.0",
      published: { version: "0.9.0", sizeBytes: 1, unpackedSizeBytes: 2, fileCount: 3 },
      scriptsNotRun: [],
    },
  ],
  steps: [
    {
      id: "publish:@x/a@1.0.0",
      after: ["kept:b@1.0.0"],
      registry,
      name: "@x/a",
      version: "1.0.0",
      from: undefined,
      goal: { kind: "publish", integrity, access: "public", sendTag: "latest" },
    },
    {
      id: "dist-tag:@x/a@1.0.0:latest",
      after: ["publish:@x/a@1.0.0"],
      registry,
      name: "@x/a",
      version: "1.0.0",
      from: "0.9.0",
      goal: { kind: "dist-tag", tag: "latest", to: "1.0.0" },
    },
  ],
  kept: [
    {
      name: "b",
      version: "1.0.0",
      registry,
      reason: "published",
      origin: "ours",
      integrity: "sha1-x",
      changedFiles: ["f"],
    },
    { name: "No Name", version: "none", registry: undefined, reason: "private" },
  ],
  warnings: ["w"],
  tarballs: [
    { spec: "@x/a@1.0.0", path: "tarballs/x-a-1.0.0.tgz", integrity, sizeBytes: 1, unpackedSizeBytes: 2, fileCount: 3 },
  ],
};

function read(): unknown {
  return JSON.parse(JSON.stringify(plan));
}

/** The plan as JSON with one place changed; an undefined value takes the key away. */
function edit(path: readonly (string | number)[], value: unknown): unknown {
  const json = read();
  let at: unknown = json;
  for (const key of path.slice(0, -1))
    at = Array.isArray(at) ? at[Number(key)] : isJsonObject(at) ? at[key] : undefined;
  const last = path.at(-1);
  if (last === undefined || typeof at !== "object" || at === null) throw new Error("no such place");
  Reflect.set(at, last, value);
  return JSON.parse(JSON.stringify(json));
}

function faultOf(json: unknown): string {
  try {
    parsePlan(json, "plan.json");
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    expect(error.problems).toHaveLength(1);
    return `${error.problems[0]?.code} ${error.problems[0]?.message}`;
  }
  throw new Error("the plan was taken");
}

test("a plan that was written is read back as it is", () => {
  expect(parsePlan(read(), "plan.json")).toEqual(JSON.parse(JSON.stringify(plan)));
  expect(parsePlan(edit(["tarballs"], undefined), "plan.json").tarballs).toBeUndefined();
});

test.each([
  ["a text", "plan", /^SLIP_FOLDER_INVALID plan.json does not hold a plan/],
  ["nothing", null, /^SLIP_FOLDER_INVALID/],
  ["a list", [], /^SLIP_FOLDER_INVALID/],
  ["another object", {}, /^SLIP_FOLDER_INVALID plan.json holds a plan without a schema/],
  [
    "a later schema",
    edit(["schema"], 2),
    /^SLIP_FOLDER_INVALID plan.json holds a plan of schema 2; this slipway reads schema 1/,
  ],
])("%s is no plan", (_, json, expected) => {
  expect(faultOf(json)).toMatch(expected);
});

const wrong: readonly (readonly [path: readonly (string | number)[], value: unknown, fault: RegExp])[] = [
  [["extra"], 1, /plan has an unknown key, extra/],
  [["warnings"], undefined, /plan lacks warnings/],
  [["releaseId"], "0123456789AB", /plan.releaseId is not 12 hex digits/],
  [["source", "commit"], "main", /plan.source.commit is not a commit/],
  [["source", "isClean"], "yes", /isClean is not true or false/],
  [["options", "identity"], "any", /identity is not one of source, files, bytes/],
  [["options", "accept", "b@1.0.0"], "sha1-x", /accept\["b@1.0.0"\] is not an integrity/],
  [["options", "limits", "waitMs"], -1, /limits.waitMs is not a number/],
  [["options", "limits", "resendDelaysMs"], 5, /resendDelaysMs is not a list/],
  [["options", "limits", "concurrency"], undefined, /limits lacks concurrency/],
  [["packages", 0, "name"], "../evil", /packages\[0\].name may only hold/],
  [["packages", 0, "version"], "1.0", /packages\[0\].version is not a semantic version/],
  [["packages", 0, "dir"], "/etc", /packages\[0\].dir is not a path inside its folder/],
  [
    ["packages", 0, "registry"],
    "https://user:secret@host/",
    /registry is not an http or https URL without credentials/,
  ],
  [["packages", 0, "published", "sizeBytes"], "1", /packages\[0\].published.sizeBytes is not a whole number/],
  [["packages", 0, "published", "more"], 1, /packages\[0\].published has an unknown key/],
  [["packages", 0, "registry"], "file:///etc", /registry is not an http/],
  [["steps", 0, "id"], "publish:@x/b@1.0.0", /step publish:@x\/b@1.0.0 is not about @x\/a@1.0.0/],
  [["steps", 0, "version"], "2.0.0", /step publish:@x\/a@1.0.0 is not about @x\/a@2.0.0/],
  [["steps", 0, "after", 0], "kept:c@1.0.0", /waits for kept:c@1.0.0, which does not exist/],
  [["steps", 0, "after", 0], "dist-tag:@x/a@1.0.0:latest", /steps wait for each other/],
  [["steps", 0, "goal", "integrity"], "sha1-x", /goal.integrity is not an integrity/],
  [["steps", 0, "goal", "sendTag"], "1.x", /sendTag is a semver range/],
  [["steps", 0, "goal", "kind"], "unpublish", /steps\[0\].goal.kind is not one of publish, dist-tag/],
  [["steps", 0, "goal", "kind"], "constructor", /steps\[0\].goal.kind is not one of/],
  [["steps", 1, "goal", "to"], "0.9.0", /moves its tag to 0.9.0/],
  [["kept", 0, "name"], "..", /kept "..@1.0.0" cannot be asked about/],
  [["kept", 0, "version"], "1.0.0?write=true", /kept "b@1.0.0\?write=true" cannot be asked about/],
  [["kept", 0, "registry"], undefined, /waits for kept:b@1.0.0, which does not exist/],
  [["options", "limits", "concurrency"], 0, /limits.concurrency is not a whole number of 1 or more/],
  [
    ["steps", 0, "goal", "integrity"],
    `sha512-${"B".repeat(86)}==`,
    /tarball of @x\/a@1.0.0 is not the one that its step sends/,
  ],
  [["kept", 0, "reason"], "because", /kept\[0\].reason is not one of/],
  [["tarballs", 0, "path"], "../../etc/passwd", /tarballs\[0\].path is not a path inside its folder/],
  [["tarballs", 0, "path"], "C:\\x.tgz", /is not a path inside/],
  [["tarballs", 0, "spec"], "b@1.0.0", /is of b@1.0.0, which is not planned/],
  [["tarballs", 0, "sizeBytes"], 1.5, /sizeBytes is not a whole number/],
];

test.each(wrong)("a plan edited at %j to %j is refused", (path, value, fault) => {
  const message = faultOf(edit(path, value));
  expect(message).toMatch(/^SLIP_PLAN_CHANGED plan.json is not as slipway wrote it: /);
  expect(message).toMatch(fault);
});

test("a step or a package that stands twice is refused", () => {
  expect(faultOf(edit(["steps", 2], plan.steps[0]))).toMatch(/step publish:@x\/a@1.0.0 stands twice/);
  expect(faultOf(edit(["packages", 1], plan.packages[0]))).toMatch(/@x\/a@1.0.0 is planned twice/);
});

test("of many faults the first ten are named", () => {
  const json = edit(
    ["steps"],
    Array.from({ length: 30 }, () => "step"),
  );
  try {
    parsePlan(json, "plan.json");
    throw new Error("the plan was taken");
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    expect(error.problems[0]?.details).toHaveLength(11);
    expect(error.problems[0]?.details?.at(-1)).toBe("and 20 more");
  }
});

test.each([
  ["a/b", true],
  ["a", true],
  ["", false],
  ["/a", false],
  ["a/../b", false],
  ["..", false],
  ["./a", false],
  ["a//b", false],
  ["a/", false],
  ["a\\b", false],
  ["C:a", false],
  ["a\0b", false],
  ["a\u001Bb", false],
  ["a\u202Eb", false],
  ["ünï cödé", true],
])("%j as an inner path: %s", (path, expected) => {
  expect(isInnerPath(path)).toBe(expected);
});
