/**
 * What registries are known to answer to a write, status and body as they send them, and what each answer means. Sources:
 * the table in `core/response`. Data only; tests of the classification and of the loop share it.
 */
import { type Answer, type AnswerClass, type Classified, problem, type ProblemCode } from "@slipway/core";

function response(status: number, body: unknown = undefined, headers: Record<string, string> = {}): Answer {
  return { kind: "response", status, headers, body };
}

export interface KnownAnswer {
  readonly what: string;
  readonly answer: Answer;
  readonly class: AnswerClass;
  readonly row: string;
  readonly code?: ProblemCode;
  readonly rest?: Partial<Classified>;
}

/** Bodies as the registries send them (REGISTRY facts); every row of the table occurs. */
export const knownAnswers: readonly KnownAnswer[] = [
  {
    what: "Verdaccio's 201",
    answer: response(201, { ok: "package published" }),
    class: "accepted",
    row: "accepted",
    rest: { isAsync: false },
  },
  {
    what: "npm's 202 while it scans",
    answer: response(202, {}, { "npm-notice": "being processed" }),
    class: "accepted",
    row: "accepted",
    rest: { isAsync: true },
  },
  {
    what: "a version being scanned",
    answer: response(409, { error: 'Cannot publish over previously staged version "1.0.0"' }),
    class: "pending",
    row: "staged",
    rest: { isAsync: true },
  },
  {
    what: "npm's packument race",
    answer: response(409, {
      error:
        "Failed to save packument. A common cause is if you try to publish a new package before the previous package has been fully processed.",
    }),
    class: "ambiguous",
    row: "packument-race",
  },
  {
    what: "Verdaccio's 409",
    answer: response(409, { error: "this package is already present" }),
    class: "exists",
    row: "present",
  },
  {
    what: "pkglab's 409",
    answer: response(409, { error: "conflict", reason: "version already exists" }),
    class: "exists",
    row: "present",
  },
  {
    what: "GitHub Packages' 409",
    answer: response(409, { error: "Cannot publish over existing version" }),
    class: "exists",
    row: "present",
  },
  {
    what: "staging what is published",
    answer: response(409, { error: "Cannot stage previously published version" }),
    class: "exists",
    row: "stage-published",
  },
  { what: "CodeArtifact's bare 409", answer: response(409), class: "ambiguous", row: "conflict" },
  {
    what: "a tombstone",
    answer: response(400, { error: 'Cannot publish over previously published version "1.0.0"' }),
    class: "refused",
    row: "tombstone",
    code: "SLIP_VERSION_BURNT",
  },
  {
    what: "the 24 h lock of a name",
    answer: response(403, { error: "a cannot be republished until 24 hours have passed." }),
    class: "refused",
    row: "name-lock",
    code: "SLIP_NAME_LOCKED",
  },
  {
    what: "npm's published over",
    answer: response(403, { error: "You cannot publish over the previously published versions: 1.0.0." }),
    class: "exists",
    row: "published-over",
  },
  {
    what: "Azure's 403",
    answer: response(403, { message: "The feed 'x' already contains file 'a-1.0.0.tgz'" }),
    class: "exists",
    row: "published-over",
  },
  {
    what: "GitLab's 403",
    answer: response(403, { message: "403 Forbidden", error: "Package already exists." }),
    class: "exists",
    row: "published-over",
  },
  {
    what: "Nexus' 400",
    answer: response(400, "Repository does not allow updating assets: npm-internal"),
    class: "exists",
    row: "updating-assets",
  },
  {
    what: "a rate limit in seconds",
    answer: response(429, "slow down", { "retry-after": "1934" }),
    class: "retry",
    row: "rate",
    code: "SLIP_RATE_LIMITED",
    rest: { retryAfterMs: 1_934_000 },
  },
  {
    what: "a rate limit beyond all numbers is a year, which a journal can hold",
    answer: response(429, undefined, { "retry-after": "9".repeat(400) }),
    class: "retry",
    row: "rate",
    code: "SLIP_RATE_LIMITED",
    rest: { retryAfterMs: 366 * 86_400_000 },
  },
  {
    what: "a rate limit as a date, by the server's own clock",
    answer: response(429, undefined, {
      "retry-after": "Sat, 21 Nov 2026 04:02:00 GMT",
      date: "Sat, 21 Nov 2026 04:00:30 GMT",
    }),
    class: "retry",
    row: "rate",
    code: "SLIP_RATE_LIMITED",
    rest: { retryAfterMs: 90_000 },
  },
  {
    what: "a rate limit across a leap day",
    answer: response(429, undefined, {
      "retry-after": "Wed, 01 Mar 2028 00:00:00 GMT",
      date: "Mon, 28 Feb 2028 23:59:59 GMT",
    }),
    class: "retry",
    row: "rate",
    code: "SLIP_RATE_LIMITED",
    rest: { retryAfterMs: 86_401_000 },
  },
  {
    what: "a date that is none",
    answer: response(429, undefined, { "retry-after": "soon", date: "Sat, 21 Nov 2026 04:00:30 GMT" }),
    class: "retry",
    row: "rate",
    code: "SLIP_RATE_LIMITED",
  },
  {
    what: "the transparency log's metadata",
    answer: response(422, { error: "error refreshing TUF metadata" }),
    class: "retry",
    row: "tuf-refresh",
  },
  {
    what: "a wrong token",
    answer: response(401, { error: "unauthorized" }),
    class: "refused",
    row: "unauthorised",
    code: "SLIP_UPLOAD_UNAUTHORISED",
  },
  {
    what: "no permission",
    answer: response(403, { error: "You do not have permission to publish" }),
    class: "refused",
    row: "unauthorised",
    code: "SLIP_UPLOAD_UNAUTHORISED",
  },
  {
    what: "npm's masked 404",
    answer: response(404, { error: "Not found" }),
    class: "refused",
    row: "masked",
    code: "SLIP_UPLOAD_UNAUTHORISED",
  },
  {
    what: "npm's request for a one-time password in a header",
    answer: response(401, { error: "unauthorized" }, { "www-authenticate": "OTP" }),
    class: "refused",
    row: "otp",
    code: "SLIP_OTP_REQUIRED",
  },
  {
    what: "npm's request for a one-time password in words",
    answer: response(401, { error: "You must provide a one-time pass. Upgrade your client to npm@latest." }),
    class: "refused",
    row: "otp-message",
    code: "SLIP_OTP_REQUIRED",
  },
  {
    what: "a challenge that asks for a token, not for a password",
    answer: response(401, { error: "unauthorized" }, { "www-authenticate": 'Bearer realm="stOTP"' }),
    class: "refused",
    row: "unauthorised",
    code: "SLIP_UPLOAD_UNAUTHORISED",
  },
  {
    what: "a trust configuration without this verb",
    answer: response(403, { error: "OIDC permission denied for this action" }),
    class: "refused",
    row: "trust-action",
    code: "SLIP_TRUST_DENIED",
  },
  {
    what: "an account whose e-mail was never confirmed",
    answer: response(403, { error: "you must verify your email before publishing a new package" }),
    class: "refused",
    row: "email",
    code: "SLIP_ACCOUNT_UNVERIFIED",
  },
  {
    what: "a name that npm takes for spam",
    answer: response(403, { error: "Package name triggered spam detection; if you believe this is in error, …" }),
    class: "refused",
    row: "name-refused",
    code: "SLIP_NAME_REFUSED",
  },
  {
    what: "a name that is too near to another",
    answer: response(403, { error: "Package name too similar to existing package react; try renaming your package" }),
    class: "refused",
    row: "name-refused",
    code: "SLIP_NAME_REFUSED",
  },
  {
    what: "private packages unpaid",
    answer: response(402, { error: "You must sign up for private packages" }),
    class: "refused",
    row: "payment",
    code: "SLIP_ACCESS_UNPAID",
  },
  {
    what: "Verdaccio and a provenance attachment",
    answer: response(400, { error: "unsupported registry call" }),
    class: "refused",
    row: "attestation-unknown",
    code: "SLIP_PROVENANCE_UNSUPPORTED",
  },
  {
    what: "too large a document",
    answer: response(413, { error: "request entity too large" }),
    class: "refused",
    row: "too-large",
    code: "SLIP_UPLOAD_TOO_LARGE",
  },
  {
    what: "a repository field that does not match the provenance",
    answer: response(422, {
      error:
        'Error verifying sigstore provenance bundle: Failed to validate repository information: package.json: "repository.url" is "", expected to match "https://example.test/a" from provenance',
    }),
    class: "refused",
    row: "repository",
    code: "SLIP_REPOSITORY_MISMATCH",
  },
  {
    what: "provenance that cannot be verified",
    answer: response(422, {
      error: "Error verifying sigstore provenance bundle: Missing SourceRepositoryRef in signing certificate",
    }),
    class: "refused",
    row: "provenance",
    code: "SLIP_PROVENANCE_REFUSED",
  },
  {
    what: "a document that makes no sense to the registry",
    answer: response(422, { error: "no such thing" }),
    class: "refused",
    row: "client",
    code: "SLIP_UPLOAD_REFUSED",
  },
  { what: "a request time-out", answer: response(408), class: "ambiguous", row: "request-timeout" },
  {
    what: "Verdaccio's 500 on a race",
    answer: response(500, { error: "internal server error" }),
    class: "ambiguous",
    row: "server",
  },
  {
    what: "a gateway's page",
    answer: response(503, "<html>Service Unavailable</html>"),
    class: "ambiguous",
    row: "server",
  },
  { what: "a redirect of a PUT", answer: response(302), class: "ambiguous", row: "other" },
  {
    what: "a reset",
    answer: { kind: "no-response", reason: "connection reset", maybeSent: true },
    class: "ambiguous",
    row: "no-response",
  },
  {
    what: "a refused connection",
    answer: { kind: "no-response", reason: "connection refused", maybeSent: false },
    class: "retry",
    row: "not-sent",
  },
  {
    what: "a write for which there are no credentials",
    answer: {
      kind: "no-response",
      reason: "no token",
      maybeSent: false,
      problem: problem("SLIP_OIDC_NO_TRUST", "no token for a"),
    },
    class: "refused",
    row: "no-credentials",
    code: "SLIP_OIDC_NO_TRUST",
  },
  {
    what: "a token that ran out and was exchanged anew",
    answer: { kind: "response", status: 401, headers: {}, body: { error: "unauthorized" }, isRenewed: true },
    class: "retry",
    row: "renewed",
  },
];
