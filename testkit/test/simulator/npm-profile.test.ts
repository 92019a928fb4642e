/** The npm profile, and the small ones, against what REGISTRY.md reports of these registries: in process, at exact instants. */
import { type Answer, messageOf } from "@slipway/core";
import { expect, test } from "vitest";
import { githubPackages, npm, npmCaps, overwrite } from "../../src/simulator/npm-profile.ts";
import type { PackageState } from "../../src/simulator/package-history.ts";
import type { Profile } from "../../src/simulator/profile.ts";
import { createRandom } from "../../src/simulator/random.ts";
import { type RegistryWorld, type Write, createRegistryWorld } from "../../src/simulator/registry-world.ts";
import { packSim } from "../../src/simulator/sim-tarball.ts";
import { createVirtualClock } from "../../src/simulator/virtual-clock.ts";
import { type Visibility, npmScan } from "../../src/simulator/visibility.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const steps: Visibility = {
  documentMs: 10_000,
  packumentMs: 20_000,
  tagMs: 30_000,
  tarballMs: 40_000,
  isBlocked: false,
};

interface Stage {
  readonly world: RegistryWorld;
  readonly put: (version: string, options?: { name?: string; tag?: string; text?: string }) => Answer;
  readonly write: (write: Write) => Answer;
  readonly pass: (ms: number) => void;
  readonly origin: () => PackageState | undefined;
}

function stage(profile: Profile, change: Partial<Profile> = {}, seed = 1): Stage {
  const clock = createVirtualClock(Date.UTC(2026, 0, 1));
  const whole = { ...profile, race: { chance: 0, landsChance: 0 }, ...change };
  const world = createRegistryWorld(whole, clock, "https://registry.invalid/", [], createRandom(seed));
  return {
    world,
    put(version, { name = "a", tag = "latest", text = "" } = {}) {
      const { manifest, bytes, integrity } = packSim({ name, version }, [{ path: "index.js", text }]);
      const request = { name, version, tag, access: undefined, manifest, bytes, integrity };
      return world.submit({ kind: "upload", request }, "me", 0, { account: "me" });
    },
    write: (write) => world.submit(write, "me", 0, { account: "me" }),
    pass: (ms) => clock.advance(ms),
    origin: () => world.stateOf("a"),
  };
}

function brief(answer: Answer): string {
  return answer.kind === "response" ? `${answer.status} ${messageOf(answer.body)}`.trim() : answer.reason;
}

function headersOf(answer: Answer): Readonly<Record<string, string>> {
  return answer.kind === "response" ? answer.headers : {};
}

test("an upload is answered 202 with a notice, and is shown part by part: document, packument, tag, tarball", () => {
  const on = stage(npm, { visibility: () => steps });
  const answer = on.put("1.0.0");
  expect(brief(answer)).toBe("202");
  expect(headersOf(answer)["npm-notice"]).toMatch(/^Your package is being processed/);
  const seen: string[] = [];
  for (let at = 0; at <= 50; at += 5) {
    const state = on.origin();
    const version = state?.versions.get("1.0.0");
    const parts = [
      state?.documents.has("1.0.0") === true || version !== undefined ? "document" : "",
      version === undefined ? "" : "packument",
      state?.distTags.get("latest") === "1.0.0" ? "tag" : "",
      version?.bytes === undefined ? "" : "tarball",
    ];
    seen.push(`${at}: ${parts.filter((part) => part !== "").join(" ")}`.trim());
    on.pass(5_000);
  }
  expect(seen.filter((_, index) => index % 2 === 1)).toEqual([
    "5:",
    "15: document",
    "25: document packument",
    "35: document packument tag",
    "45: document packument tag tarball",
  ]);
});

test("while a version is scanned it cannot be sent again, tagged or deprecated, and its status is validating", () => {
  const on = stage(npm, { visibility: () => steps });
  on.put("1.0.0");
  on.pass(5_000);
  expect(brief(on.put("1.0.0"))).toBe('409 Cannot publish over previously staged version "1.0.0".');
  expect(brief(on.write({ kind: "set-tag", name: "a", tag: "x", version: "1.0.0" }))).toBe("404 Not found");
  expect(brief(on.write({ kind: "deprecate", name: "a", version: "1.0.0", message: "old" }))).toBe("404 Not found");
  expect(on.world.statusOf("a", "1.0.0")).toBe("validating");
  on.pass(minuteMs);
  expect(on.world.statusOf("a", "1.0.0")).toBe("published");
  expect(brief(on.put("1.0.0"))).toBe("403 You cannot publish over the previously published versions: 1.0.0.");
});

test("versions are shown in another order than they were sent", () => {
  const on = stage(npm);
  const versions = Array.from({ length: 12 }, (_, index) => `1.${index}.0`);
  for (const version of versions) on.put(version);
  on.pass(2 * hourMs);
  const shown = on.world.changes.filter(({ kind }) => kind === "version-shown").map(({ version }) => version);
  expect(shown).toHaveLength(12);
  expect(shown).not.toEqual(versions);
});

test("a version that the scan blocks is never shown, and its status says so", () => {
  const on = stage(npm, { visibility: npmScan({ blockedChance: 1 }) });
  expect(brief(on.put("1.0.0"))).toBe("202");
  on.pass(240 * hourMs);
  expect(on.origin()).toBeUndefined();
  expect(on.world.statusOf("a", "1.0.0")).toBe("blocked");
});

test("a number that was unpublished is burnt, goes on being listed, and a whole package is locked for a day", () => {
  const on = stage(npm);
  on.put("1.0.0");
  on.put("1.1.0");
  on.pass(2 * hourMs);
  expect(brief(on.write({ kind: "unpublish", name: "a", version: "1.0.0" }))).toBe("200");
  expect(brief(on.put("1.0.0"))).toBe('400 Cannot publish over previously published version "1.0.0".');
  expect(on.world.statusOf("a", "1.0.0")).toBe("deleted");
  expect([...(on.origin()?.tombstones.keys() ?? [])]).toEqual(["1.0.0"]);
  on.write({ kind: "unpublish", name: "a", version: "1.1.0" });
  expect(brief(on.put("1.2.0"))).toBe("403 a cannot be republished until 24 hours have passed.");
  on.pass(24 * hourMs);
  expect(brief(on.put("1.2.0"))).toBe("202");
});

test("an old version can no longer be unpublished, and latest cannot be deleted", () => {
  const on = stage(npm);
  on.put("1.0.0");
  on.pass(80 * hourMs);
  expect(brief(on.write({ kind: "unpublish", name: "a", version: "1.0.0" }))).toMatch(/^405 /);
  expect(brief(on.write({ kind: "remove-tag", name: "a", tag: "latest" }))).toMatch(/^400 /);
  expect(on.origin()?.distTags.get("latest")).toBe("1.0.0");
});

test("a write race is answered 409, and about half of those uploads have landed", () => {
  const on = stage(npm, { race: { chance: 1, landsChance: 0.5 } });
  const answers = Array.from({ length: 40 }, (_, index) => brief(on.put(`1.${index}.0`)));
  expect(new Set(answers.map((answer) => answer.slice(0, 30)))).toEqual(new Set(["409 Failed to save packument. "]));
  const landed = on.world.changes.filter(({ kind }) => kind === "version-taken").length;
  expect(landed).toBeGreaterThan(5);
  expect(landed).toBeLessThan(35);
});

test("each replica has a cache of its own, which keeps a 404 for 300 s; what is read past them is new", () => {
  const on = stage(npm, { visibility: () => ({ ...steps, documentMs: 0, packumentMs: 0, tagMs: 0, tarballMs: 0 }) });
  const isPlain = (): boolean => on.world.plainStateOf("a", "plain a")?.versions.has("1.0.0") === true;
  for (let read = 0; read < 30; read += 1) expect(isPlain()).toBe(false);
  on.put("1.0.0");
  expect(on.origin()?.versions.has("1.0.0")).toBe(true);
  on.pass(299_000);
  for (let read = 0; read < 30; read += 1) expect(isPlain()).toBe(false);
  on.pass(1_000);
  for (let read = 0; read < 30; read += 1) expect(isPlain()).toBe(true);
});

test.each([
  { form: "seconds", header: "86340" },
  { form: "date", header: "Fri, 02 Jan 2026 00:00:00 GMT" },
  { form: "missing", header: undefined },
] as const)("the 31st new package of a day is answered 429 with Retry-After as $form", ({ form, header }) => {
  const on = stage(npm, { caps: npmCaps(form) });
  const names = Array.from({ length: 30 }, (_, index) => `n${index}`);
  expect(names.map((name) => brief(on.put("1.0.0", { name })))).toEqual(names.map(() => "202"));
  on.pass(minuteMs);
  const refused = on.put("1.0.0", { name: "another" });
  expect([brief(refused).slice(0, 4), headersOf(refused)["retry-after"]]).toEqual(["429 ", header]);
  expect(brief(on.put("1.1.0", { name: "n1" }))).toBe("202");
  on.pass(24 * hourMs);
  expect(brief(on.put("1.0.0", { name: "another" }))).toBe("202");
});

test("an account's uploads are capped by the hour", () => {
  const on = stage(npm, { caps: { uploads: { max: 3, windowMs: hourMs, form: "seconds" } } });
  const answers = [1, 2, 3, 4].map((minor) => brief(on.put(`1.${minor}.0`)).slice(0, 3));
  expect(answers).toEqual(["202", "202", "202", "429"]);
});

test("GitHub Packages gives no latest by itself, and 409 for what is there", () => {
  const on = stage(githubPackages);
  expect(brief(on.put("1.0.0-beta.1", { tag: "beta" }))).toBe("200");
  expect(Object.fromEntries(on.origin()?.distTags ?? [])).toEqual({ beta: "1.0.0-beta.1" });
  expect(brief(on.put("1.0.0-beta.1"))).toBe("409 Cannot publish over existing version 1.0.0-beta.1");
});

test("a registry that overwrites replaces contents without a word", () => {
  const on = stage(overwrite);
  on.put("1.0.0", { text: "first" });
  const first = on.origin()?.versions.get("1.0.0")?.integrity;
  expect(brief(on.put("1.0.0", { text: "second" }))).toBe("200");
  const second = on.origin()?.versions.get("1.0.0");
  expect(second?.integrity).not.toBe(first);
  expect(new TextDecoder().decode(second?.bytes)).toContain("second");
});
