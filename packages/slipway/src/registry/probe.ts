/**
 * Finds out what a registry can do, by requests that change nothing on it. It works on any registry: what it does not know is
 * answered 404 or nonsense, and then the capability is absent, not a failure. Must not decide what a release needs.
 */
import { escapeName, isJsonObject } from "@slipway/core";
import { type Ask, isOk, openAsking, type Seen } from "./asking.ts";
import { packageUrl, type Context, type RegistryOptions } from "./registry-request.ts";

export const capabilityIds = [
  "ping",
  "whoami",
  "dist-tags",
  "conditional reads",
  "version status",
  "staging",
  "attestations",
  "signing keys",
  "audit",
  "overwrite",
] as const;
export type CapabilityId = (typeof capabilityIds)[number];

export interface Capability {
  readonly id: CapabilityId;
  /** `unknown`: no answer, or nothing to ask about. */
  readonly state: "yes" | "no" | "unknown";
  /** What was seen, in a few words. */
  readonly seen: string;
}

export interface RegistryProbe {
  readonly url: string;
  readonly isReachable: boolean;
  /** Why not. */
  readonly reason?: string;
  /** Registry's clock minus ours in milliseconds, to a second; undefined when it sends no date. */
  readonly clockSkewMs: number | undefined;
  /** Whom the credentials belong to, as far as the registry tells. */
  readonly user: string | undefined;
  /** It says outright that nobody is logged in. */
  readonly isAnonymous: boolean;
  readonly capabilities: readonly Capability[];
}

/** A version that the registry shows, to ask about. */
export interface ProbeSample {
  readonly name: string;
  readonly version: string;
}

/** Asks everything at once. Never throws for what a registry answers. */
export async function probeRegistry(options: RegistryOptions, sample: ProbeSample | undefined): Promise<RegistryProbe> {
  const { ask, context, close } = openAsking(options, capabilityIds.length, sample?.name);
  try {
    const sentAt = options.clock.now();
    const ping = await ask("-/ping");
    const answeredAt = options.clock.now();
    if (ping.status === undefined)
      return {
        url: context.base,
        isReachable: false,
        reason: ping.reason,
        clockSkewMs: undefined,
        user: undefined,
        isAnonymous: false,
        capabilities: [],
      };
    const [whoami, ...rest] = await Promise.all([askWhoami(ask), ...askRest(ask, context, sample)]);
    return {
      url: context.base,
      isReachable: true,
      clockSkewMs: skewOf(ping.headers["date"], sentAt, answeredAt),
      user: whoami.user,
      isAnonymous: whoami.isAnonymous,
      capabilities: [
        { id: "ping", state: isOk(ping) ? "yes" : "no", seen: said(ping) },
        whoami.capability,
        ...rest,
        { id: "overwrite", state: "unknown", seen: "it would take a write to find out" },
      ],
    };
  } finally {
    close();
  }
}

function said(answer: Seen): string {
  return answer.reason;
}

/** Measured against the middle of the request, because an answer's date has no finer part than a second. */
function skewOf(date: string | undefined, sentAt: number, answeredAt: number): number | undefined {
  const at = date === undefined ? Number.NaN : Date.parse(date);
  if (!Number.isFinite(at)) return undefined;
  const skew = at + 500 - (sentAt + answeredAt) / 2;
  return Math.round(skew / 1000) * 1000;
}

interface Whoami {
  readonly capability: Capability;
  readonly user: string | undefined;
  readonly isAnonymous: boolean;
}

async function askWhoami(ask: Ask): Promise<Whoami> {
  const answer = await ask("-/whoami");
  const name = isJsonObject(answer.json) ? answer.json["username"] : undefined;
  const user = isOk(answer) && typeof name === "string" && name !== "" ? name : undefined;
  // Verdaccio answers 200 {} to a bad token. A 403 may be a token that may publish and not ask who it is.
  const isAnonymous = answer.status === 401 || (isOk(answer) && isJsonObject(answer.json) && user === undefined);
  const isKnown = user !== undefined || isAnonymous || answer.status === 403;
  const what =
    user !== undefined
      ? `logged in as ${user}`
      : isAnonymous
        ? `${said(answer)}, nobody is logged in`
        : `${said(answer)}: not with these credentials`;
  return {
    capability: { id: "whoami", state: isKnown ? "yes" : "no", seen: isKnown ? what : said(answer) },
    user,
    isAnonymous,
  };
}

const unasked = "no version of this workspace is published yet, so there was nothing to ask about";

function unknown(id: CapabilityId): Promise<Capability> {
  return Promise.resolve({ id, state: "unknown", seen: unasked });
}

/** `yes` where the answer has the expected shape; a refusal proves that the endpoint is there. */
async function judge(
  id: CapabilityId,
  answer: Promise<Seen>,
  hasShape: (json: unknown) => boolean,
): Promise<Capability> {
  const found = await answer;
  if (found.status === undefined) return { id, state: "unknown", seen: found.reason };
  if (isOk(found)) return { id, state: hasShape(found.json) ? "yes" : "no", seen: said(found) };
  if (found.status === 401 || found.status === 403)
    return { id, state: "yes", seen: `${said(found)}: not with these credentials` };
  return { id, state: found.status >= 500 || found.status === 429 ? "unknown" : "no", seen: said(found) };
}

function hasList(key: string): (json: unknown) => boolean {
  return (json) => isJsonObject(json) && Array.isArray(json[key]);
}

function askRest(ask: Ask, context: Context, sample: ProbeSample | undefined): readonly Promise<Capability>[] {
  const name = sample === undefined ? "" : escapeName(sample.name);
  return [
    sample === undefined
      ? unknown("dist-tags")
      : judge("dist-tags", ask(`-/package/${name}/dist-tags`), (json) => isJsonObject(json) && "latest" in json),
    sample === undefined ? unknown("conditional reads") : askConditionally(ask, context, sample),
    sample === undefined
      ? unknown("version status")
      : judge(
          "version status",
          ask(`-/package/${name}/version/${encodeURIComponent(sample.version)}/status`),
          (json) => isJsonObject(json) && typeof json["status"] === "string",
        ),
    judge("staging", ask("-/stage?page=0&perPage=1"), hasList("items")),
    sample === undefined
      ? unknown("attestations")
      : judge(
          "attestations",
          ask(`-/npm/v1/attestations/${name}@${encodeURIComponent(sample.version)}`),
          hasList("attestations"),
        ),
    judge("signing keys", ask("-/npm/v1/keys"), hasList("keys")),
    judge("audit", ask("-/npm/v1/security/advisories/bulk", { method: "POST", body: "{}" }), isJsonObject),
  ];
}

async function askConditionally(ask: Ask, context: Context, sample: ProbeSample): Promise<Capability> {
  const id = "conditional reads";
  const path = packageUrl(context, sample.name).href.slice(context.base.length);
  const first = await ask(path);
  const etag = first.headers["etag"];
  if (!isOk(first)) return { id, state: "unknown", seen: said(first) };
  if (etag === undefined) return { id, state: "no", seen: "no etag" };
  const second = await ask(path, { etag });
  if (second.status === undefined) return { id, state: "unknown", seen: second.reason };
  return { id, state: second.status === 304 ? "yes" : "no", seen: said(second) };
}
