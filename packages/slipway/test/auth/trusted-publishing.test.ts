/** The exchange on its own: where an identity comes from, how long a token is kept, and which credentials a write gets. */
import { type Clock, defaultLimits } from "@slipway/core";
import { expect, test } from "vitest";
import { findIdentitySource, readClaims } from "../../src/auth/ci-identity.ts";
import { createTrustedPublishing } from "../../src/auth/trusted-publishing.ts";
import { chooseMode, createExchangedCredentials } from "../../src/auth/write-credentials.ts";
import type { HttpOutcome, HttpRequest } from "../../src/registry/http.ts";

const modes = [
  { auth: "auto", hasConfigured: false, hasIdentity: false, isDefaultRegistry: true, mode: "configured" },
  { auth: "auto", hasConfigured: true, hasIdentity: false, isDefaultRegistry: true, mode: "configured" },
  { auth: "auto", hasConfigured: false, hasIdentity: true, isDefaultRegistry: false, mode: "exchange" },
  { auth: "auto", hasConfigured: true, hasIdentity: true, isDefaultRegistry: false, mode: "configured" },
  { auth: "auto", hasConfigured: true, hasIdentity: true, isDefaultRegistry: true, mode: "exchange-else-configured" },
  { auth: "token", hasConfigured: false, hasIdentity: true, isDefaultRegistry: true, mode: "configured" },
  { auth: "oidc", hasConfigured: true, hasIdentity: false, isDefaultRegistry: false, mode: "exchange" },
] as const;

test.each(modes)("$auth, token $hasConfigured, identity $hasIdentity, npm's own $isDefaultRegistry: $mode", (row) => {
  expect(chooseMode(row)).toBe(row.mode);
});

const github = {
  GITHUB_ACTIONS: "true",
  ACTIONS_ID_TOKEN_REQUEST_URL: "https://ci.test/token?a=b",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "ask",
};
const sources = [
  { what: "GitHub with the permission", env: github, kind: "request" },
  { what: "GitHub without it", env: { GITHUB_ACTIONS: "true" }, kind: "none" },
  { what: "an address that is no URL", env: { ...github, ACTIONS_ID_TOKEN_REQUEST_URL: "ci" }, kind: "none" },
  { what: "a token that GitHub's job brought itself", env: { ...github, NPM_ID_TOKEN: "t" }, kind: "given" },
  { what: "GitLab with a token", env: { GITLAB_CI: "true", NPM_ID_TOKEN: "t" }, kind: "given" },
  { what: "GitLab with an empty one", env: { GITLAB_CI: "true", NPM_ID_TOKEN: "" }, kind: "none" },
  { what: "CircleCI", env: { CIRCLECI: "true", NPM_ID_TOKEN: "t" }, kind: "given" },
  { what: "a person's machine", env: { NPM_ID_TOKEN: "t" }, kind: "none" },
] as const;

test.each(sources)("$what: $kind", ({ env, kind }) => {
  expect(findIdentitySource(env).kind).toBe(kind);
});

test.each(["", "a", "a.b.c", "a.eyJ.c", `a.${Buffer.from("[1]").toString("base64url")}.c`])(
  "%j has no claims",
  (text) => {
    expect(readClaims(text)).toEqual({});
  },
);

interface Stage {
  at: number;
  readonly requests: HttpRequest[];
  readonly slept: number[];
  readonly secrets: string[];
  readonly trusted: ReturnType<typeof createTrustedPublishing>;
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): HttpOutcome {
  return { kind: "response", status, headers, body: Buffer.from(JSON.stringify(body)) };
}

const identity = (exp?: number): string =>
  `h.${Buffer.from(JSON.stringify({ sub: "s", exp })).toString("base64url")}.s`;

function onStage(answers: (nth: number, at: number) => HttpOutcome, token: string = identity()): Stage {
  const requests: HttpRequest[] = [];
  const slept: number[] = [];
  const secrets: string[] = [];
  const clock: Clock = {
    now: () => stage.at,
    sleep: async (ms) => {
      slept.push(ms);
      stage.at += ms;
    },
  };
  const stage: Stage = {
    at: 1_000_000,
    requests,
    slept,
    secrets,
    trusted: createTrustedPublishing({
      registryUrl: "https://r.test/",
      source: { kind: "given", token },
      send: async (request) => {
        requests.push(request);
        return answers(requests.length, stage.at);
      },
      sendToCi: async () => json(500, {}),
      userAgent: "test",
      limits: defaultLimits,
      clock,
      onSecret: (secret) => secrets.push(secret),
    }),
  };
  return stage;
}

const tokenUntil = (at: number, nth: number): HttpOutcome =>
  json(201, { token: `t${nth}`, expires: new Date(at).toISOString() });

test("a token is exchanged once, also by two who ask at once, and again a minute before it ends", async () => {
  const stage = onStage((nth, at) => tokenUntil(at + 600_000, nth));
  const both = await Promise.all([stage.trusted.tokenFor("@s/a"), stage.trusted.tokenFor("@s/a")]);
  expect(both).toEqual([
    { kind: "token", token: "t1" },
    { kind: "token", token: "t1" },
  ]);
  expect(stage.requests[0]?.url.href).toBe("https://r.test/-/npm/v1/oidc/token/exchange/package/@s%2fa");
  stage.at += 539_000;
  expect(await stage.trusted.tokenFor("@s/a")).toEqual({ kind: "token", token: "t1" });
  stage.at += 2_000;
  expect(await stage.trusted.tokenFor("@s/a")).toEqual({ kind: "token", token: "t2" });
  expect(await stage.trusted.tokenFor("@s/b")).toEqual({ kind: "token", token: "t3" });
});

test("identity and token are told before they are used, so that a log can keep them out", async () => {
  const toldBefore: string[][] = [];
  const stage = onStage((nth) => {
    toldBefore.push([...stage.secrets]);
    return json(201, { token: `t${nth}` });
  });
  await stage.trusted.tokenFor("a");
  expect(toldBefore).toEqual([[identity()]]);
  expect(stage.secrets).toEqual([identity(), "t1"]);
});

test("a token that is refused is dropped; only an old one promises that the next is better", async () => {
  const stage = onStage((nth) => json(201, { token: `t${nth}` }));
  expect(stage.trusted.drop("a")).toBe(false);
  await stage.trusted.tokenFor("a");
  expect(stage.trusted.drop("a")).toBe(false);
  await stage.trusted.tokenFor("a");
  stage.at += 120_000;
  expect(stage.trusted.drop("a")).toBe(true);
  expect(await stage.trusted.tokenFor("a")).toEqual({ kind: "token", token: "t3" });
});

test("what passes is tried again with growing pauses, and ends as passing", async () => {
  const stage = onStage(() => ({ kind: "no-response", reason: "connection reset", maybeSent: true }));
  const result = await stage.trusted.tokenFor("a");
  expect(result).toMatchObject({ kind: "passing", reason: expect.stringContaining("connection reset") });
  expect(stage.requests).toHaveLength(defaultLimits.planReadAttempts);
  expect(stage.slept).toEqual([...stage.slept].sort((a, b) => a - b));
});

test("a pause that is longer than a poll's is left to the loop", async () => {
  const stage = onStage(() => json(429, { error: "slow down" }, { "retry-after": "600" }));
  expect(await stage.trusted.tokenFor("a")).toMatchObject({ kind: "passing" });
  expect(stage.requests).toHaveLength(1);
});

test.each([{}, { token: "" }, { token: 5 }, { token: "a b" }, null])("an answer of %j holds no token", async (body) => {
  const stage = onStage(() => json(201, body));
  expect(await stage.trusted.tokenFor("a")).toMatchObject({ kind: "refused", problem: { code: "SLIP_OIDC_REFUSED" } });
});

test("an identity that has run out is not sent", async () => {
  const stage = onStage((nth) => json(201, { token: `t${nth}` }), identity(999));
  expect(await stage.trusted.tokenFor("a")).toMatchObject({
    kind: "refused",
    problem: { code: "SLIP_OIDC_PERMISSION", hint: expect.stringContaining("NPM_ID_TOKEN") },
  });
  expect(stage.requests).toEqual([]);
});

test("where the exchange is refused the configured token is used, and said to be", async () => {
  const stage = onStage(() => json(404, { message: "package not found" }));
  const said: string[] = [];
  const warn = (text: string): void => void said.push(text);
  const fallback = { header: "Bearer own", from: "the token of .npmrc", warn };
  const credentials = createExchangedCredentials(stage.trusted, fallback);
  const { problems, warnings } = await credentials.prepare(["a"]);
  expect(problems).toEqual([]);
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/SLIP_OIDC_NO_TRUST.*package not found.*the token of \.npmrc is used instead/);
  expect(await credentials.find("a")).toEqual({ kind: "header", value: "Bearer own" });
  expect(stage.requests).toHaveLength(1);
  expect(said).toEqual([]);
  // Nothing was said of b: its exchange could not be made before, or its token has ended since.
  expect(await credentials.find("b")).toEqual({ kind: "header", value: "Bearer own" });
  expect(said).toEqual([expect.stringMatching(/SLIP_OIDC_NO_TRUST.*is used instead/)]);
});
