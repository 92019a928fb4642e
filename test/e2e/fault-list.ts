/** What can happen to one upload, or to the reads after it, as rules of the fault proxy. Data only; it must not run anything. */
import type { Fault, FaultRule } from "@slipway/testkit";

export interface FaultCase {
  readonly name: string;
  /** Which requests it strikes: uploads can change the registry, reads can only mislead. */
  readonly strikes: "upload" | "read";
  /** It goes on for the whole first run and is over before the second. */
  readonly isLasting?: boolean;
  /** Nothing answers: only a time-out ends it. */
  readonly isSilent?: boolean;
  /** The rules for the package at this path (`/@scope/name`). */
  readonly rules: (path: string) => readonly FaultRule[];
}

function upload(name: string, fault: Fault): FaultCase {
  const isSilent = fault.kind === "hang";
  return { name, strikes: "upload", isSilent, rules: (path) => [{ method: "PUT", path, nth: 1, fault }] };
}

function lasting(name: string, fault: Fault): FaultCase {
  return { name, strikes: "upload", isLasting: true, rules: (path) => [{ method: "PUT", path, fault }] };
}

type Which = "packument" | "installed packument" | "tarball";

/** `packument` is every read of it, `installed packument` only what an install reads, which caches may answer. */
function read(name: string, which: Which, fault: Fault, limits: Pick<FaultRule, "nth" | "times">): FaultCase {
  return {
    name,
    strikes: "read",
    isSilent: fault.kind === "hang",
    rules: (path) => [
      {
        method: "GET",
        fault,
        ...limits,
        where: (request) =>
          which === "tarball"
            ? request.path.startsWith(`${path}/-/`)
            : request.path === path && (which === "packument" || !request.url.includes("write=true")),
      },
    ],
  };
}

const serverErrors = [500, 502, 503, 504, 409];

export const faultCases: readonly FaultCase[] = [
  upload("reset at the head of the upload", { kind: "reset", when: "head" }),
  upload("reset in the middle of the body", { kind: "reset", when: "mid-body" }),
  upload("reset when the body is complete, before the commit", { kind: "reset", when: "before" }),
  upload("reset after the commit", { kind: "reset", when: "after" }),
  upload("delayed before the commit", { kind: "delay", when: "before", ms: 400 }),
  upload("delayed after the commit", { kind: "delay", when: "after", ms: 400 }),
  ...serverErrors.flatMap((status) => [
    upload(`${status} before the commit`, { kind: "answer", when: "before", status }),
    upload(`${status} after the commit`, { kind: "answer", when: "after", status }),
  ]),
  upload("429 with Retry-After, not stored", {
    kind: "answer",
    when: "before",
    status: 429,
    headers: { "retry-after": "1" },
  }),
  upload("429 with Retry-After, stored all the same", {
    kind: "answer",
    when: "after",
    status: 429,
    headers: { "retry-after": "1" },
  }),
  upload("answer cut in half", { kind: "truncate" }),
  upload("no answer, not stored", { kind: "hang", when: "before" }),
  upload("no answer, stored", { kind: "hang", when: "after" }),
  upload("200 without a commit", { kind: "answer", when: "before", status: 200 }),
  lasting("503 to every upload, nothing stored", { kind: "answer", when: "before", status: 503 }),
  lasting("503 to every upload, stored all the same", { kind: "answer", when: "after", status: 503 }),
  lasting("every connection reset after the commit", { kind: "reset", when: "after" }),
  lasting("200 to every upload, nothing stored", { kind: "answer", when: "before", status: 200 }),
  read("stale packument from a cache", "installed packument", { kind: "stale" }, { nth: 1, times: 3 }),
  read("stale packument from a replica", "packument", { kind: "stale" }, { nth: 2, times: 3 }),
  read(
    "negative-cached packument",
    "installed packument",
    { kind: "answer", when: "before", status: 404 },
    { nth: 1, times: 4 },
  ),
  read("packument read answered 500", "packument", { kind: "answer", when: "before", status: 500 }, { nth: 2 }),
  read("packument read reset", "packument", { kind: "reset", when: "before" }, { nth: 2 }),
  read("packument cut in half", "packument", { kind: "truncate" }, { nth: 2 }),
  read("packument read without an answer", "packument", { kind: "hang", when: "before" }, { nth: 2 }),
  read("first packument read answered 503", "packument", { kind: "answer", when: "before", status: 503 }, { nth: 1 }),
  read("tarball bytes corrupt on the first read", "tarball", { kind: "corrupt" }, { nth: 1 }),
  read("tarball cut in half", "tarball", { kind: "truncate" }, { nth: 1 }),
  read("negative-cached tarball", "tarball", { kind: "answer", when: "before", status: 404 }, { nth: 1, times: 2 }),
  read("tarball read reset", "tarball", { kind: "reset", when: "after" }, { nth: 1 }),
];
