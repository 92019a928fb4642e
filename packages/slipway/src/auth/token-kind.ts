/**
 * What a token tells of itself by its form alone: whose kind it is, and when it ends. It is not verified, and what comes out of here
 * never holds any of it.
 */
import { readClaims } from "./ci-identity.ts";

export type TokenKind =
  /** Made on npm's site or by `npm token create`: the only kind that npm has left, and the form of exchanged ones. */
  | "npm"
  /** npm's classic tokens before `npm_`, which it revoked in December 2025. */
  | "npm-classic"
  /** Says itself when it ends: Verdaccio with `jwt`, Azure, CodeArtifact. */
  | "jwt"
  /** Anything else: Verdaccio's older tokens, passwords, keys of other registries. */
  | "opaque";

export interface TokenForm {
  readonly kind: TokenKind;
  /** Milliseconds since the epoch; only a JWT says. */
  readonly endsAt: number | undefined;
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function readTokenForm(token: string): TokenForm {
  if (/^npm_[A-Za-z0-9]+$/.test(token)) return { kind: "npm", endsAt: undefined };
  if (uuid.test(token)) return { kind: "npm-classic", endsAt: undefined };
  const claims = token.split(".").length === 3 ? readClaims(token) : {};
  const end = claims["exp"];
  if (Object.keys(claims).length === 0) return { kind: "opaque", endsAt: undefined };
  return { kind: "jwt", endsAt: typeof end === "number" && Number.isFinite(end) ? end * 1000 : undefined };
}

/** True for the form in which lists show a token: its first and last characters around dots (npm/cli#9443). */
export function isShownAs(token: string, shown: string): boolean {
  const [start = "", end = ""] = shown.split(/\.{3}|…/);
  // Less than this would fit too many.
  return (
    start.length >= 6 && token.length > start.length + end.length && token.startsWith(start) && token.endsWith(end)
  );
}
