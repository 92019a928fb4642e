/** The model against what was measured on Verdaccio 6.10 and reported of others. */
import { type Answer, messageOf } from "@slipway/core";
import { expect, test } from "vitest";
import { type Profile, verdaccio } from "../../src/simulator/profile.ts";
import { type RegistryWorld, type Write, createRegistryWorld } from "../../src/simulator/registry-world.ts";
import { packSim } from "../../src/simulator/sim-tarball.ts";
import { type VirtualClock, createVirtualClock } from "../../src/simulator/virtual-clock.ts";
import { allAfter } from "../../src/simulator/visibility.ts";

interface Stage {
  readonly world: RegistryWorld;
  readonly clock: VirtualClock;
  readonly put: (version: string, tag?: string, text?: string, wedges?: boolean) => Answer;
  readonly write: (write: Write) => Answer;
  /** Lets milliseconds pass. */
  readonly pass: (ms: number) => Promise<void>;
}

function stage(change: Partial<Profile> = {}): Stage {
  const clock = createVirtualClock(0);
  const world = createRegistryWorld({ ...verdaccio, ...change }, clock, "https://registry.invalid/");
  return {
    world,
    clock,
    put(version, tag = "latest", text = "", wedges = false) {
      const { manifest, bytes, integrity } = packSim({ name: "a", version }, [{ path: "index.js", text }]);
      const request = { name: "a", version, tag, access: undefined, manifest, bytes, integrity };
      return world.submit({ kind: "upload", request }, "me", 0, { wedges });
    },
    write: (write) => world.submit(write, "me", 0),
    pass: (ms) => clock.run(clock.sleep(ms), "time"),
  };
}

function brief(answer: Answer): string {
  return answer.kind === "response" ? `${answer.status} ${messageOf(answer.body)}`.trim() : answer.reason;
}

function tagsOf({ world }: Stage): Record<string, string> {
  return Object.fromEntries(world.stateOf("a")?.distTags ?? []);
}

test("a version is taken once; whatever is sent again is already present", () => {
  const on = stage();
  expect(brief(on.put("1.0.0"))).toBe("201");
  expect(brief(on.put("1.0.0"))).toBe("409 this package is already present");
  expect(brief(on.put("1.0.0", "latest", "other bytes"))).toBe("409 this package is already present");
  expect(on.world.changes.filter(({ kind }) => kind === "version-taken")).toHaveLength(1);
});

test("a first version becomes latest whatever tag is sent", () => {
  const on = stage();
  on.put("1.0.0-beta.1", "beta");
  expect(tagsOf(on)).toEqual({ beta: "1.0.0-beta.1", latest: "1.0.0-beta.1" });
});

test("latest moves down too", () => {
  const on = stage();
  on.put("2.0.0");
  on.put("1.0.0");
  expect(tagsOf(on)).toEqual({ latest: "1.0.0" });
});

test("when latest is deleted the highest version takes its place", () => {
  const on = stage();
  on.put("1.0.0");
  on.put("3.0.0-rc.1", "rc");
  on.write({ kind: "remove-tag", name: "a", tag: "latest" });
  expect(tagsOf(on)).toEqual({ latest: "3.0.0-rc.1", rc: "3.0.0-rc.1" });
});

test.each([
  { write: { kind: "set-tag", name: "b", tag: "x", version: "1.0.0" }, answer: "404 no such package available" },
  {
    write: { kind: "set-tag", name: "a", tag: "x", version: "9.9.9" },
    answer: "404 this version doesn't exist: 9.9.9",
  },
  { write: { kind: "set-tag", name: "a", tag: "x", version: "1.0.0" }, answer: "201" },
  { write: { kind: "deprecate", name: "a", version: "1.0.0", message: "old" }, answer: "201" },
  { write: { kind: "remove-tarball", name: "a", version: "9.9.9" }, answer: "404 this version doesn't exist: 9.9.9" },
] as const)("$write.kind of $write.name is answered $answer", ({ write, answer }) => {
  const on = stage();
  on.put("1.0.0");
  expect(brief(on.write(write))).toBe(answer);
});

test("a wedged version is present and never shown, until its tarball is removed", () => {
  const on = stage();
  on.put("1.0.0", "latest", "", true);
  expect(brief(on.put("1.0.0"))).toBe("409 this package is already present");
  expect(on.world.stateOf("a")?.versions.size).toBe(0);
  on.write({ kind: "remove-tarball", name: "a", version: "1.0.0" });
  expect(brief(on.put("1.0.0"))).toBe("201");
  expect(on.world.stateOf("a")?.versions.has("1.0.0")).toBe(true);
});

test("two uploads of one version with other bytes at once leave it corrupt", () => {
  const on = stage({ raceWindowMs: 100 });
  on.put("1.0.0", "latest", "mine");
  on.put("1.0.0", "latest", "theirs");
  const shown = on.world.stateOf("a")?.versions.get("1.0.0");
  expect(new TextDecoder().decode(shown?.bytes)).toContain("theirs");
  expect(on.world.changes.map(({ kind }) => kind)).toContain("version-corrupted");
});

test("commit, answer and visibility are three instants where versions are scanned", async () => {
  const on = stage({ visibility: allAfter(5_000) });
  expect(brief(on.put("1.0.0"))).toBe("202");
  expect(brief(on.put("1.0.0"))).toBe('409 Cannot publish over previously staged version "1.0.0".');
  await on.pass(4_999);
  expect(on.world.stateOf("a")).toBeUndefined();
  await on.pass(1);
  expect(on.world.stateOf("a")?.versions.has("1.0.0")).toBe(true);
  expect(tagsOf(on)).toEqual({ latest: "1.0.0" });
});

test("a replica shows the origin as it was", async () => {
  const on = stage({ replicaLagsMs: [1_000] });
  await on.pass(10);
  on.put("1.0.0");
  expect(on.world.plainStateOf("a", "plain a")).toBeUndefined();
  await on.pass(1_000);
  expect(on.world.plainStateOf("a", "plain a")?.versions.has("1.0.0")).toBe(true);
});

test("a cache keeps a 404 too, for each address by itself", async () => {
  const on = stage({ plainCacheMs: 300_000 });
  expect(on.world.plainStateOf("a", "plain a")).toBeUndefined();
  on.put("1.0.0");
  expect(on.world.plainStateOf("a", "plain a")).toBeUndefined();
  expect(on.world.plainStateOf("a", "tarball a@1.0.0")?.versions.has("1.0.0")).toBe(true);
  await on.pass(300_000);
  expect(on.world.plainStateOf("a", "plain a")?.versions.has("1.0.0")).toBe(true);
});

test.each([
  { reusesVersions: true, answer: "201" },
  { reusesVersions: false, answer: '400 Cannot publish over previously published version "1.0.0".' },
])("after an unpublish the number can be used again: $reusesVersions", ({ reusesVersions, answer }) => {
  const on = stage({ reusesVersions });
  on.put("1.0.0");
  on.write({ kind: "unpublish", name: "a", version: "1.0.0" });
  expect(on.world.stateOf("a")?.versions.size).toBe(0);
  expect(brief(on.put("1.0.0", "latest", "other bytes"))).toBe(answer);
});
