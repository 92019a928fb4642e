/** The runner of workflow files does what GitHub's does, as far as a release depends on it. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readWorkflowFile, type WorkflowJob } from "../../src/github/workflow-file.ts";
import { type RunOptions, runWorkflow, type WorkflowRun } from "../../src/github/workflow-run.ts";
import { startProcess } from "../../src/run-process.ts";

let dir = "";
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "slipway-runner-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const opened: { readonly id: string; readonly permissions: WorkflowJob["permissions"] }[] = [];

async function run(text: string, extra: Partial<RunOptions> = {}): Promise<WorkflowRun> {
  opened.length = 0;
  return runWorkflow(await readWorkflowFile("release.yml", text), {
    dir,
    github: { repository: "acme/shop", ref: "refs/heads/main", event_name: "push" },
    event: { before: "0" },
    actions: {},
    openJob: async ({ id, permissions, environment }) => {
      opened.push({ id, permissions });
      return {
        token: `token-of-${id}`,
        env: permissions?.["id-token"] === "write" ? { ACTIONS_ID_TOKEN_REQUEST_URL: "there" } : {},
        secrets: environment === "npm" ? { NPM_TOKEN: "hidden" } : {},
        close: async () => undefined,
      };
    },
    ...extra,
  });
}

const chain = `
on: push
permissions: {}
env: {GREETING: hello}
jobs:
  plan:
    runs-on: ubuntu-latest
    permissions: {contents: read}
    outputs: {names: "\${{ steps.list.outputs.names }}", kept: "\${{ steps.list.outputs.kept }}"}
    steps:
      - id: list
        run: |
          echo 'names=["a"]' >> "$GITHUB_OUTPUT"
          printf 'kept<<END\\none\\ntwo\\nEND\\n' >> "$GITHUB_OUTPUT"
          echo "WORD=$GREETING" >> "$GITHUB_ENV"
      - run: test "$WORD" = hello && echo "# Plan" >> "$GITHUB_STEP_SUMMARY" && touch left-behind
  publish:
    needs: plan
    if: needs.plan.outputs.names != '[]'
    runs-on: ubuntu-latest
    environment: npm
    permissions: {id-token: write}
    steps:
      - run: |
          echo "::error file=package.json,line=3,title=No%2C::a%0Ab"
          test "$ACTIONS_ID_TOKEN_REQUEST_URL" = there
          test "$TOKEN" = hidden
          test "\${{ github.token }}" = token-of-publish
          test ! -e left-behind
        env: {TOKEN: "\${{ secrets.NPM_TOKEN }}"}
  verify:
    needs: [plan, publish]
    runs-on: ubuntu-latest
    steps:
      - run: test -z "$ACTIONS_ID_TOKEN_REQUEST_URL" && test -z "\${{ secrets.NPM_TOKEN }}"
`;

test("each job has its own folder, and the token, identity and secrets that its permissions and environment give", async () => {
  const { jobs } = await run(chain);
  expect([...jobs.values()].map(({ id, result }) => `${id} ${result}`)).toEqual([
    "plan success",
    "publish success",
    "verify success",
  ]);
  expect(jobs.get("plan")?.outputs).toEqual({ names: '["a"]', kept: "one\ntwo" });
  expect(jobs.get("plan")?.steps[1]?.summary).toBe("# Plan\n");
  expect(jobs.get("publish")?.steps[0]?.annotations).toEqual([
    { level: "error", message: "a\nb", title: "No,", file: "package.json", line: 3 },
  ]);
  expect(opened).toEqual([
    { id: "plan", permissions: { contents: "read" } },
    { id: "publish", permissions: { "id-token": "write" } },
    { id: "verify", permissions: {} },
  ]);
  expect(await readdir(jobs.get("plan")?.workspace ?? "")).toEqual(["left-behind"]);
});

const failing = `
on: push
jobs:
  first:
    runs-on: ubuntu-latest
    outputs: {seen: "\${{ steps.one.outputs.seen }}"}
    steps:
      - {id: one, run: 'echo seen=yes >> "$GITHUB_OUTPUT"; exit 3'}
      - run: echo never
      - {if: always(), run: echo always}
  second: {needs: first, runs-on: ubuntu-latest, steps: [{run: echo never}]}
  told: {needs: first, if: "failure()", runs-on: ubuntu-latest, steps: [{run: 'test "\${{ needs.first.outputs.seen }}" = yes'}]}
`;

test("a step that fails keeps its outputs, stops its job and those that need it, but not what asks for failures", async () => {
  const { jobs } = await run(failing);
  expect(jobs.get("first")).toMatchObject({ result: "failure", outputs: { seen: "yes" } });
  expect(jobs.get("first")?.steps.map(({ result }) => result)).toEqual(["failure", "skipped", "success"]);
  expect(jobs.get("second")?.result).toBe("skipped");
  expect(jobs.get("told")?.result).toBe("success");
});

test.each([
  ["exit 1", ["one failure", "two skipped", "three skipped", "four skipped"]],
  ["exit 0", ["one success", "two skipped", "three skipped", "four success"]],
] as const)("failure() is of any job before, and one that was skipped is none: %s", async (script, expected) => {
  const { jobs } = await run(`
on: push
jobs:
  one: {runs-on: x, steps: [{run: ${script}}]}
  two: {needs: one, if: "false", runs-on: x, steps: [{run: echo never}]}
  three: {needs: two, runs-on: x, steps: [{run: echo never}]}
  four: {needs: three, if: "\${{ !failure() && !cancelled() }}", runs-on: x, steps: [{run: echo}]}
`);
  expect([...jobs.values()].map(({ id, result }) => `${id} ${result}`)).toEqual(expected);
});

test("running the failed jobs again takes over what succeeded and runs the rest", async () => {
  const text = chain.replace("test ! -e left-behind", 'test "$LUCK" = good');
  const first = await run(text, { env: { LUCK: "bad" } });
  expect(first.jobs.get("publish")?.result).toBe("failure");
  expect(first.jobs.get("verify")?.result).toBe("skipped");
  const second = await run(text, { env: { LUCK: "good" }, earlier: first });
  expect(second).toMatchObject({ attempt: 2 });
  expect(opened.map(({ id }) => id)).toEqual(["publish", "verify"]);
  expect(second.jobs.get("plan")).toBe(first.jobs.get("plan"));
  expect(second.jobs.get("verify")?.result).toBe("success");
});

test("an action gets its inputs, and one that is not given is refused", async () => {
  const text = `
on: push
jobs: {plan: {runs-on: ubuntu-latest, steps: [{uses: acme/tool@v1, with: {plan-digest: "\${{ github.ref }}"}}]}}
`;
  const seen: unknown[] = [];
  await run(text, {
    actions: {
      "acme/tool": async ({ inputs, env, cwd }) => {
        seen.push(inputs, env["INPUT_PLAN-DIGEST"]);
        return startProcess("true", [], { cwd, env });
      },
    },
  });
  expect(seen).toEqual([{ "plan-digest": "refs/heads/main" }, "refs/heads/main"]);
  await expect(run(text)).rejects.toThrow("no action acme/tool");
});

test("the post part of an action runs at the end of its job, with its inputs and state, whatever became of the job", async () => {
  const text = `
on: push
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - {uses: acme/tool@v1, with: {name: one}}
      - run: exit 1
      - {uses: acme/tool@v1, with: {name: never}}
`;
  const { jobs } = await run(text, {
    actions: {
      "acme/tool": async ({ env, cwd }) =>
        startProcess("bash", ["-c", 'echo "left=$INPUT_NAME" >> "$GITHUB_STATE"'], { cwd, env }),
    },
    posts: {
      "acme/tool": async ({ env, cwd }) =>
        startProcess("bash", ["-c", 'echo "post $INPUT_NAME $STATE_left"'], { cwd, env }),
    },
  });
  const steps = jobs.get("publish")?.steps ?? [];
  expect(steps.map(({ name, result }) => `${name} ${result}`)).toEqual([
    "acme/tool@v1 success",
    "exit 1 failure",
    "acme/tool@v1 skipped",
    "Post acme/tool@v1 success",
  ]);
  expect(steps.at(-1)?.log).toBe("post one one\n");
});

test("a cancelled run gets the three signals one after the other, and only steps that ask for it run then", async () => {
  const text = `
on: push
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - run: |
          trap 'echo interrupted' INT
          trap 'echo terminated' TERM
          echo started
          while :; do read -r -t 0.05 _ <> <(:) || :; done
      - run: echo never
      - {if: always(), run: echo cleaned}
`;
  const cancel = new AbortController();
  const { jobs } = await run(text, {
    signal: cancel.signal,
    graceMs: { untilTerm: 300, untilKill: 300 },
    onProcess: (_job, _step, running) => {
      const watch = setInterval(() => {
        if (!running.stdout().includes("started")) return;
        clearInterval(watch);
        cancel.abort();
      }, 20);
    },
  });
  const publish = jobs.get("publish");
  expect(publish?.result).toBe("cancelled");
  expect(publish?.steps.map(({ result }) => result)).toEqual(["cancelled", "skipped", "success"]);
  expect(publish?.steps[0]?.log).toBe("started\ninterrupted\nterminated\n");
});

test.each([
  ["on: push\njobs: {a: {runs-on: x, steps: [{run: echo '${{ nonsense.x }}'}]}}", "GitHub would refuse"],
  ["on: push\njobs: {a: {runs-on: x, stepps: []}}", "GitHub would refuse"],
  ["on: push\njobs: {a: {runs-on: x, strategy: {matrix: {n: [1]}}, steps: [{run: echo}]}}", "strategy is not run here"],
  ["on: push\npermissions: write-all\njobs: {a: {runs-on: x, steps: [{run: echo}]}}", "write-all is not run here"],
])("a workflow that would be run otherwise than on GitHub is refused: %s", async (text, expected) => {
  await expect(readWorkflowFile("x.yml", text)).rejects.toThrow(expected);
});
