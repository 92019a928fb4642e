/**
 * Which credentials the writes of a run use: those that npm's configuration holds, or tokens exchanged for the CI job's
 * identity. It decides once for each registry, by a rule that can be told; never silently, one for the other.
 */
import { mapAtOnce } from "../map-at-once.ts";
import type { Authorization, WriteCredentials } from "../registry/registry-request.ts";
import type { Problem } from "@slipway/core";
import type { TrustedPublishing } from "./trusted-publishing.ts";

/** `auto` exchanges where CI offers an identity and no token is meant for the registry; see `chooseMode`. */
export const authModes = ["auto", "token", "oidc"] as const;
export type AuthMode = (typeof authModes)[number];

export type WriteMode = "configured" | "exchange" | "exchange-else-configured";

/**
 * - `--auth token` and `--auth oidc` are obeyed.
 * - Where CI offers no identity, what is configured is used.
 * - Where it does and nothing is configured, it is exchanged.
 * - Where it does and a token is configured: at npm's own registry the exchange goes first, because such tokens are often
 *   meant for installs only, and the token is used with a warning where the exchange is refused; elsewhere the token is
 *   used, because few other registries exchange anything.
 */
export function chooseMode(input: {
  readonly auth: AuthMode;
  readonly hasConfigured: boolean;
  readonly hasIdentity: boolean;
  readonly isDefaultRegistry: boolean;
}): WriteMode {
  if (input.auth === "token") return "configured";
  if (input.auth === "oidc") return "exchange";
  if (!input.hasIdentity) return "configured";
  if (!input.hasConfigured) return "exchange";
  return input.isDefaultRegistry ? "exchange-else-configured" : "configured";
}

export interface ExchangedCredentials extends WriteCredentials {
  /** Exchanges for each package; what was refused, and what was said on the way. */
  readonly prepare: (names: readonly string[]) => Promise<{
    readonly problems: readonly Problem[];
    readonly warnings: readonly string[];
  }>;
}

const exchangedAtOnce = 8;

/** The configured credentials, for packages whose exchange is refused. */
export interface Fallback {
  /** Value of the Authorization header. */
  readonly header: string;
  /** Names it in warnings. */
  readonly from: string;
  /** Told where it is used without `prepare` having said so: a token ended, or could not be exchanged then. */
  readonly warn: (text: string) => void;
}

export function createExchangedCredentials(
  trusted: TrustedPublishing,
  fallback: Fallback | undefined,
): ExchangedCredentials {
  const refused = new Set<string>();

  async function find(name: string): Promise<Authorization> {
    if (fallback !== undefined && refused.has(name)) return { kind: "header", value: fallback.header };
    const exchanged = await trusted.tokenFor(name);
    switch (exchanged.kind) {
      case "token":
        return { kind: "header", value: `Bearer ${exchanged.token}` };
      case "passing":
        return { kind: "none", reason: exchanged.reason };
      case "refused":
        if (fallback === undefined)
          return { kind: "none", reason: exchanged.problem.message, problem: exchanged.problem };
        refused.add(name);
        fallback.warn(explainFallback(exchanged.problem, fallback));
        return { kind: "header", value: fallback.header };
    }
  }

  return {
    find,
    renew: (name) => trusted.drop(name),
    async prepare(names) {
      const problems: Problem[] = [];
      const warnings: string[] = [];
      await mapAtOnce([...names], exchangedAtOnce, async (name) => {
        const exchanged = await trusted.tokenFor(name);
        if (exchanged.kind !== "refused") return;
        if (fallback === undefined) problems.push(exchanged.problem);
        else {
          refused.add(name);
          warnings.push(explainFallback(exchanged.problem, fallback));
        }
      });
      return { problems, warnings };
    },
  };
}

function explainFallback({ code, message }: Problem, { from }: Fallback): string {
  return `${code}: ${message}; ${from} is used instead`;
}
