/** What the parts of the HTTP face share: the world, its accounts, and the shape of a call. No routes and no rules. */
import { type Answer, isJsonObject } from "@slipway/core";
import type { Accounts, Action } from "./accounts.ts";
import type { Attestation } from "./attestations.ts";
import type { ShowOptions } from "./documents.ts";
import { isPackageShown } from "./package-history.ts";
import type { Profile } from "./profile.ts";
import type { RegistryWorld } from "./registry-world.ts";
import type { Signing } from "./signing.ts";
import type { Stages } from "./staging.ts";
import type { TrustedPublishing } from "./trusted-publishing.ts";

export interface Call {
  readonly method: string;
  /** Decoded, beginning with a slash, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface Service {
  readonly profile: Profile;
  readonly world: RegistryWorld;
  readonly now: () => number;
  readonly accounts: Accounts;
  readonly trust: TrustedPublishing;
  readonly signing: Signing;
  readonly stages: Stages;
  /** By `name@version`. */
  readonly attestations: Map<string, Attestation>;
  /** Packages that only signed-in accounts may read. */
  readonly restricted: Set<string>;
  readonly show: ShowOptions;
  readonly maxBodyBytes: number;
}

/** The answer to a call; a body of bytes is sent as it is, anything else as JSON. */
export type Reply = Extract<Answer, { kind: "response" }>;

export function reply(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { kind: "response", status, body, headers };
}

/** A world answers nothing but responses. */
export function replyOf(answer: Answer): Reply {
  if (answer.kind === "no-response") throw new Error(`a registry gave no answer: ${answer.reason}`);
  return answer;
}

export function parseBody(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown = JSON.parse(body.toString("utf8"));
    return isJsonObject(json) ? json : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export interface Permission {
  readonly account: string;
}

/** Asks the accounts whether the call may do `action` to the package. */
export function authorise(
  { accounts, world }: Service,
  call: Call,
  action: Action,
  name: string,
  isRestricted = false,
): Permission | { readonly answer: Answer } {
  const { authorization, "npm-otp": otp } = call.headers;
  const isNewPackage = !isPackageShown(world.stateOf(name));
  return accounts.authorise({ action, name, isNewPackage, isRestricted, authorization, otp });
}
