/**
 * Trusted publishing: exchanges a CI job's identity for tokens of a registry, one a package, kept until they end. An
 * exchange that fails says why, as a value. Must not fall back to other credentials, or use a token for another package.
 */
import {
  type Clock,
  classifyExchange,
  type Claims,
  escapeName,
  isJsonObject,
  type Limits,
  parseRetryAfter,
  type Problem,
  problem,
} from "@slipway/core";
import { createRedactor } from "../redact.ts";
import type { HttpOutcome, HttpRequest } from "../registry/http.ts";
import { parseJson } from "../registry/registry-request.ts";
import { type IdentitySource, readClaims } from "./ci-identity.ts";

/** Everything that an exchange touches. */
export interface ExchangeContext {
  /** With a slash at its end. */
  readonly registryUrl: string;
  readonly source: Exclude<IdentitySource, { readonly kind: "none" }>;
  /** Sends to the registry. */
  readonly send: (request: HttpRequest) => Promise<HttpOutcome>;
  /** Sends to the CI system that makes identity tokens. */
  readonly sendToCi: (request: HttpRequest) => Promise<HttpOutcome>;
  readonly userAgent: string;
  readonly limits: Limits;
  readonly clock: Clock;
  /** Told identity and token before either is used. */
  readonly onSecret?: ((secret: string) => void) | undefined;
}

export type Exchanged =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "refused"; readonly problem: Problem }
  /** Nobody refused; asking again later can help. */
  | { readonly kind: "passing"; readonly reason: string };

export interface TrustedPublishing {
  /** The token for writes to one package: the one that is kept, or a new one. */
  readonly tokenFor: (name: string) => Promise<Exchanged>;
  /** Drops a token that the registry no longer takes. False when there was none, or when it had only just been made. */
  readonly drop: (name: string) => boolean;
}

interface Kept {
  readonly token: string;
  readonly madeAt: number;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

type Attempt = { readonly kind: "kept"; readonly kept: Kept } | Exclude<Exchanged, { readonly kind: "token" }>;

/** A token that ends sooner than this is not begun with: an upload may take its time. */
const spareMs = 60_000;
/** For registries that do not say when a token ends; npm's live about an hour. */
const lifetimeMs = 45 * 60_000;
/** Larger answers than this are no tokens. */
const answerMaxBytes = 256 * 1024;

export function createTrustedPublishing(context: ExchangeContext): TrustedPublishing {
  const tokens = new Map<string, Kept>();
  const underWay = new Map<string, Promise<Exchanged>>();

  async function exchange(name: string): Promise<Exchanged> {
    const attempt = await exchangePatiently(context, name);
    if (attempt.kind !== "kept") return attempt;
    tokens.set(name, attempt.kept);
    return { kind: "token", token: attempt.kept.token };
  }

  return {
    async tokenFor(name) {
      const kept = tokens.get(name);
      if (kept !== undefined && context.clock.now() < kept.endsAt - spareMs)
        return { kind: "token", token: kept.token };
      const running = underWay.get(name) ?? exchange(name).finally(() => underWay.delete(name));
      underWay.set(name, running);
      return running;
    },
    drop(name) {
      const kept = tokens.get(name);
      if (kept === undefined) return false;
      tokens.delete(name);
      // A token refused right after it was made is refused for another reason than its age.
      return context.clock.now() - kept.madeAt > spareMs;
    },
  };
}

async function exchangePatiently(context: ExchangeContext, name: string): Promise<Attempt> {
  const { limits, clock } = context;
  let delayMs = limits.pollFirstMs;
  for (let tries = 1; ; tries += 1) {
    const attempt = await exchangeOnce(context, name);
    if (attempt.kind !== "passing" || tries >= limits.planReadAttempts) return attempt;
    const pauseMs = attempt.retryAfterMs ?? delayMs;
    // A longer pause is the caller's to decide on: it may have other packages to release meanwhile.
    if (pauseMs > limits.pollMaxMs) return attempt;
    await clock.sleep(pauseMs);
    delayMs = Math.min(delayMs * limits.pollFactor, limits.pollMaxMs);
  }
}

type Once = Attempt & { readonly retryAfterMs?: number | undefined };

async function exchangeOnce(context: ExchangeContext, name: string): Promise<Once> {
  const identity = await findIdentity(context);
  if (identity.kind !== "identity") return identity;
  context.onSecret?.(identity.token);
  const claims = readClaims(identity.token);
  const ends = claims["exp"];
  if (typeof ends === "number" && ends * 1000 <= context.clock.now()) return refuseExpired(context, name);
  const redactor = createRedactor([
    identity.token,
    ...(context.source.kind === "request" ? [context.source.token] : []),
  ]);
  const outcome = await context.send({
    ...requestTo(context, new URL(`${context.registryUrl}-/npm/v1/oidc/token/exchange/package/${escapeName(name)}`)),
    method: "POST",
    headers: { ...headersOf(context), "content-type": "application/json", "npm-command": "publish" },
    authorization: `Bearer ${identity.token}`,
    body: [],
  });
  const to = `the exchange of this job's identity at ${context.registryUrl}`;
  if (outcome.kind === "no-response") return { kind: "passing", reason: redactor.text(`${outcome.reason} from ${to}`) };
  const body = parseJson(outcome.body.toString("utf8"))?.value;
  if (outcome.status >= 200 && outcome.status < 300) return keep(context, name, body, claims);
  const { headers, status } = outcome;
  return classifyExchange(
    {
      status,
      body: redactor.json(body ?? outcome.body.toString("utf8")),
      retryAfterMs: parseRetryAfter(headers["retry-after"], headers["date"]),
    },
    { registry: context.registryUrl, name, claims },
  );
}

function keep(context: ExchangeContext, name: string, body: unknown, claims: Claims): Once {
  const token = isJsonObject(body) ? body["token"] : undefined;
  if (typeof token !== "string" || token === "" || /[\s\p{Cc}]/u.test(token))
    return classifyExchange(
      { status: 422, body: "answered without a token" },
      { registry: context.registryUrl, name, claims },
    );
  context.onSecret?.(token);
  const madeAt = context.clock.now();
  const said = isJsonObject(body) ? body["expires"] : undefined;
  const endsAt = typeof said === "string" ? Date.parse(said) : Number.NaN;
  return { kind: "kept", kept: { token, madeAt, endsAt: Number.isFinite(endsAt) ? endsAt : madeAt + lifetimeMs } };
}

function refuseExpired(context: ExchangeContext, name: string): Once {
  const message = `the identity token of this job ran out before it could be exchanged for a token of ${name}`;
  const isGiven = context.source.kind === "given";
  return {
    kind: "refused",
    problem: problem("SLIP_OIDC_PERMISSION", message, {
      spec: name,
      hint: isGiven ? "run the job again: NPM_ID_TOKEN is made when it starts" : "set this machine's clock",
    }),
  };
}

type Identity =
  | { readonly kind: "identity"; readonly token: string }
  | Extract<Exchanged, { readonly problem: Problem }>;

/** A new identity token for each exchange, as npm has it: registries may take each of them once only. */
async function findIdentity(
  context: ExchangeContext,
): Promise<Identity | { readonly kind: "passing"; readonly reason: string }> {
  const { source } = context;
  if (source.kind === "given") return { kind: "identity", token: source.token };
  const url = new URL(source.url);
  url.searchParams.append("audience", `npm:${new URL(context.registryUrl).hostname}`);
  const outcome = await context.sendToCi({
    ...requestTo(context, url),
    authorization: `Bearer ${source.token}`,
  });
  const redactor = createRedactor([source.token]);
  if (outcome.kind === "no-response")
    return { kind: "passing", reason: redactor.text(`${outcome.reason} from GitHub's identity service`) };
  const body = parseJson(outcome.body.toString("utf8"))?.value;
  const token = isJsonObject(body) ? body["value"] : undefined;
  if (outcome.status === 200 && typeof token === "string" && token !== "") return { kind: "identity", token };
  const said = `GitHub's identity service answered ${outcome.status}${outcome.status === 200 ? " without a token" : ""}`;
  if (outcome.status === 429 || outcome.status >= 500) return { kind: "passing", reason: said };
  return refuseIdentity(said);
}

function refuseIdentity(message: string): Identity {
  return { kind: "refused", problem: problem("SLIP_OIDC_PERMISSION", message) };
}

function headersOf(context: ExchangeContext): Readonly<Record<string, string>> {
  return { "user-agent": context.userAgent, accept: "application/json" };
}

function requestTo(context: ExchangeContext, url: URL): HttpRequest {
  return {
    method: "GET",
    url,
    headers: headersOf(context),
    authorization: undefined,
    answerTimeoutMs: context.limits.readTimeoutMs,
    idleTimeoutMs: context.limits.readTimeoutMs,
    sizeMaxBytes: answerMaxBytes,
  };
}
