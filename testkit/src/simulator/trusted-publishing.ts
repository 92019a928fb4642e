/**
 * Trusted publishing as npm does it: a CI system's identity token is exchanged for a token of one package. It does not check the
 * identity token's signature. Sources: REGISTRY.md, sections 1 and 5; the wording of refusals is assumed unless marked.
 */
import { type Answer, isJsonObject } from "@slipway/core";
import type { Accounts, Action } from "./accounts.ts";
import { respond } from "./profile.ts";

export interface TrustedPublisher {
  readonly package: string;
  /** `owner/name`. */
  readonly repository: string;
  /** File name of the workflow; default any. */
  readonly workflow?: string;
  /** npm lets new ones stage only (2026-09-03). */
  readonly actions: readonly Action[];
  /** Account in whose name it publishes. */
  readonly account: string;
  /** Milliseconds since the epoch; default when the registry starts. */
  readonly createdAt?: number;
}

const hourMs = 60 * 60_000;
/** Since 2026-10-02 a configuration that has never published lapses. */
const lapsesAfterMs = 48 * hourMs;
const tokenLivesMs = hourMs;
const refusedEvents: ReadonlySet<unknown> = new Set(["pull_request_target", "issue_comment"]);

function refuse(status: number, why: string): Answer {
  return respond(status, { message: `OIDC token exchange error - ${why}` });
}

function claimsOf(authorization: string | undefined): Readonly<Record<string, unknown>> | undefined {
  const payload = authorization?.replace(/^Bearer /i, "").split(".")[1];
  if (payload === undefined) return undefined;
  try {
    const json: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return isJsonObject(json) ? json : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export interface TrustedPublishing {
  readonly exchange: (name: string, authorization: string | undefined, host: string) => Answer;
  /** A publish by an exchanged token succeeded: its configuration no longer lapses. */
  readonly used: (name: string) => void;
}

export function createTrustedPublishing(
  publishers: readonly TrustedPublisher[],
  accounts: Accounts,
  now: () => number,
): TrustedPublishing {
  const startedAt = now();
  const proven = new Set<string>();
  return {
    used: (name) => void proven.add(name),
    exchange(name, authorization, host) {
      const claims = claimsOf(authorization);
      if (claims === undefined) return refuse(401, "unauthorized");
      if (claims["aud"] !== `npm:${host}`) return refuse(401, `audience is not npm:${host}`);
      if (typeof claims["exp"] === "number" && claims["exp"] * 1000 <= now())
        return refuse(401, "identity token has expired");
      if (refusedEvents.has(claims["event_name"]))
        return refuse(403, `event ${String(claims["event_name"])} is not allowed`);
      if (claims["runner_environment"] === "self-hosted") return refuse(403, "self-hosted runners are not supported");
      const own = publishers.filter((publisher) => publisher.package === name);
      // npm's words for a package without a trusted publisher too (t).
      if (own.length === 0) return refuse(404, "package not found");
      const workflow = String(claims["job_workflow_ref"] ?? claims["workflow_ref"] ?? "");
      const match = own.find(
        (publisher) =>
          publisher.repository === (claims["repository"] ?? claims["project_path"]) &&
          (publisher.workflow === undefined || workflow.includes(`/${publisher.workflow}@`)),
      );
      // And for one whose trusted publisher is another job (github.com/npm/cli/issues/9969).
      if (match === undefined) return refuse(404, "package not found");
      if (!proven.has(name) && now() > (match.createdAt ?? startedAt) + lapsesAfterMs)
        return refuse(403, "the trusted publisher has expired without a publish");
      const expiresAt = now() + tokenLivesMs;
      const token = accounts.issue({
        account: match.account,
        kind: "oidc",
        packages: [name],
        actions: match.actions,
        expiresAt,
      });
      return respond(201, { token, expires: new Date(expiresAt).toISOString() });
    },
  };
}
