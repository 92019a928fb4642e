/** The report of a dry run says what would be, and never that it is. */
import type { Report, ReportedVersion } from "@slipway/core";
import { expect, test } from "vitest";
import { type PlannedWrite, reportRehearsal } from "../src/dry-run.ts";
import { formatWrites } from "../src/views/writes-view.ts";

const registry = "http://registry.test/";
const common = { version: "1.0.0", registry, problems: [] };
const sent: ReportedVersion = {
  ...common,
  name: "sent",
  status: "done",
  how: "published",
  tag: { tag: "latest", status: "done", shown: "1.0.0" },
};
const there: ReportedVersion = { ...common, name: "there", status: "done", how: "already" };
const tagged: ReportedVersion = {
  ...there,
  name: "tagged",
  tag: { tag: "latest", status: "done", shown: "1.0.0" },
};

const report: Report = {
  schema: 1,
  releaseId: "0123456789ab",
  commit: undefined,
  isComplete: true,
  exitCode: 0,
  attempt: 1,
  startedAt: 0,
  endedAt: 1,
  versions: [sent, there, tagged],
  kept: [],
  warnings: [],
  counts: { published: 1, already: 2, failed: 0, blocked: 0, unconfirmed: 0, kept: 0 },
};

const upload: PlannedWrite = {
  write: "upload",
  name: "sent",
  version: "1.0.0",
  registry,
  tag: "latest",
  integrity: "sha512-ours",
};
const tagging: PlannedWrite = { ...upload, write: "set-tag", name: "tagged", integrity: undefined };

test("what would be written is ready, not published, and the release not complete", () => {
  const honest = reportRehearsal(report, [upload, tagging]);
  expect(honest.isComplete).toBe(false);
  expect(honest.counts).toEqual({ ...report.counts, published: 0, wouldPublish: 1 });
  const { how: _how, ...unsent } = sent;
  expect(honest.versions).toEqual([
    { ...unsent, status: "ready", tag: { tag: "latest", status: "ready" } },
    there,
    { ...tagged, tag: { tag: "latest", status: "ready" } },
  ]);
});

test("a release of which nothing is left to write is complete in a dry run too", () => {
  const finished = { ...report, versions: [there], counts: { ...report.counts, published: 0 } };
  expect(reportRehearsal(finished, [])).toEqual({ ...finished, counts: { ...finished.counts, wouldPublish: 0 } });
});

const painter = { paint: (_tone: string, text: string): string => text };

test("a dry run says what would go wrong", () => {
  const problem = { code: "SLIP_INTEGRITY_CONFLICT", message: "other contents", hint: "bump it" } as const;
  const conflict: ReportedVersion = { ...common, name: "other", status: "conflict", problems: [problem] };
  const counts = { ...report.counts, failed: 1, blocked: 2 };
  const text = formatWrites([], { ...report, exitCode: 1, versions: [conflict], counts }, painter);
  expect(text).toContain("error[SLIP_INTEGRITY_CONFLICT]: other contents\n");
  expect(text).toContain("     Dry run  0 writes, 1 would fail, 2 would be blocked, nothing was sent");
});
