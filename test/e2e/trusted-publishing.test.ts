/** Trusted publishing by the real command line: one token a package, and a named reason wherever there is none. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { exitCodeOf } from "@slipway/core";
import { createWorkspace, runSlipway, startVerdaccio, type TestWorkspace, type Verdaccio } from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTrustedFront, type TrustedFront, type TrustedFrontOptions } from "./trusted-front.ts";

let verdaccio: Verdaccio;
beforeAll(async () => {
  verdaccio = await startVerdaccio();
});
afterAll(async () => {
  await verdaccio.close();
});

let scopes = 0;

interface Stage {
  readonly front: TrustedFront;
  readonly workspace: TestWorkspace;
  readonly names: readonly string[];
}

async function onStage(
  options: Omit<TrustedFrontOptions, "target" | "token">,
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  scopes += 1;
  const names = [`@trusted${scopes}/a`, `@trusted${scopes}/b`, `@trusted${scopes}/c`];
  const workspace = await createWorkspace({
    packages: names.map((name, index) => ({
      name,
      manifest: { publishConfig: { access: "public" } },
      ...(index === 0 ? {} : { dependencies: [names[index - 1] ?? ""] }),
    })),
  });
  const front = await startTrustedFront({ target: verdaccio.url, token: verdaccio.token, ...options });
  try {
    await play({ front, workspace, names });
  } finally {
    await front.close();
    await workspace.dispose();
  }
}

function publish(
  { front, workspace }: Stage,
  args: readonly string[] = [],
  more: { token?: string; env?: object } = {},
) {
  return runSlipway(["publish", ...args], {
    cwd: workspace.root,
    registry: front.url,
    token: more.token,
    env: { ...front.env, ...more.env },
  });
}

async function secretsSeen({ front, workspace }: Stage, said: string): Promise<readonly string[]> {
  const plan = await runSlipway(["plan", "--json"], { cwd: workspace.root, registry: front.url });
  const id = /"releaseId": "([0-9a-f]{12})"/.exec(plan.stdout)?.[1] ?? "";
  const dir = join(workspace.root, ".slipway", id);
  const files = await Promise.all(
    ["journal.ndjson", "report.json", "plan.json"].map((name) => readFile(join(dir, name), "utf8")),
  );
  const text = [said, plan.stdout, ...files].join("\n");
  return front.secrets.filter((secret) => text.includes(secret));
}

test("each package is written with the token that was exchanged for it, and no secret is seen", async () => {
  await onStage({}, async (stage) => {
    const { code, stderr, stdout } = await publish(stage);
    expect(code, stderr).toBe(0);
    expect([...stage.front.exchanges].sort()).toEqual(stage.names);
    expect(new Set(stage.front.audiences)).toEqual(new Set(["npm:127.0.0.1"]));
    expect(stage.front.audiences).toHaveLength(3);
    expect(stage.front.wrongTokens).toEqual([]);
    expect(await secretsSeen(stage, stdout + stderr)).toEqual([]);
  });
});

function refuseB(name: string) {
  return name.endsWith("/b") ? { status: 404, message: "OIDC token exchange error - package not found" } : undefined;
}

function refuseFirst(_name: string, nth: number) {
  return nth === 1 ? { status: 503, message: "busy" } : undefined;
}

test("a package without a trusted publisher is named before anything is sent, with the claims of the job", async () => {
  const claims = { repository: "o/r", workflow_ref: "o/r/.github/workflows/release.yml@refs/heads/main" };
  await onStage({ claims, refuse: refuseB }, async (stage) => {
    const { code, stderr } = await publish(stage);
    expect(code).toBe(2);
    expect(stderr).toContain(`error[SLIP_OIDC_NO_TRUST]`);
    expect(stderr).toContain(stage.names[1]);
    expect(stderr).toContain("workflow_ref: o/r/.github/workflows/release.yml@refs/heads/main");
    expect(stderr).not.toContain("Uploading");
    expect(stage.front.wrongTokens).toEqual([]);
  });
});

const refusals = [
  {
    what: "an expired trust",
    status: 403,
    message: "trusted publisher expired",
    claims: {},
    code: "SLIP_OIDC_TRUST_EXPIRED",
  },
  {
    what: "another repository",
    status: 403,
    message: "repository does not match",
    claims: {},
    code: "SLIP_OIDC_MISMATCH",
  },
  {
    what: "an action the trust lacks",
    status: 403,
    message: "not allowed for this action",
    claims: {},
    code: "SLIP_TRUST_DENIED",
  },
  {
    what: "a stranger's event",
    status: 404,
    message: "package not found",
    claims: { event_name: "pull_request_target" },
    code: "SLIP_OIDC_EVENT",
  },
  {
    what: "a self-hosted runner",
    status: 401,
    message: "invalid token",
    claims: { runner_environment: "self-hosted" },
    code: "SLIP_OIDC_RUNNER",
  },
] as const;

test.each(refusals)("$what is $code", async ({ status, message, claims, code }) => {
  const exit = exitCodeOf(code);
  await onStage({ claims, refuse: () => ({ status, message }) }, async (stage) => {
    const result = await publish(stage);
    expect(result.stderr).toContain(`error[${code}]`);
    expect(result.code).toBe(exit);
    expect(result.stderr).not.toContain("Uploading");
  });
});

test("a job that may not ask for an identity is told which permission it lacks", async () => {
  await onStage({}, async (stage) => {
    const env = { ACTIONS_ID_TOKEN_REQUEST_URL: undefined, ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined };
    const auto = await publish(stage, [], { env });
    expect(auto.stderr).toContain("error[SLIP_CREDENTIALS_MISSING]");
    expect(auto.stderr).toContain("id-token: write");
    const oidc = await publish(stage, ["--auth", "oidc"], { env, token: verdaccio.token });
    expect(oidc.stderr).toContain("error[SLIP_OIDC_PERMISSION]");
    expect([auto.code, oidc.code]).toEqual([2, 2]);
  });
});

test("the placeholder that setup-node leaves is no token, and the identity is exchanged", async () => {
  await onStage({}, async (stage) => {
    const { code } = await publish(stage, [], { token: "XXXXX-XXXXX-XXXXX-XXXXX" });
    expect(code).toBe(0);
    expect([...stage.front.exchanges].sort()).toEqual(stage.names);
  });
});

test("a configured token goes before the identity at a registry that is not npm's own, unless --auth says oidc", async () => {
  await onStage({}, async (stage) => {
    const token = await publish(stage, [], { token: verdaccio.token });
    expect(token.code).toBe(1);
    expect(stage.front.exchanges).toEqual([]);
    expect(stage.front.wrongTokens.length).toBeGreaterThan(0);
    const oidc = await publish(stage, ["--auth", "oidc"], { token: verdaccio.token });
    expect(oidc.code).toBe(0);
  });
});

test("an identity service that is down for a moment is asked again", async () => {
  await onStage({ refuse: refuseFirst }, async (stage) => {
    const { code } = await publish(stage);
    expect(code).toBe(0);
    expect(stage.front.exchanges).toHaveLength(6);
  });
});

test("the token that GitLab gave to the job is exchanged for each package", async () => {
  await onStage({}, async (stage) => {
    const identity = `e30.${Buffer.from(JSON.stringify({ project_path: "g/p" })).toString("base64url")}.sig`;
    stage.front.secrets.push(identity);
    const env = { GITHUB_ACTIONS: undefined, GITLAB_CI: "true", NPM_ID_TOKEN: identity };
    const { code, stderr } = await publish(stage, [], { env });
    expect(code, stderr).toBe(0);
    expect([...stage.front.exchanges].sort()).toEqual(stage.names);
    expect(stage.front.audiences).toEqual([]);
  });
});

test("a one-time password is sent with each write, and where there is none the code says so", async () => {
  await onStage({ otp: "473829" }, async (stage) => {
    const without = await publish(stage);
    expect(without.code).toBe(1);
    expect(without.stdout + without.stderr).toContain("SLIP_OTP_REQUIRED");
    const wrong = await publish(stage, ["--otp", "918273"]);
    expect(wrong.code).toBe(1);
    const said = wrong.stdout + wrong.stderr;
    expect(said).toContain("SLIP_OTP_REQUIRED");
    expect(said).not.toContain("918273");
    const right = await publish(stage, ["--otp", "473829"]);
    expect(right.code, right.stderr).toBe(0);
    stage.front.secrets.push("918273", "473829");
    expect(await secretsSeen(stage, right.stdout + right.stderr)).toEqual([]);
  });
});
