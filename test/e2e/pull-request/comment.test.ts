/** `slipway plan --comment` against a fake GitHub: one comment, whoever else writes there, and none where the token may not. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Plan, type PlannedPackage } from "@slipway/core";
import { emptyPlan, type ProcessResult, stepsOf } from "@slipway/testkit";
import { type FakeGithub, startFakeGithub } from "@slipway/testkit/github/server";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writePlanFile } from "../../../packages/slipway/src/release-folder.ts";
import { planCommentMark } from "../../../packages/slipway/src/views/plan-comment.ts";
import { runSlipwayInProcess } from "../slipway-in-process.ts";

const bot = "github-actions[bot]";
const integrity = `sha512-${"A".repeat(86)}==`;
let github: FakeGithub;
let dir: string;
let token: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "slipway-comment-"));
  github = await startFakeGithub({ repository: "acme/shop", gitDir: join(dir, "none.git") });
  github.state.pullRequests.add(7).add(8);
  token = github.issueToken({ "pull-requests": "write", metadata: "read" });
});

afterEach(async () => {
  await github.close();
  await rm(dir, { recursive: true, force: true });
});

function planned(name: string): PlannedPackage {
  const registry = "http://registry.test/";
  return {
    name,
    version: "1.0.0",
    dir: "a",
    registry,
    isNew: false,
    previous: "0.9.0",
    published: { version: "0.9.0" },
    scriptsNotRun: [],
  };
}

/** Steps whose integrity is one, as `parsePlan` wants it. */
function planOf(...names: readonly string[]): Plan {
  const steps = names
    .flatMap((name) => stepsOf(name))
    .map((step) => (step.goal.kind === "publish" ? { ...step, goal: { ...step.goal, integrity } } : step));
  return { ...emptyPlan, packages: names.map(planned), steps };
}

async function writeEvent(event: unknown): Promise<string> {
  const path = join(await mkdtemp(join(dir, "event-")), "event.json");
  await writeFile(path, JSON.stringify(event));
  return path;
}

interface Job {
  readonly plan?: Plan | string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A job of the pull request 7, which is handed a plan. */
async function comment({ plan = planOf("a"), args = [], env = {} }: Job = {}): Promise<ProcessResult> {
  const path = join(await mkdtemp(join(dir, "job-")), "plan.json");
  if (typeof plan === "string") await writeFile(path, plan);
  else await writePlanFile(path, plan);
  return runJob(dir, ["plan", path, "--comment", ...args], env);
}

async function runJob(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ProcessResult> {
  return runSlipwayInProcess(args, {
    cwd,
    registry: "http://registry.test/",
    env: {
      GITHUB_ACTIONS: "true",
      GITHUB_SERVER_URL: github.url,
      GITHUB_API_URL: github.apiUrl,
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_EVENT_NAME: "pull_request",
      GITHUB_EVENT_PATH: await writeEvent({ number: 7, pull_request: { number: 7 } }),
      GITHUB_STEP_SUMMARY: join(dir, "summary.md"),
      GITHUB_TOKEN: token,
      ...env,
    },
  });
}

function writes(): readonly string[] {
  return github.requests
    .filter(({ method, path }) => method !== "GET" && !path.endsWith("/graphql"))
    .map(({ method }) => method);
}

const summary = (): Promise<string> => readFile(join(dir, "summary.md"), "utf8").catch(() => "");

test("the comment is made once, left alone while the plan says the same, and edited when it says something else", async () => {
  const first = await comment();
  expect([first.code, first.stderr]).toEqual([0, ""]);
  expect(first.stdout).toMatch(/Commented {2}pull request 7 +http:.*#issuecomment-1\n/);
  expect(github.state.comments).toHaveLength(1);
  expect(github.state.comments[0]).toMatchObject({ number: 7, author: bot });
  expect((await comment({ plan: { ...planOf("a"), releaseId: "ba9876543210" } })).stdout).toMatch(
    /Unchanged {2}pull request 7/,
  );
  expect(writes()).toEqual(["POST"]);
  expect((await comment({ plan: planOf("a", "b") })).stdout).toMatch(/Commented {2}pull request 7/);
  expect(writes()).toEqual(["POST", "PATCH"]);
  expect(github.state.comments).toHaveLength(1);
  expect(github.state.comments[0]?.body).toContain("releases 2 packages");
  expect(await summary()).toBe("");
});

test("a comment that nothing has to be said in any more says so; a first one is not made for that", async () => {
  expect((await comment({ plan: emptyPlan })).stdout).toMatch(/No comment {2}pull request 7 +there is nothing to say/);
  expect(writes()).toEqual([]);
  await comment();
  await comment({ plan: emptyPlan });
  expect(github.state.comments.map(({ body }) => body)).toEqual([expect.stringContaining("releases nothing")]);
});

test("a comment of somebody else with our mark is not edited, and keeps ours from nothing", async () => {
  const copied = { number: 7, author: "mallory", body: `${planCommentMark}\n### Merging this releases nothing` };
  github.state.comments.push({ ...copied, id: 501 });
  await comment();
  await comment({ plan: planOf("a", "b") });
  expect(github.state.comments).toHaveLength(2);
  expect(github.state.comments[0]).toEqual({ ...copied, id: 501 });
  expect(github.state.comments[1]).toMatchObject({ author: bot });
  expect(writes()).toEqual(["POST", "PATCH"]);
});

test("another comment of the bot that quotes the mark is not taken for it", async () => {
  const quoting = { id: 501, number: 7, author: bot, body: `> ${planCommentMark}\n\nsomebody wrote this` };
  github.state.comments.push({ ...quoting });
  await comment();
  expect(github.state.comments).toHaveLength(2);
  expect(github.state.comments[0]).toEqual(quoting);
});

test("it is found behind hundreds of others, and on its own pull request only", async () => {
  for (let id = 1000; id < 1250; id += 1)
    github.state.comments.push({ id, number: 7, author: "somebody", body: "words" });
  github.state.comments.push({ id: 2000, number: 7, author: bot, body: `${planCommentMark}\r\nold` });
  github.state.comments.push({ id: 2001, number: 8, author: bot, body: `${planCommentMark}\nof another` });
  await comment();
  expect(writes()).toEqual(["PATCH"]);
  expect(github.state.comments.find(({ id }) => id === 2000)?.body).toContain("releases 1 package");
  expect(github.state.comments.find(({ id }) => id === 2001)?.body).toContain("of another");
});

test("of comments that runs at the same time have made, the oldest stays", async () => {
  const body = `${planCommentMark}\nold`;
  for (const id of [31, 30, 32]) github.state.comments.push({ id, number: 7, author: bot, body });
  await comment();
  expect(github.state.comments.map(({ id }) => id)).toEqual([30]);
  expect(github.state.comments[0]?.body).toContain("releases 1 package");
});

test("two runs at once leave one comment", async () => {
  const outcomes = await Promise.all([comment(), comment()]);
  expect(outcomes.map(({ code }) => code)).toEqual([0, 0]);
  expect(github.state.comments).toHaveLength(1);
  expect((await comment()).stdout).toMatch(/Unchanged/);
});

test.each([
  [
    "a token that may only read, as in a run for a fork",
    (): string => github.issueToken({ contents: "read", metadata: "read" }),
  ],
  ["no token", (): string => ""],
])("with %s the summary has the text, and the job is green", async (_, makeToken) => {
  const outcome = await comment({ env: { GITHUB_TOKEN: makeToken() } });
  expect(outcome.code).toBe(0);
  expect(outcome.stdout).toMatch(/No comment {2}pull request 7 +the job's summary has the text/);
  expect(github.state.comments).toEqual([]);
  expect(await summary()).toContain("### Merging this releases 1 package");
});

test("a locked conversation is left alone", async () => {
  github.state.locked.add(7);
  const outcome = await comment();
  expect([outcome.code, github.state.comments]).toEqual([0, []]);
  expect(outcome.stdout).toMatch(/issue is locked/);
  expect(await summary()).toContain("### Merging");
});

test("a token that GitHub does not know is a problem, and so is a GitHub that is away", async () => {
  const unknown = await comment({ env: { GITHUB_TOKEN: "ghs_unknown" } });
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/SLIP_HOST_REFUSED.*Bad credentials/)]);
  github.strike({ method: "POST", path: /comments$/, when: "before", answer: { status: 503 } });
  const away = await comment();
  expect([away.code, away.stderr]).toEqual([3, expect.stringContaining("SLIP_HOST_UNAVAILABLE")]);
});

test("an answer that is lost after the comment was made costs no second one", async () => {
  github.strike({ method: "POST", path: /comments$/, when: "after", answer: "cut" });
  expect((await comment()).code).toBe(3);
  expect((await comment()).stdout).toMatch(/Unchanged/);
  expect(github.state.comments).toHaveLength(1);
});

test.each(["push", "merge_group", "schedule", "workflow_dispatch"])(
  "a %s has no pull request to comment on",
  async (name) => {
    const outcome = await comment({ env: { GITHUB_EVENT_NAME: name } });
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).toMatch(/No comment {2}no pull request +this event has none/);
    expect(github.requests).toEqual([]);
  },
);

test.each([
  ["no number of a pull request", { number: 7, pull_request: { number: "7/../8" } }, /names no pull request/],
  ["nothing", null, /names no pull request/],
])("an event that says %s is refused", async (_, event, expected) => {
  const path = join(dir, "odd.json");
  await writeFile(path, JSON.stringify(event));
  const outcome = await comment({ env: { GITHUB_EVENT_PATH: path } });
  expect([outcome.code, outcome.stderr]).toEqual([1, expect.stringMatching(expected)]);
  expect(github.requests).toEqual([]);
});

test("outside of an event it is asked for one", async () => {
  const gone = await comment({ env: { GITHUB_EVENT_PATH: join(dir, "gone.json") } });
  expect([gone.code, gone.stderr]).toEqual([1, expect.stringMatching(/SLIP_HOST_REFUSED.*cannot be read/)]);
  const outside = await comment({ env: { GITHUB_EVENT_NAME: "", GITHUB_EVENT_PATH: "" } });
  expect([outside.code, outside.stderr]).toEqual([2, expect.stringMatching(/SLIP_USAGE.*needs the event/)]);
  expect(github.requests).toEqual([]);
});

test("a dry run prints the comment and writes nothing, also where no event is known", async () => {
  for (const env of [{}, { GITHUB_EVENT_NAME: "", GITHUB_EVENT_PATH: "" }]) {
    const outcome = await comment({ args: ["--dry-run"], env });
    expect(outcome.code).toBe(0);
    expect(outcome.stdout.startsWith(planCommentMark)).toBe(true);
    expect(outcome.stderr).toMatch(/Would say/);
  }
  expect(writes()).toEqual([]);
});

test.each([
  ["a plan that is none", '{"x":1}', "SLIP_FOLDER_INVALID"],
  ["no JSON", "TOKEN=secret-value", "SLIP_FOLDER_INVALID"],
  ["lists within lists", `{"digest":"x","plan":${"[".repeat(200_000)}${"]".repeat(200_000)}}`, "SLIP_FOLDER_INVALID"],
  ["an edited plan", JSON.stringify({ digest: "0".repeat(64), plan: planOf("a") }), "SLIP_PLAN_CHANGED"],
])("%s is refused and nothing is said", async (_, plan, code) => {
  const outcome = await comment({ plan });
  expect([outcome.code, outcome.stderr]).toEqual([expect.any(Number), expect.stringContaining(code)]);
  expect(outcome.code).not.toBe(0);
  expect(outcome.stderr).not.toContain("secret-value");
  expect(github.requests).toEqual([]);
});

test("a plan with names and versions that cannot be ones is refused, with a digest that fits", async () => {
  const outcome = await comment({ plan: planOf("<img src=x onerror=alert(1)>") });
  expect([outcome.code, outcome.stderr]).toEqual([1, expect.stringContaining("SLIP_PLAN_CHANGED")]);
  expect(github.requests).toEqual([]);
});

test("the digest of the job that packed is held to the plan", async () => {
  const outcome = await comment({ args: ["--plan-digest", "0".repeat(64)] });
  expect([outcome.code, outcome.stderr]).toEqual([1, expect.stringContaining("SLIP_PLAN_CHANGED")]);
});

test("a plan that is given is not told how to be made", async () => {
  const outcome = await comment({ args: ["--base", "auto"] });
  expect([outcome.code, outcome.stderr]).toEqual([2, expect.stringMatching(/SLIP_USAGE.*--base has no effect/)]);
});

test("a thousand packages make a comment that GitHub takes", async () => {
  const names = Array.from({ length: 1000 }, (_, index) => `@large-organisation/package-with-a-long-name-${index}`);
  const outcome = await comment({ plan: planOf(...names) });
  expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
  expect(github.state.comments[0]?.body).toMatch(/releases 1000 packages[\s\S]*and \d{3} more packages/);
});

test("what keeps a plan from being made is said, too, and the job fails with it", async () => {
  const root = await mkdtemp(join(dir, "workspace-"));
  await writeFile(join(root, "package.json"), JSON.stringify({ name: "a", version: "1.0.0", private: true }));
  for (const args of [
    ["plan", "--comment"],
    ["plan", "--comment"],
  ]) {
    const outcome = await runJob(root, args);
    expect([outcome.code, outcome.stderr]).toEqual([2, expect.stringContaining("SLIP_NOT_RELEASABLE")]);
  }
  const alone = await runJob(root, ["plan", "--comment"], { GITHUB_TOKEN: "ghs_unknown" });
  expect(alone.stderr).toMatch(/SLIP_NOT_RELEASABLE[\s\S]*SLIP_HOST_REFUSED/);
  expect(writes()).toEqual(["POST"]);
  expect(github.state.comments[0]?.body).toMatch(/cannot be released yet: 1 problem[\s\S]*SLIP&#95;NOT&#95;RELEASABLE/);
});
