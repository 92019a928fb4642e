/**
 * What a registry's answer to the exchange of a CI job's identity for a publish token means. Must not know how the
 * request was made. The exchange writes nothing, so a passing failure may simply be tried again.
 */
import { messageOf } from "./response.ts";
import { type Problem, type ProblemCode, problem } from "./problem.ts";

/** What a CI job's identity token says of it, as registries compare it with a package's trusted publisher. */
export type Claims = Readonly<Record<string, unknown>>;

export interface ExchangeRow {
  readonly id: string;
  /** Exact statuses, or any 4xx. */
  readonly status: readonly (number | "4xx")[];
  readonly message?: RegExp;
  readonly code: ProblemCode;
  /** `assumed`: npm says what it refuses, but its words have been seen by nobody; then only a phrase is guessed at. */
  readonly source: string;
}

/** Read from top to bottom; the first row that matches decides. Sources as in the table of answers. */
export const exchangeTable: readonly ExchangeRow[] = [
  {
    id: "event",
    status: ["4xx"],
    message: /pull_request_target|issue_comment/i,
    code: "SLIP_OIDC_EVENT",
    source: "d rule of 2026-10-02; words assumed",
  },
  {
    id: "expired",
    status: ["4xx"],
    message: /trust\w*[^.]*expired/i,
    code: "SLIP_OIDC_TRUST_EXPIRED",
    source: "d rule of 2026-10-02; words assumed",
  },
  {
    id: "identity-expired",
    status: ["4xx"],
    message: /\b(jwt|token)\b[^.]*expired/i,
    code: "SLIP_OIDC_PERMISSION",
    source: "assumed",
  },
  {
    id: "action",
    status: [403],
    message: /for this action|not allowed/i,
    code: "SLIP_TRUST_DENIED",
    source: "assumed, after what the upload is answered (t github.com/webarkit/jsartoolkitNFT/issues/620)",
  },
  {
    id: "mismatch",
    status: [400, 401, 403, 422],
    message: /repository|workflow|environment|subject|claim|does not match/i,
    code: "SLIP_OIDC_MISMATCH",
    source: "assumed: npm answers `no-trust` to most of them",
  },
  // One answer for a package without a trusted publisher and for one whose trusted publisher is another job.
  {
    id: "no-trust",
    status: [404],
    code: "SLIP_OIDC_NO_TRUST",
    source: "t github.com/npm/cli/issues/8678, 9923 and 9969",
  },
  {
    id: "refused",
    status: ["4xx"],
    code: "SLIP_OIDC_REFUSED",
    source:
      "t github.com/gjsify/gjsify/pull/512 (401 unauthorized, which says nothing of why); else the rule for unknown answers",
  },
];

export type ExchangeAnswer =
  | { readonly kind: "passing"; readonly reason: string; readonly retryAfterMs?: number }
  | { readonly kind: "refused"; readonly problem: Problem };

const passing: ReadonlySet<number> = new Set([408, 425, 429]);

/** Judges an answer that holds no token. `claims` are named in the problem, so that they can be compared. */
export function classifyExchange(
  answer: { readonly status: number; readonly body: unknown; readonly retryAfterMs?: number | undefined },
  { registry, name, claims }: { readonly registry: string; readonly name: string; readonly claims: Claims },
): ExchangeAnswer {
  const { status, body, retryAfterMs } = answer;
  const message = messageOf(body);
  const said = `answered ${status}${message === "" ? "" : ` "${message}"`}`;
  if (status < 400 || status >= 500 || passing.has(status))
    return { kind: "passing", reason: said, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  const row = exchangeTable.find(
    (item) =>
      item.status.some((wanted) => wanted === status || wanted === "4xx") &&
      (item.message === undefined || item.message.test(message)),
  );
  if (row === undefined) throw new Error(`no row for an exchange answered ${status}`);
  return {
    kind: "refused",
    problem: problem(
      explain(row.code, claims),
      `${registry} ${said} to the exchange of this job's identity for a token of ${name}`,
      {
        spec: name,
        status,
        details: describeClaims(claims),
      },
    ),
  };
}

/** Answers that do not say why: then a job that registries refuse in any case was refused for that. */
const vague: ReadonlySet<ProblemCode> = new Set(["SLIP_OIDC_NO_TRUST", "SLIP_OIDC_MISMATCH", "SLIP_OIDC_REFUSED"]);

function explain(code: ProblemCode, claims: Claims): ProblemCode {
  if (!vague.has(code)) return code;
  const event = claims["event_name"];
  if (event === "pull_request_target" || event === "issue_comment") return "SLIP_OIDC_EVENT";
  return claims["runner_environment"] === "self-hosted" ? "SLIP_OIDC_RUNNER" : code;
}

/** In the order in which people look for the difference. */
const compared = [
  "repository",
  "repository_id",
  "workflow_ref",
  "job_workflow_ref",
  "environment",
  "event_name",
  "runner_environment",
  "project_path",
  "ci_config_ref_uri",
  "sub",
] as const;

/** The claims that a trusted publisher is compared with, one a line. None of them is secret. */
export function describeClaims(claims: Claims): readonly string[] {
  return compared.flatMap((key) => {
    const value = claims[key];
    return typeof value === "string" && value !== "" ? [`${key}: ${value.slice(0, 300)}`] : [];
  });
}
