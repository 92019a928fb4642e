import { expect, test } from "vitest";
import { type Claims, classifyExchange, exchangeTable, type ProblemCode } from "../src/index.ts";

interface Case {
  readonly what: string;
  readonly status: number;
  readonly message?: string;
  readonly claims?: Claims;
  readonly row: string;
  readonly code: ProblemCode;
}

const cases: readonly Case[] = [
  {
    what: "npm's answer for a package without a trusted publisher",
    status: 404,
    message: "OIDC token exchange error - package not found",
    row: "no-trust",
    code: "SLIP_OIDC_NO_TRUST",
  },
  {
    what: "a stranger's event, named by the registry",
    status: 403,
    message: "pull_request_target is not supported",
    row: "event",
    code: "SLIP_OIDC_EVENT",
  },
  {
    what: "a stranger's event, known from the claims",
    status: 404,
    claims: { event_name: "issue_comment" },
    row: "no-trust",
    code: "SLIP_OIDC_EVENT",
  },
  {
    what: "a runner of one's own",
    status: 404,
    claims: { runner_environment: "self-hosted" },
    row: "no-trust",
    code: "SLIP_OIDC_RUNNER",
  },
  { what: "an expired trust", status: 403, message: "trust expired", row: "expired", code: "SLIP_OIDC_TRUST_EXPIRED" },
  {
    what: "a verb too many",
    status: 403,
    message: "not allowed for this action",
    row: "action",
    code: "SLIP_TRUST_DENIED",
  },
  {
    what: "another repository",
    status: 401,
    message: "repository does not match",
    row: "mismatch",
    code: "SLIP_OIDC_MISMATCH",
  },
  {
    what: "an identity that has run out",
    status: 401,
    message: "the identity token is expired",
    row: "identity-expired",
    code: "SLIP_OIDC_PERMISSION",
  },
  {
    what: "a verb too many, on a runner of one's own",
    status: 403,
    message: "not allowed for this action",
    claims: { runner_environment: "self-hosted" },
    row: "action",
    code: "SLIP_TRUST_DENIED",
  },
  {
    what: "npm's answer to an identity or a request that it does not accept",
    status: 401,
    message: "OIDC token exchange error - unauthorized",
    row: "refused",
    code: "SLIP_OIDC_REFUSED",
  },
  { what: "words nobody has seen", status: 401, message: "no", row: "refused", code: "SLIP_OIDC_REFUSED" },
];

test.each(cases)("$what is $code", ({ status, message, claims = {}, code }) => {
  const result = classifyExchange({ status, body: { message } }, { registry: "https://r.test/", name: "a", claims });
  expect(result).toMatchObject({ kind: "refused", problem: { code, spec: "a", status } });
});

test("every row is the first match of some case", () => {
  expect(exchangeTable.map((row) => row.id).filter((id) => !cases.some((item) => item.row === id))).toEqual([]);
});

test.each([200, 302, 408, 425, 429, 500, 503])("%i is passing, whatever it says", (status) => {
  const about = { registry: "https://r.test/", name: "a", claims: {} };
  expect(classifyExchange({ status, body: "expired" }, about).kind).toBe("passing");
});

test("the claims that a trusted publisher is compared with are told, and no others", () => {
  const claims = { repository: "o/r", environment: "npm", actor: "somebody", sub: "repo:o/r:environment:npm", iat: 5 };
  const result = classifyExchange({ status: 404, body: {} }, { registry: "https://r.test/", name: "a", claims });
  expect(result).toMatchObject({
    problem: { details: ["repository: o/r", "environment: npm", "sub: repo:o/r:environment:npm"] },
  });
});
