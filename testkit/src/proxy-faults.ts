/**
 * Lets a rule's fault strike one exchange of the proxy, and calls its hooks, each at its moment. It must not decide
 * which requests are struck: rules do.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";

import { answerBody, ruleLabel } from "./fault-rules.ts";
import type { Fault, RuleRequest } from "./fault-rules.ts";
import {
  ConnectionEnded,
  exchangeStreaming,
  forward,
  keptAnswer,
  noteBody,
  pause,
  readAll,
  reset,
  send,
} from "./proxy-exchange.ts";
import type { Answer, Exchange, ProxyState } from "./proxy-exchange.ts";
import { newDraft } from "./proxy-log.ts";

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch (error) {
    if (error instanceof URIError) return url;
    throw error;
  }
}

export async function handleExchange(
  state: ProxyState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = decoded(request.url ?? "/");
  const path = url.split("?", 1)[0] ?? url;
  const seen: RuleRequest = { method: request.method ?? "GET", path, url, headers: request.headers };
  const rule = state.rules.take(seen, Date.now());
  const draft = newDraft(seen, rule === undefined ? undefined : ruleLabel(rule));
  state.drafts.push(draft);
  const exchange: Exchange = { state, request, response, seen, draft };
  const isFirst = !state.connections.has(request.socket);
  state.connections.add(request.socket);
  const hooked = draft.isWrite && Object.keys(state.hooks).length > 0;
  try {
    await pause(state, state.latencyMs + (isFirst ? state.connectLatencyMs : 0));
    if (rule === undefined && !hooked) await exchangeStreaming(exchange);
    else await exchangeInStages(exchange, rule?.fault);
  } catch (error) {
    if (!(error instanceof ConnectionEnded)) throw error;
    reset(exchange);
  }
}
/** What strikes before the registry sees the request. True when the exchange is over. */
async function strikeBefore(exchange: Exchange, fault: Fault | undefined): Promise<boolean> {
  if (fault?.kind === "stale") {
    const old = keptAnswer(exchange);
    if (old !== undefined) await send(exchange, old, "stale");
    return old !== undefined;
  }
  if (fault === undefined || !("when" in fault) || fault.when !== "before") return false;
  switch (fault.kind) {
    case "reset":
      reset(exchange);
      return true;
    case "hang":
      exchange.draft.outcome = "hung";
      return true;
    case "answer":
      await send(exchange, ownAnswer(fault), "answered");
      return true;
    case "delay":
      await pause(exchange.state, fault.ms);
      return false;
  }
}

/** What strikes once the registry has answered; passes the answer on when nothing does. */
async function strikeAfter(exchange: Exchange, fault: Fault | undefined, answer: Answer): Promise<void> {
  if (fault?.kind === "truncate") return await sendHalf(exchange, answer);
  if (fault?.kind === "corrupt") return await send(exchange, withOneBitChanged(answer), "corrupted");
  if (fault === undefined || !("when" in fault) || fault.when !== "after")
    return await send(exchange, answer, "passed");
  switch (fault.kind) {
    case "reset":
      return reset(exchange);
    case "hang":
      exchange.draft.outcome = "hung";
      return;
    case "answer":
      return await send(exchange, ownAnswer(fault), "answered");
    case "delay":
      await pause(exchange.state, fault.ms);
      return await send(exchange, answer, "passed");
  }
}

/** An exchange with a fault or hooks: both bodies are held, so that each stage is a moment. */
async function exchangeInStages(exchange: Exchange, fault: Fault | undefined): Promise<void> {
  const { state, request, draft } = exchange;
  if (fault?.kind === "reset" && fault.when === "head") return reset(exchange);
  if (fault?.kind === "reset" && fault.when === "mid-body") {
    await new Promise<void>((resolve) => {
      request.once("data", () => resolve());
      request.once("close", () => resolve());
    });
    return reset(exchange);
  }
  const body = await readAll(request);
  noteBody(exchange, body);
  if (draft.isWrite && (await state.hooks.onPutBodyComplete?.({ ...draft })) === "drop") return reset(exchange);
  if (await strikeBefore(exchange, fault)) return;
  const answer = await forward(exchange, body);
  if (draft.isWrite && state.hooks.onCommitted !== undefined) {
    await state.hooks.onCommitted({ ...draft });
    // Lets this process notice a client that the hook has killed: the end of its connection comes with the next poll.
    await nextTurn();
    await nextTurn();
  }
  await strikeAfter(exchange, fault, answer);
}

async function sendHalf({ response, request, draft }: Exchange, answer: Answer): Promise<void> {
  response.writeHead(answer.status, { ...answer.headers, "content-length": answer.body.length });
  const half = answer.body.subarray(0, Math.floor(answer.body.length / 2));
  await new Promise<void>((resolve) => response.write(half, () => resolve()));
  draft.status = answer.status;
  draft.outcome = "truncated";
  // An orderly end, so that the half is not thrown away with the connection.
  request.socket.destroySoon();
}

function ownAnswer(fault: Extract<Fault, { kind: "answer" }>): Answer {
  const { text, type } = answerBody(fault);
  return { status: fault.status, headers: { "content-type": type, ...fault.headers }, body: Buffer.from(text) };
}

function withOneBitChanged(answer: Answer): Answer {
  const body = Buffer.from(answer.body);
  const middle = Math.floor(body.length / 2);
  const byte = body.at(middle);
  if (byte !== undefined) body[middle] = byte ^ 1;
  return { ...answer, body };
}
