/**
 * What a registry says of the token that is sent to it, where it lists the account's tokens (`npm token list`). npm's entries have
 * `expiry`, `bypass_2fa`, `revoked` and `permissions` (npm/cli#9443); the token is shown only in part, and is found by that part.
 */
import { isJsonObject, messageOf } from "@slipway/core";
import { isShownAs } from "../auth/token-kind.ts";
import { openAsking, readPages } from "./asking.ts";
import type { RegistryOptions } from "./registry-request.ts";

export interface TokenFacts {
  readonly kind: "found";
  /** Milliseconds since the epoch; undefined where it does not end, or nothing is said. */
  readonly endsAt: number | undefined;
  readonly isRevoked: boolean;
  readonly isReadOnly: boolean;
  readonly bypassesTwoFactor: boolean;
}

export type TokenReading = TokenFacts | { readonly kind: "unknown"; readonly reason: string };

const pagesMax = 20;
const perPage = 100;

export async function readTokenFacts(options: RegistryOptions, token: string): Promise<TokenReading> {
  const { ask, context, close } = openAsking(options, 1);
  try {
    const read = await readPages(
      (page) => ask(`-/npm/v1/tokens?page=${page}&perPage=${perPage}`),
      (json) => {
        if (!isJsonObject(json)) return undefined;
        const urls = isJsonObject(json["urls"]) ? json["urls"] : {};
        return { items: json["objects"], hasMore: typeof urls["next"] === "string" };
      },
      pagesMax,
    );
    if ("refusal" in read) {
      const { reason, json } = read.refusal;
      const message = context.redactor("").text(messageOf(json));
      return {
        kind: "unknown",
        reason: `the registry lists no tokens to it (${[reason, message].filter(Boolean).join(": ")})`,
      };
    }
    const found = read.items.filter((item) => typeof item["token"] === "string" && isShownAs(token, item["token"]));
    const [entry] = found;
    // Two that look alike in part: neither can be told to be this one.
    if (entry === undefined || found.length > 1)
      return { kind: "unknown", reason: "the registry's list of tokens does not tell which one it is" };
    return parseEntry(entry);
  } finally {
    close();
  }
}

function parseEntry(entry: Readonly<Record<string, unknown>>): TokenFacts {
  const { expiry, revoked, readonly: isReadOnly, bypass_2fa: bypass, permissions } = entry;
  const endsAt = typeof expiry === "string" ? Date.parse(expiry) : Number.NaN;
  const actions = Array.isArray(permissions)
    ? permissions.flatMap((item: unknown) => (isJsonObject(item) && item["name"] === "package" ? [item["action"]] : []))
    : [];
  return {
    kind: "found",
    endsAt: Number.isFinite(endsAt) ? endsAt : undefined,
    isRevoked: revoked !== undefined && revoked !== null && revoked !== false,
    isReadOnly: isReadOnly === true || (actions.length > 0 && !actions.includes("write")),
    bypassesTwoFactor: bypass === true,
  };
}
