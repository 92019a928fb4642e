/** What only npm has: staging, status, token exchange, keys, attestations, bulk audit. Sources: REGISTRY.md, section 1. */
import { formatSpec } from "@slipway/core";
import { type Call, type Reply, type Service, authorise, reply, replyOf } from "./http-service.ts";

const notFound = reply(404, { error: "Not found" });

export function exchange({ trust }: Service, call: Call, name: string): Reply {
  const host = (call.headers["host"] ?? "").replace(/:\d+$/, "");
  return replyOf(trust.exchange(name, call.headers["authorization"], host));
}

/** 404 is never a verdict: so is the answer to who may not ask. */
export function versionStatus(service: Service, call: Call, name: string, version: string): Reply {
  if (service.accounts.find(call.headers["authorization"]) === undefined)
    return reply(401, { error: "You must be logged in" });
  const status = service.world.statusOf(name, version);
  return status === undefined ? notFound : reply(200, { status });
}

export function attestationsOf({ attestations }: Service, name: string, version: string): Reply {
  const found = attestations.get(formatSpec(name, version));
  return found === undefined ? notFound : reply(200, { attestations: [found] });
}

/** Exchanged tokens can stage, and neither list nor view nor review (REGISTRY.md, section 1). */
function mayReadStages(service: Service, call: Call): Reply | undefined {
  const token = service.accounts.find(call.headers["authorization"]);
  if (token === undefined) return reply(401, { error: "You must be logged in" });
  return token.kind === "oidc" ? reply(403, { error: "OIDC permission denied for this action" }) : undefined;
}

export function listStages(service: Service, call: Call): Reply {
  const refusal = mayReadStages(service, call);
  if (refusal !== undefined) return refusal;
  const page = Number(call.query.get("page") ?? "0");
  const perPage = Math.min(100, Number(call.query.get("perPage") ?? "20"));
  const all = service.stages.list(call.query.get("package") ?? undefined);
  return reply(200, { items: all.slice(page * perPage, (page + 1) * perPage), total: all.length, page, perPage });
}

/** npm's own list: exchanged tokens may not see it. */
export function listTokens(service: Service, call: Call): Reply {
  const refusal = mayReadStages(service, call);
  if (refusal !== undefined) return refusal;
  const account = service.accounts.find(call.headers["authorization"])?.account ?? "";
  const page = Number(call.query.get("page") ?? "0");
  const perPage = Math.min(100, Number(call.query.get("perPage") ?? "10"));
  const all = service.accounts.list(account);
  const next = (page + 1) * perPage < all.length ? `/-/npm/v1/tokens?page=${page + 1}&perPage=${perPage}` : undefined;
  const objects = all.slice(page * perPage, (page + 1) * perPage);
  return reply(200, { objects, total: all.length, urls: next === undefined ? {} : { next } });
}

export function readStage(service: Service, call: Call, id: string, what: "item" | "tarball"): Reply {
  const refusal = mayReadStages(service, call);
  if (refusal !== undefined) return refusal;
  const found = service.stages.find(id);
  if (found === undefined) return notFound;
  return reply(200, what === "item" ? found.item : found.bytes);
}

/** Each asks for a one-time password of its own. */
export function reviewStage(service: Service, call: Call, id: string, verdict: "approve" | "reject"): Reply {
  const refusal = mayReadStages(service, call);
  if (refusal !== undefined) return refusal;
  const found = service.stages.find(id);
  if (found === undefined) return notFound;
  const { packageName: name, version } = found.item;
  const permission = authorise(service, call, "review-stage", name);
  if ("answer" in permission) return replyOf(permission.answer);
  const { account } = permission;
  const answer = replyOf(service.world.submit({ kind: verdict, name, version }, account, -1, { account }));
  if (answer.status < 300) service.stages.remove(id);
  return answer;
}
