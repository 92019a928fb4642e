/**
 * What the answer to a write means. One table, read from top to bottom; the first row that matches decides. Only status,
 * JSON body and, where a row names one, a header count: a client's own text is localised and changes by version. What no row knows falls to
 * `ambiguous` (conflicts, server errors) or `refused` (any other 4xx), never to success.
 *
 * Source of each row: "m" measured on Verdaccio 6.10, "d" vendor's documentation, "t" public threads, "s" source code.
 */
import { isJsonObject } from "./packument.ts";
import { type Problem, type ProblemCode, problem } from "./problem.ts";

/** What a request wants: a repair removes the stuck tarball of a wedged version. */
export type WriteKind = "upload" | "set-tag" | "remove-tag" | "deprecate" | "repair";

/** The answer to one write, before anybody judges it. Texts are already redacted. */
export type Answer =
  | {
      readonly kind: "response";
      readonly status: number;
      /** Lower-case names; at least `retry-after`, `npm-notice` and `www-authenticate` when sent. */
      readonly headers: Readonly<Record<string, string>>;
      /** Parsed JSON, else the text, else undefined. */
      readonly body: unknown;
      /** A 401 to credentials that have been exchanged anew since: the next request carries others. */
      readonly isRenewed?: true;
    }
  | {
      readonly kind: "no-response";
      /** A phrase: `connection reset`, `no answer in 300 s`, `connection refused`. */
      readonly reason: string;
      /** False only when it is certain that no byte of the request left (refused connection, unknown host). */
      readonly maybeSent: boolean;
      /** Why it was not sent and will not be: there are no credentials for it. */
      readonly problem?: Problem;
    };

/**
 * `accepted` taken, not proven visible · `pending` accepted earlier · `exists` look at the bytes · `ambiguous` may have
 * landed · `retry` nothing landed · `refused` final, needs a person.
 */
export type AnswerClass = "accepted" | "pending" | "exists" | "ambiguous" | "retry" | "refused";

export interface Row {
  readonly id: string;
  /** Exact statuses, or a class such as `5xx`. */
  readonly status: readonly (number | "2xx" | "4xx" | "5xx" | "other")[];
  /** Must occur in the message; absent when any message will do. */
  readonly message?: RegExp;
  /** Must occur in this header of the answer. */
  readonly header?: { readonly name: string; readonly pattern: RegExp };
  /** Only for these writes. */
  readonly writes?: readonly WriteKind[];
  readonly class: AnswerClass;
  readonly code?: ProblemCode;
  readonly source: string;
}

export const answerTable: readonly Row[] = [
  { id: "accepted", status: ["2xx"], class: "accepted", source: "d" },
  { id: "staged", status: [409], message: /previously staged version/i, class: "pending", source: "t npm scanning" },
  {
    id: "packument-race",
    status: [409],
    message: /failed to save packument/i,
    class: "ambiguous",
    source: "t",
  },
  {
    id: "present",
    status: [409],
    message: /already present|already exists|existing version/i,
    class: "exists",
    source: "m Verdaccio and pkglab 0.17, t GitHub Packages",
  },
  { id: "stage-published", status: [409], message: /cannot stage previously published/i, class: "exists", source: "d" },
  { id: "conflict", status: [409], class: "ambiguous", source: "d CodeArtifact, t" },
  {
    id: "tombstone",
    status: [400],
    message: /cannot publish over previously published version/i,
    class: "refused",
    code: "SLIP_VERSION_BURNT",
    source: "t",
  },
  {
    id: "name-lock",
    status: [403],
    message: /cannot be republished until/i,
    class: "refused",
    code: "SLIP_NAME_LOCKED",
    source: "d",
  },
  {
    id: "published-over",
    status: [403],
    message: /publish over the previously published|already contains file|already exists/i,
    class: "exists",
    source: "t npm, Azure, GitLab",
  },
  {
    id: "updating-assets",
    status: [400],
    message: /does not allow updating assets|already exist/i,
    class: "exists",
    source: "t Nexus, s Gitea",
  },
  { id: "rate", status: [429], class: "retry", code: "SLIP_RATE_LIMITED", source: "t" },
  { id: "tuf-refresh", status: [422], message: /refreshing TUF metadata/i, class: "retry", source: "t" },
  // 422s of provenance: github.com/sigstore/sigstore-js/issues/1330, github.com/npm/cli/issues/8036 and 8982.
  {
    id: "repository",
    status: [422],
    message: /"repository\.url" is /,
    class: "refused",
    code: "SLIP_REPOSITORY_MISMATCH",
    source: "t",
  },
  {
    id: "provenance",
    status: [422],
    message: /sigstore provenance|source repository visibility/i,
    class: "refused",
    code: "SLIP_PROVENANCE_REFUSED",
    source: "t",
  },
  {
    id: "attestation-unknown",
    status: [400],
    message: /unsupported registry call/i,
    class: "refused",
    code: "SLIP_PROVENANCE_UNSUPPORTED",
    source: "m: a document with two attachments",
  },
  {
    id: "otp",
    status: [401],
    header: { name: "www-authenticate", pattern: /(^|[\s,])otp([\s,]|$)/i },
    class: "refused",
    code: "SLIP_OTP_REQUIRED",
    source: "s npm-registry-fetch",
  },
  {
    id: "otp-message",
    status: [401],
    message: /one-time pass/i,
    class: "refused",
    code: "SLIP_OTP_REQUIRED",
    source: "s npm-registry-fetch",
  },
  {
    id: "trust-action",
    status: [403],
    message: /OIDC permission denied/i,
    class: "refused",
    code: "SLIP_TRUST_DENIED",
    source: "t github.com/webarkit/jsartoolkitNFT/issues/620",
  },
  {
    id: "email",
    status: [403],
    message: /verify your e-?mail/i,
    class: "refused",
    code: "SLIP_ACCOUNT_UNVERIFIED",
    source: "t",
  },
  {
    id: "name-refused",
    status: [403],
    message: /spam detection|too similar to existing package/i,
    class: "refused",
    code: "SLIP_NAME_REFUSED",
    source: "t",
  },
  { id: "unauthorised", status: [401, 403], class: "refused", code: "SLIP_UPLOAD_UNAUTHORISED", source: "d" },
  {
    id: "masked",
    status: [404],
    class: "refused",
    code: "SLIP_UPLOAD_UNAUTHORISED",
    source: "t: npm masks 403 as 404 on PUT",
  },
  { id: "payment", status: [402], class: "refused", code: "SLIP_ACCESS_UNPAID", source: "d" },
  { id: "too-large", status: [413], class: "refused", code: "SLIP_UPLOAD_TOO_LARGE", source: "m" },
  { id: "request-timeout", status: [408, 425], class: "ambiguous", source: "d" },
  { id: "client", status: ["4xx"], class: "refused", code: "SLIP_UPLOAD_REFUSED", source: "rule for unknown answers" },
  { id: "server", status: ["5xx"], class: "ambiguous", source: "t" },
  { id: "other", status: ["other"], class: "ambiguous", source: "rule for unknown answers" },
];

export interface Classified {
  readonly class: AnswerClass;
  /** Id of the row, or `no-response`, `not-sent`, `no-credentials`, `renewed`. */
  readonly row: string;
  readonly status?: number;
  readonly message?: string;
  /** True when visibility comes later by itself (202, staged). */
  readonly isAsync: boolean;
  readonly retryAfterMs?: number;
  readonly problem?: Problem;
}

const messageLengthMax = 500;

/** Of a page that a proxy answers with: its title, else its text without markup. */
function textOfPage(page: string): string {
  const start = page.slice(0, 8 * messageLengthMax);
  const title = /<title>([^<]+)<\/title>/i.exec(start)?.[1];
  return (title ?? start.replace(/<[^>]*>/g, " ")).replace(/\s+/g, " ").trim();
}

/** The sentence of an error body: `error`, `message` or `reason` of JSON, else the text. */
export function messageOf(body: unknown): string {
  if (typeof body === "string") {
    const text = body.trim();
    return (text.startsWith("<") ? textOfPage(text) : text).slice(0, messageLengthMax);
  }
  if (!isJsonObject(body)) return "";
  const texts = ["error", "message", "reason"].map((key) => body[key]).filter((text) => typeof text === "string");
  return texts.join(": ").slice(0, messageLengthMax);
}

/** No pause is longer than this, and none becomes an infinity that a journal cannot hold. */
const retryAfterMaxMs = 366 * 24 * 60 * 60_000;

/** Milliseconds asked for by a Retry-After header in seconds or as a date; undefined when there is none. */
export function parseRetryAfter(header: string | undefined, dateHeader: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d+$/.test(header.trim())) return Math.min(Number(header.trim()) * 1000, retryAfterMaxMs);
  const until = parseHttpDate(header);
  // Measured against the server's own Date header: its clock and ours may differ.
  const now = dateHeader === undefined ? undefined : parseHttpDate(dateHeader);
  return until === undefined || now === undefined ? undefined : Math.min(Math.max(0, until - now), retryAfterMaxMs);
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Milliseconds since the epoch of an IMF-fixdate (RFC 9110), without the Date object. */
function parseHttpDate(text: string): number | undefined {
  const match = /^\w{3}, (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/.exec(text.trim());
  const month = months.indexOf(match?.[2] ?? "");
  if (match === null || month === -1) return undefined;
  const [day, year, hour, minute, second] = [match[1], match[3], match[4], match[5], match[6]].map(Number);
  if (day === undefined || year === undefined || hour === undefined || minute === undefined || second === undefined)
    return undefined;
  // Days from civil date, after Howard Hinnant's algorithm, with March as the first month.
  const y = month < 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 10) % 12) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  const days = era * 146_097 + dayOfEra - 719_468;
  return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000;
}

function hasStatus(row: Row, status: number): boolean {
  const group =
    status >= 200 && status < 300
      ? "2xx"
      : status >= 400 && status < 500
        ? "4xx"
        : status >= 500 && status < 600
          ? "5xx"
          : "other";
  return row.status.some((wanted) => wanted === status || wanted === group);
}

function findRow(answer: Extract<Answer, { kind: "response" }>, message: string, write: WriteKind): Row | undefined {
  return answerTable.find(
    (row) =>
      hasStatus(row, answer.status) &&
      (row.message === undefined || row.message.test(message)) &&
      (row.header === undefined || row.header.pattern.test(answer.headers[row.header.name] ?? "")) &&
      (row.writes === undefined || row.writes.includes(write)),
  );
}

/** True when a registry asks for a one-time password, in a header or in words. */
export function wantsOneTimePassword(answer: Answer): boolean {
  return answer.kind === "response" && findRow(answer, messageOf(answer.body), "upload")?.code === "SLIP_OTP_REQUIRED";
}

/** Classifies the answer to a write about `spec`. */
export function classify(answer: Answer, write: WriteKind, spec: string): Classified {
  if (answer.kind === "no-response") {
    const { reason: said, problem: why } = answer;
    if (why !== undefined)
      return { class: "refused", row: "no-credentials", message: said, isAsync: false, problem: why };
    return answer.maybeSent
      ? { class: "ambiguous", row: "no-response", message: answer.reason, isAsync: false }
      : { class: "retry", row: "not-sent", message: answer.reason, isAsync: false };
  }
  const message = messageOf(answer.body);
  // Nothing landed, and what the registry did not take is not what the next request brings.
  if (answer.isRenewed === true)
    return { class: "retry", row: "renewed", status: answer.status, message, isAsync: false };
  const row = findRow(answer, message, write);
  if (row === undefined) return { class: "ambiguous", row: "unknown", status: answer.status, message, isAsync: false };
  const retryAfterMs = parseRetryAfter(answer.headers["retry-after"], answer.headers["date"]);
  return {
    class: row.class,
    row: row.id,
    status: answer.status,
    ...(message === "" ? {} : { message }),
    isAsync: answer.status === 202 || row.class === "pending",
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(row.code === undefined
      ? {}
      : {
          problem: problem(
            row.code,
            `the registry answered ${answer.status}${message === "" ? "" : ` "${message}"`} to the ${write} of ${spec}`,
            {
              spec,
              status: answer.status,
            },
          ),
        }),
  };
}
