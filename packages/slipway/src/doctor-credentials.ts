/** What `doctor` says of the credentials that a registry's writes would carry: whose they are, of what kind, and until when. */
import { problem, type Limits } from "@slipway/core";
import { readTokenForm, type TokenKind } from "./auth/token-kind.ts";
import { type Check, failed, passed } from "./doctor-check.ts";
import type { CredentialsSummary } from "./registries.ts";
import type { RegistryProbe } from "./registry/probe.ts";
import type { TokenReading } from "./registry/token-list.ts";

export interface Credentials {
  readonly probe: RegistryProbe;
  readonly source: CredentialsSummary;
  /** What the registry says of a configured token; undefined where it was not asked. */
  readonly reading: TokenReading | undefined;
  /** What was said while credentials were prepared. */
  readonly warnings: readonly string[];
  readonly limits: Limits;
  readonly now: number;
}

const renewal = "make a new one, or use trusted publishing";

const kinds: Readonly<Record<TokenKind, string>> = {
  npm: "an access token of npm",
  "npm-classic": "a classic token of npm",
  jwt: "a JWT",
  opaque: "a token",
};

export function judgeCredentials(credentials: Credentials): Check {
  const { probe, source, warnings } = credentials;
  const { url, isAnonymous } = probe;
  if (source.kind !== "configured") return withDetails(passed("credentials", url, source.text), warnings, []);
  if (isAnonymous)
    return failed("credentials", url, [
      problem("SLIP_UPLOAD_UNAUTHORISED", `${url} does not know the credentials that are configured for it`, {
        url,
        ...(source.token !== undefined && readTokenForm(source.token).kind === "npm-classic"
          ? { hint: `classic tokens of npm were revoked in December 2025: ${renewal}` }
          : {}),
      }),
    ]);
  if (source.token === undefined)
    return withDetails(passed("credentials", url, `a password of ${nameOf(probe)}`), warnings, []);
  return judgeToken(credentials, source.token);
}

function judgeToken({ probe, reading, warnings, limits, now }: Credentials, token: string): Check {
  const { url } = probe;
  const form = readTokenForm(token);
  const facts = reading?.kind === "found" ? reading : undefined;
  const endsAt = form.endsAt ?? facts?.endsAt;
  const leftMs = endsAt === undefined ? undefined : endsAt - now;
  const reason =
    leftMs !== undefined && leftMs <= 0
      ? "has ended"
      : facts?.isRevoked === true
        ? "was revoked"
        : facts?.isReadOnly === true
          ? "may only read"
          : undefined;
  if (reason !== undefined)
    return failed("credentials", url, [
      problem("SLIP_UPLOAD_UNAUTHORISED", `the token that is configured for ${url} ${reason}`, { hint: renewal, url }),
    ]);
  const isSoon = leftMs !== undefined && leftMs < limits.tokenLeftMs;
  const until = leftMs === undefined || isSoon ? "" : `, ends in ${Math.floor(leftMs / dayMs)} days`;
  const found = [
    ...(isSoon ? [`the token ends in ${Math.floor(leftMs / hourMs)} h: ${renewal}`] : []),
    ...(facts?.bypassesTwoFactor === true
      ? [
          "the token passes two-factor authentication by; npm ends direct publishing with such tokens about January 2027: use trusted publishing",
        ]
      : []),
    ...warnings,
  ];
  const unclear = endsAt === undefined ? [explainUnknownEnd(form.kind, reading)] : [];
  return withDetails(passed("credentials", url, `${kinds[form.kind]} of ${nameOf(probe)}${until}`), found, unclear);
}

const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;

function explainUnknownEnd(kind: TokenKind, reading: TokenReading | undefined): string {
  if (reading?.kind === "found") return "the registry says of no end of the token";
  const why = reading === undefined ? "" : `: ${reading.reason}`;
  const rule = kind === "npm" ? "; npm's write tokens live 90 days at most" : "";
  return `when the token ends cannot be known${why}${rule}`;
}

function nameOf({ user }: RegistryProbe): string {
  return user ?? "an unknown user";
}

function withDetails(check: Check, warnings: readonly string[], further: readonly string[]): Check {
  return { ...check, state: warnings.length > 0 ? "warned" : check.state, details: [...warnings, ...further] };
}
