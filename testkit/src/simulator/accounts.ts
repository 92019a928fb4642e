/**
 * Who may do what on the npm registry: accounts, tokens, one-time passwords. It answers as npm does when somebody may not; what is
 * allowed, the world then carries out. Sources: REGISTRY.md, section 2 fact 9, section 3 `refused`, section 5.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Answer } from "@slipway/core";
import { respond } from "./profile.ts";

export type Action = "publish" | "stage" | "dist-tag" | "deprecate" | "unpublish" | "review-stage" | "read-stage";

export interface Account {
  readonly name: string;
  /** Scopes whose packages it may create, without the `@`. */
  readonly scopes?: readonly string[];
  /** Default true. */
  readonly isEmailVerified?: boolean;
  /** Default false: packages with restricted access are refused. */
  readonly paysForPrivate?: boolean;
  /** The one-time password that is right; without one, two-factor authentication is off. */
  readonly otp?: string;
}

export interface Token {
  readonly account: string;
  /** `session` of a person, `automation` passes the one-time password by, `oidc` was exchanged for one package. */
  readonly kind: "session" | "granular" | "automation" | "oidc";
  /** Names or `@scope/*`; default every package of the account. */
  readonly packages?: readonly string[];
  readonly isReadOnly?: boolean;
  readonly expiresAt?: number;
  /** Of an exchanged token; default all. */
  readonly actions?: readonly Action[];
}

export interface AskedFor {
  readonly action: Action;
  readonly name: string;
  readonly isNewPackage: boolean;
  readonly isRestricted: boolean;
  /** Value of the Authorization header. */
  readonly authorization: string | undefined;
  /** Value of `npm-otp`. */
  readonly otp: string | undefined;
}

export interface Accounts {
  /** Makes a token with these rights; undefined makes it of the first account with all of them. */
  issue(token?: Token): string;
  /** The token behind an Authorization header, while it is valid. */
  find(authorization: string | undefined): Token | undefined;
  /** The account's tokens in the form in which npm lists them (npm/cli#9443): of each, only its ends. */
  list(account: string): readonly Readonly<Record<string, unknown>>[];
  /** The answer to who may not; otherwise the account. */
  authorise(asked: AskedFor): { readonly account: string } | { readonly answer: Answer };
  /** The account published the package first: from now on it is one of its own. */
  own(account: string, name: string): void;
}

const spamName = /(^|[-/])(free-robux|casino)/;

const answers = {
  loggedOut: respond(401, { error: "You must be logged in to publish packages." }),
  masked: respond(404, { error: "Not found" }),
  scopeMissing: respond(404, { error: "Scope not found" }),
  notAllowed: respond(403, { error: "You may not perform that action with these credentials." }),
  oidcDenied: respond(403, { error: "OIDC permission denied for this action" }),
  unverified: respond(403, { error: "you must verify your email in order to publish a new package" }),
  spam: respond(403, { error: "Package name triggered spam detection" }),
  payment: respond(402, { error: "You must sign up for private packages" }),
  otpMissing: respond(
    401,
    { error: "You must provide a one-time pass. Upgrade your client to npm@latest in order to use 2FA." },
    { "www-authenticate": "OTP" },
  ),
} as const;

function covers(patterns: readonly string[] | undefined, name: string): boolean {
  if (patterns === undefined) return true;
  return patterns.some((pattern) =>
    pattern.endsWith("/*") ? name.startsWith(pattern.slice(0, -1)) : pattern === name,
  );
}

/** `hasRules`: the npm registry's. Otherwise any valid token may do anything. */
export function createAccounts(known: readonly Account[], hasRules: boolean, now: () => number): Accounts {
  const tokens = new Map<string, Token>();
  const owners = new Map<string, Set<string>>();
  const accounts = new Map(known.map((account) => [account.name, account]));
  const first = known[0];
  if (first === undefined) throw new RangeError("a registry needs an account");

  function refuse(asked: AskedFor, token: Token, account: Account): Answer | undefined {
    const { action, name, isNewPackage, isRestricted, otp } = asked;
    if (token.isReadOnly === true) return answers.notAllowed;
    if (token.actions !== undefined && !token.actions.includes(action)) return answers.oidcDenied;
    const scope = name.startsWith("@") ? name.slice(1, name.indexOf("/")) : undefined;
    if (isNewPackage && scope !== undefined && account.scopes?.includes(scope) !== true) return answers.scopeMissing;
    const isOwner = isNewPackage || owners.get(name)?.has(account.name) !== false;
    if (!covers(token.packages, name) || !isOwner) return answers.masked;
    if (account.isEmailVerified === false) return answers.unverified;
    if (isNewPackage && spamName.test(name)) return answers.spam;
    if (isRestricted && account.paysForPrivate !== true) return answers.payment;
    const passesOtpBy = token.kind === "automation" || token.kind === "oidc" || action === "stage";
    const needsOtp = action === "review-stage" || (account.otp !== undefined && !passesOtpBy);
    if (needsOtp && action !== "read-stage" && (otp === undefined || otp !== account.otp)) return answers.otpMissing;
    return undefined;
  }

  const find = (authorization: string | undefined): Token | undefined => {
    const token = tokens.get(authorization?.replace(/^Bearer /i, "") ?? "");
    return token?.expiresAt !== undefined && token.expiresAt <= now() ? undefined : token;
  };
  return {
    issue(token = { account: first.name, kind: "automation" }) {
      const text = `npm_${randomBytes(27).toString("base64url").replaceAll(/[-_]/g, "x")}`;
      tokens.set(text, token);
      return text;
    },
    find,
    list: (account) =>
      [...tokens]
        .filter(([, token]) => token.account === account && token.kind !== "oidc")
        .map(([text, { kind, isReadOnly, expiresAt }]) => ({
          key: createHash("sha256").update(text).digest("hex"),
          token: `${text.slice(0, 8)}...${text.slice(-4)}`,
          expiry: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
          bypass_2fa: kind === "automation",
          revoked: null,
          permissions: [{ name: "package", action: isReadOnly === true ? "read" : "write" }],
        })),
    authorise(asked) {
      const token = find(asked.authorization);
      const account = accounts.get(token?.account ?? "");
      if (token === undefined || account === undefined) return { answer: answers.loggedOut };
      const answer = hasRules ? refuse(asked, token, account) : undefined;
      return answer === undefined ? { account: account.name } : { answer };
    },
    own(account, name) {
      const known = owners.get(name) ?? new Set();
      owners.set(name, known.add(account));
    },
  };
}
