/** Bugs that the simulation has found, each as a short release of its own. */
import { defaultLimits } from "@slipway/core";
import { expect, test } from "vitest";
import { uploadOf } from "../../src/simulator/random-release.ts";
import { createMachine } from "../../src/simulator/machine.ts";
import { runCommand } from "../../src/simulator/run-command.ts";
import { judgeHistory } from "../../src/simulator/oracle.ts";
import { strangerName } from "../../src/simulator/oracle-safety.ts";
import { verdaccio } from "../../src/simulator/profile.ts";
import { type SettingInput, createSetting, releaseUntilDone } from "../../src/simulator/scenario.ts";
import { makeSource } from "../../src/simulator/workspaces.ts";

const code = makeSource([{ name: "a", version: "1.0.0", needs: {} }]);

function always(): Omit<SettingInput, "faults"> {
  return { limits: defaultLimits };
}

test("a tag that was overtaken while an upload's fate was unknown is not moved back by sending it again", async () => {
  const setting = createSetting({
    ...always(),
    faults: ({ kind, process }, possible) =>
      kind === "upload" && process === "m#1" && possible.includes("5xx-before") ? "5xx-before" : undefined,
  });
  const { clock, world } = setting;
  const theirs = uploadOf(code, "a", "2.0.0", "badc0de", {});
  clock.after(60, () => void world.submit({ kind: "upload", request: theirs }, strangerName, -1));
  const machine = createMachine("m", "reproducible");
  const first = await clock.run(runCommand(setting, code, machine), "the run");
  expect(first.exitCode).toBe(1);
  expect(first.problems).toContain("SLIP_PLAN_STALE");
  expect(world.stateOf("a")?.distTags.get("latest")).toBe("2.0.0");
  const second = await clock.run(runCommand(setting, code, machine), "the run after it");
  expect(second.exitCode).toBe(0);
  expect(world.stateOf("a")?.distTags.get("latest")).toBe("2.0.0");
});

test("a tag whose read was refused once still keeps its version from being sent over a higher one", async () => {
  const met: string[] = [];
  const setting = createSetting({
    ...always(),
    faults({ kind }, possible) {
      const fault =
        kind === "upload" ? "409-before" : met.length === 1 && kind === "fresh-read" ? "read-refused" : undefined;
      if (fault === undefined || met.includes(fault) || !possible.includes(fault)) return undefined;
      met.push(fault);
      return fault;
    },
  });
  const { clock, world } = setting;
  const theirs = uploadOf(code, "a", "2.0.0", "badc0de", {});
  clock.after(400, () => void world.submit({ kind: "upload", request: theirs }, strangerName, -1));
  await clock.run(runCommand(setting, code, createMachine("m", "reproducible")), "the run");
  expect(met).toEqual(["409-before", "read-refused"]);
  expect(world.stateOf("a")?.distTags.get("latest")).toBe("2.0.0");
});

test("an upload that a crash kept from being sent is not sent again before absence has lasted", async () => {
  let crashed = false;
  const setting = createSetting({
    ...always(),
    faults({ kind }) {
      if (kind !== "upload" || crashed) return undefined;
      crashed = true;
      return "crash-before-send";
    },
  });
  const judged = await setting.clock.run(
    releaseUntilDone(setting, code, createMachine("m", "reproducible"), {
      runsMax: 3,
      nextMachine: (_run, machine) => machine,
    }),
    "the release",
  );
  expect(judgeHistory(judged)).toEqual([]);
  const [run, upload] = [judged.history.runs[1], judged.history.writes[0]];
  expect((upload?.sentAt ?? 0) - (run?.startedAt ?? 0)).toBeGreaterThanOrEqual(defaultLimits.settleMs);
});

test("a tag that a dead run was writing is not written again before it has had time to move", async () => {
  let crashed = false;
  const setting = createSetting({
    ...always(),
    faults({ kind, process }) {
      if (kind !== "write" || !process.startsWith("fresh") || crashed) return undefined;
      crashed = true;
      return "crash-in-flight";
    },
  });
  const { clock, world, history } = setting;
  world.submit({ kind: "upload", request: uploadOf(code, "a", "0.0.9", "0ldc0de", {}) }, "past", -1);
  await clock.run(runCommand(setting, code, createMachine("m", "reproducible")), "the release");
  world.submit({ kind: "set-tag", name: "a", tag: "latest", version: "0.0.9" }, strangerName, -1);
  const fresh = createMachine("fresh", "reproducible");
  await clock.run(runCommand(setting, code, fresh), "the run that dies");
  const last = await clock.run(runCommand(setting, code, fresh), "the run after it");
  expect([crashed, last.exitCode, world.stateOf("a")?.distTags.get("latest")]).toEqual([true, 0, "1.0.0"]);
  expect(history.writes.filter(({ write }) => write.kind === "set-tag")).toHaveLength(1);
});

test("a version that was wedged more often than one run repairs is repaired by the next run", async () => {
  let wedged = 0;
  const setting = createSetting({
    ...always(),
    faults({ kind }) {
      const isStuck = setting.world.stateOf("a")?.stuck.has("1.0.0") === true;
      if (kind !== "upload" || isStuck || wedged > defaultLimits.repairsMax) return undefined;
      wedged += 1;
      return "wedge";
    },
  });
  const machine = createMachine("m", "reproducible");
  const first = await setting.clock.run(runCommand(setting, code, machine), "the run");
  const second = await setting.clock.run(runCommand(setting, code, machine), "the run after it");
  expect([first.exitCode, second.exitCode]).toEqual([1, 0]);
});

test("a replica that lags does not make an upload go out twice", async () => {
  const setting = createSetting({ ...always(), profile: { ...verdaccio, name: "lagging", replicaLagsMs: [60_000] } });
  const machine = createMachine("m", "reproducible");
  const run = await setting.clock.run(runCommand(setting, code, machine), "the run");
  expect(run.exitCode).toBe(0);
  expect(setting.history.writes).toHaveLength(1);
});
