/**
 * The two connections of one request through the fault proxy: reading, forwarding, answering, and the log of it. It
 * must not know faults.
 */
import type { Agent, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { request as startRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

import type { RuleRequest, RuleSet } from "./fault-rules.ts";
import type { ProxyLogDraft, ProxyLogEntry, ProxyOutcome } from "./proxy-log.ts";
import { integrityOf, parseUpload } from "./upload-document.ts";

type Hook<Result> = (entry: ProxyLogEntry) => Result | Promise<Result>;

/** Called for writes only; the exchange goes on when the promise is settled. */
export interface FaultProxyHooks {
  /** The upload is complete and the registry has seen nothing of it. `drop` keeps it so and resets the connection. */
  readonly onPutBodyComplete?: Hook<void | "drop">;
  /** The registry has answered, the client has seen nothing of it. */
  readonly onCommitted?: Hook<void>;
  /** The whole answer was handed to the operating system. */
  readonly onAnswered?: Hook<void>;
}

/** A whole answer of the registry. */
export interface Answer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

export interface ProxyState {
  readonly target: URL;
  readonly agent: Agent;
  readonly latencyMs: number;
  readonly connectLatencyMs: number;
  readonly inspect: boolean;
  readonly drafts: ProxyLogDraft[];
  /** Answers to GETs by path, then by `Accept`; the last one in is the newest. */
  readonly kept: Map<string, Map<string, Answer>>;
  readonly connections: WeakSet<object>;
  readonly closing: AbortController;
  rules: RuleSet;
  hooks: FaultProxyHooks;
}

export interface Exchange {
  readonly state: ProxyState;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly seen: RuleRequest;
  readonly draft: ProxyLogDraft;
}

/** Raised inside an exchange when one of its two connections has ended; the exchange is over. */
export class ConnectionEnded extends Error {}

const hopHeaders: ReadonlySet<string> = new Set(["connection", "keep-alive", "transfer-encoding", "proxy-connection"]);

function endToEnd(headers: IncomingMessage["headers"]): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.has(name)));
}

export async function pause(state: ProxyState, ms: number): Promise<void> {
  if (ms <= 0) return;
  // Rejects only when the proxy is closed, which has ended the connection already.
  await sleep(ms, undefined, { signal: state.closing.signal }).catch((cause: unknown) => {
    throw new ConnectionEnded("the proxy is closed", { cause });
  });
}

/** Nobody is left to read an answer. A client that closes its side while it waits has given up, or has been killed. */
function isClientGone({ request, response }: Exchange): boolean {
  return request.socket.destroyed || request.socket.readableEnded || response.closed;
}

export function reset(exchange: Exchange): void {
  const { request, draft } = exchange;
  draft.outcome = isClientGone(exchange) ? "client-gone" : "reset";
  request.socket.resetAndDestroy();
}

export async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of message) chunks.push(chunk);
  } catch (cause) {
    throw new ConnectionEnded("the connection ended inside a body", { cause });
  }
  return Buffer.concat(chunks);
}

export function noteBody({ state, draft }: Exchange, body: Buffer): void {
  draft.bodyCompleteAt = Date.now();
  draft.bodySizeBytes = body.length;
  if (!draft.isWrite || !state.inspect) return;
  draft.bodyIntegrity = integrityOf(body);
  draft.upload = parseUpload(body);
}

/** Opens the request to the registry. `answer` rejects with ConnectionEnded when the registry does not answer. */
function openUpstream({ state, request, draft }: Exchange, headers: OutgoingHttpHeaders) {
  const { target, agent } = state;
  const path = `${target.pathname.replace(/\/$/, "")}${request.url ?? "/"}`;
  const method = request.method ?? "GET";
  const upstream = startRequest({ host: target.hostname, port: target.port, method, path, headers, agent });
  const connected = (): void => {
    draft.forwarded = true;
  };
  upstream.once("socket", (socket) => (socket.connecting ? socket.once("connect", connected) : connected()));
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    upstream.once("response", resolve);
    upstream.on("error", (cause) => reject(new ConnectionEnded("the registry did not answer", { cause })));
  });
  return { upstream, answer };
}

export async function forward(exchange: Exchange, body: Buffer): Promise<Answer> {
  const headers = endToEnd(exchange.request.headers);
  if (body.length > 0) headers["content-length"] = body.length;
  const { upstream, answer } = openUpstream(exchange, headers);
  upstream.end(body);
  const message = await answer;
  const answered = {
    status: message.statusCode ?? 502,
    headers: endToEnd(message.headers),
    body: await readAll(message),
  };
  noteAnswer(exchange, answered.status);
  if (isCacheable(exchange)) keep(exchange, answered);
  return answered;
}

function noteAnswer({ draft }: Exchange, status: number): void {
  draft.registryStatus = status;
  draft.committedAt = Date.now();
}

function keep({ state, request, seen }: Exchange, answer: Answer): void {
  const byAccept = state.kept.get(seen.path) ?? new Map<string, Answer>();
  const accept = request.headers.accept ?? "";
  byAccept.delete(accept);
  state.kept.set(seen.path, byAccept.set(accept, answer));
}

export function keptAnswer({ state, request, seen }: Exchange): Answer | undefined {
  const byAccept = state.kept.get(seen.path);
  return byAccept?.get(request.headers.accept ?? "") ?? [...(byAccept?.values() ?? [])].at(-1);
}

export async function send(exchange: Exchange, answer: Answer, outcome: ProxyOutcome): Promise<void> {
  const { request, response, draft } = exchange;
  if (isClientGone(exchange)) {
    draft.outcome = "client-gone";
    return;
  }
  response.writeHead(answer.status, { ...answer.headers, "content-length": answer.body.length });
  response.end(request.method === "HEAD" ? undefined : answer.body);
  if (!(await isSent(response))) {
    draft.outcome = "client-gone";
    return;
  }
  await noteSent(exchange, answer.status, outcome);
}

/** Waits until the operating system has the whole answer, or the client has gone: false. */
async function isSent(response: ServerResponse): Promise<boolean> {
  if (!response.writableFinished && !response.closed)
    await new Promise<void>((resolve) => {
      response.once("finish", () => resolve());
      response.once("close", () => resolve());
    });
  return response.writableFinished;
}

async function noteSent({ state, draft }: Exchange, status: number, outcome: ProxyOutcome): Promise<void> {
  draft.status = status;
  draft.answeredAt = Date.now();
  draft.outcome = outcome;
  if (draft.isWrite) await state.hooks.onAnswered?.({ ...draft });
}

/** An exchange without faults: both bodies are passed on as they come. */
export async function exchangeStreaming(exchange: Exchange): Promise<void> {
  const { state, request, response, draft } = exchange;
  const { upstream, answer } = openUpstream(exchange, endToEnd(request.headers));
  const { inspect } = state;
  const sent: Buffer[] = [];
  request.on("data", (chunk: Buffer) => {
    draft.bodySizeBytes += chunk.length;
    if (inspect) sent.push(chunk);
  });
  request.once("end", () => {
    if (inspect) noteBody(exchange, Buffer.concat(sent));
    else draft.bodyCompleteAt = Date.now();
  });
  request.once("close", () => {
    if (!request.complete) upstream.destroy();
  });
  request.pipe(upstream);
  const message = await answer;
  const status = message.statusCode ?? 502;
  const headers = endToEnd(message.headers);
  const received: Buffer[] = [];
  const isKept = isCacheable(exchange);
  if (isKept) message.on("data", (chunk: Buffer) => received.push(chunk));
  const ended = new Promise<void>((resolve, reject) => {
    message.once("error", (cause) => reject(new ConnectionEnded("the registry's answer was cut short", { cause })));
    message.once("close", () => resolve());
  });
  if (!response.closed) {
    response.writeHead(status, headers);
    message.pipe(response);
  }
  // The registry's side is read to its end even when the client has gone: what it did has been done.
  if (response.closed) message.resume();
  else response.once("close", () => message.resume());
  await ended;
  noteAnswer(exchange, status);
  if (isKept) keep(exchange, { status, headers, body: Buffer.concat(received) });
  if (await isSent(response)) await noteSent(exchange, status, "passed");
  else draft.outcome = "client-gone";
}

/** Tarballs are never served stale, and are large. */
function isCacheable({ state, seen }: Exchange): boolean {
  return state.inspect && seen.method === "GET" && !seen.path.endsWith(".tgz");
}
