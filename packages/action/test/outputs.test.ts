/** Outputs: the shapes that workflows read, and what becomes of what does not fit. */
import type { Plan, Report, ReportedVersion } from "@slipway/core";
import { problem } from "@slipway/core";
import { planOf } from "@slipway/testkit";
import { expect, test } from "vitest";
import { makeOutputs, outputUsages } from "../src/outputs.ts";

const registry = "http://registry.test/";

function version(name: string, fields: Partial<ReportedVersion> = {}): ReportedVersion {
  return { name, version: "1.0.0", registry, status: "done", how: "published", problems: [], ...fields };
}

function report(versions: readonly ReportedVersion[]): Report {
  return {
    schema: 1,
    releaseId: "0123456789ab",
    commit: undefined,
    isComplete: false,
    exitCode: 1,
    attempt: 1,
    startedAt: 0,
    endedAt: 1,
    versions,
    kept: [
      { name: "k", version: "2.0.0", registry, reason: "published" },
      { name: "p", version: "0.0.0", registry: undefined, reason: "private" },
    ],
    warnings: [],
    counts: { published: 0, already: 0, failed: 0, blocked: 0, unconfirmed: 0, kept: 0 },
  };
}

function packaged(plan: Plan, ...dirs: readonly string[]): Plan {
  return {
    ...plan,
    packages: dirs.map((dir) => ({
      name: `@hai3/${dir.replaceAll("/", "-")}`,
      version: "1.0.0",
      dir,
      registry,
      isNew: true,
      previous: undefined,
      scriptsNotRun: [],
    })),
  };
}

test("request 002's packages, published and skipped have its very shapes", () => {
  const outputs = makeOutputs({
    plan: packaged(planOf("a"), "packages/state", "tools/cli"),
    report: report([
      version("a"),
      version("b", { how: "already" }),
      version("c", { how: "bound" }),
      version("d", { status: "pending" }),
      version("e", { status: "failed", problems: [problem("SLIP_UPLOAD_REFUSED", "no", { cause: new Error("x") })] }),
    ]),
  });
  const parsed = Object.fromEntries(
    Object.entries(outputs).map(([name, value]) => [name, JSON.parse(value) as unknown]),
  );
  expect(parsed).toMatchObject({
    "has-changes": true,
    has_changes: true,
    packages: [
      { name: "@hai3/packages-state", dir: "state", version: "1.0.0" },
      { name: "@hai3/tools-cli", dir: "tools/cli", version: "1.0.0" },
    ],
    published: [{ name: "a", version: "1.0.0" }],
    skipped: [
      { name: "b", version: "1.0.0", reason: "already published" },
      { name: "c", version: "1.0.0", reason: "published by an earlier attempt of this commit" },
      { name: "k", version: "2.0.0", reason: "already published" },
    ],
    pending: [{ name: "d", version: "1.0.0", status: "pending" }],
    failed: [{ name: "e", version: "1.0.0", code: "SLIP_UPLOAD_REFUSED", message: "no" }],
    "left-out": {},
  });
  expect(outputs["report"]).not.toContain('"cause"');
});

test("before anything is known the lists are there and empty, and nothing is said of changes", () => {
  expect(makeOutputs({})).toEqual({ published: "[]", skipped: "[]", pending: "[]", failed: "[]", "left-out": "{}" });
});

test("a finished release has no changes, whatever its plan had", () => {
  expect(makeOutputs({ plan: planOf("a"), isFinished: true })["has-changes"]).toBe("false");
  expect(makeOutputs({ plan: { ...planOf("a"), steps: [] } })["has-changes"]).toBe("false");
});

test("every output is in the reference, and no other", () => {
  const all = makeOutputs({ plan: planOf("a"), planDigest: "d", report: report([]) });
  expect(new Set(Object.keys(all))).toEqual(new Set(outputUsages.map(({ name }) => name)));
});

test("thousands of packages stay below what a job may hand on, and what is left out is counted", () => {
  const versions = Array.from({ length: 5_000 }, (_, index) => version(`@scope/${"n".repeat(150)}-${index}`));
  const dirs = versions.map(({ name }) => name);
  const outputs = makeOutputs({ plan: packaged(planOf("a"), ...dirs), planDigest: "d", report: report(versions) });
  const units = Object.entries(outputs).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  expect(units * 2).toBeLessThan(1_000_000);
  const published = JSON.parse(outputs["published"] ?? "") as readonly unknown[];
  expect(JSON.parse(outputs["left-out"] ?? "")).toMatchObject({ published: 5_000 - published.length });
  const shortened = JSON.parse(outputs["report"] ?? "") as { versions: unknown[]; leftOut: { versions: number } };
  expect(shortened.versions.length).toBeGreaterThan(0);
  expect(shortened.versions.length + shortened.leftOut.versions).toBe(5_000);
});

test("one item that is too large is left out and counted", () => {
  const outputs = makeOutputs({ report: report([version("x".repeat(200_000))]) });
  expect(outputs["published"]).toBe("[]");
  expect(outputs["left-out"]).toBe('{"published":1}');
  expect(JSON.parse(outputs["report"] ?? "")).toHaveProperty("leftOut");
});
