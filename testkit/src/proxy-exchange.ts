/**
 * One request through the fault proxy, stage by stage. It must not decide which requests are struck: rules do.
 */
import type { Agent, IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import { request as startRequest } from "node:http";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

import { isRegistryWrite } from "./access-log.ts";
import { answerBody, ruleLabel } from "./fault-rules.ts";
import type { Fault, RuleRequest, RuleSet } from "./fault-rules.ts";
import { integrityOf, parseUpload } from "./upload-document.ts";
import type { SeenUpload } from "./upload-document.ts";

/** How an exchange ended, as the client saw it. `client-gone`: nobody was left to see it. */
export type ProxyOutcome =
  | "passed"
  | "answered"
  | "reset"
  | "truncated"
  | "hung"
  | "stale"
  | "corrupted"
  | "client-gone";

/** One request through the proxy. All instants are milliseconds since the epoch. */
export interface ProxyLogEntry {
  readonly method: string;
  /** Decoded, with the query. */
  readonly url: string;
  readonly isWrite: boolean;
  readonly at: number;
  /** Label of the rule that struck it. */
  readonly fault: string | undefined;
  readonly bodySizeBytes: number;
  /** `sha512-…` of a write's body; undefined for reads and while the body is under way. */
  readonly bodyIntegrity: string | undefined;
  /** What a publish document would publish. */
  readonly upload: SeenUpload | undefined;
  readonly bodyCompleteAt: number | undefined;
  /** True once a byte of it has gone to the registry. */
  readonly forwarded: boolean;
  /** The registry's status, whatever the client was told. */
  readonly registryStatus: number | undefined;
  /** When the registry's answer was complete. */
  readonly committedAt: number | undefined;
  /** What the client was told. */
  readonly status: number | undefined;
  readonly answeredAt: number | undefined;
  readonly outcome: ProxyOutcome | undefined;
}

type Draft = { -readonly [Key in keyof ProxyLogEntry]: ProxyLogEntry[Key] };

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
interface Answer {
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
  readonly drafts: Draft[];
  /** Answers to GETs by path, then by `Accept`; the last one in is the newest. */
  readonly kept: Map<string, Map<string, Answer>>;
  readonly connections: WeakSet<object>;
  readonly closing: AbortController;
  rules: RuleSet;
  hooks: FaultProxyHooks;
}

interface Exchange {
  readonly state: ProxyState;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly seen: RuleRequest;
  readonly draft: Draft;
}

/** Raised inside an exchange when one of its two connections has ended; the exchange is over. */
class ConnectionEnded extends Error {}

const hopHeaders: ReadonlySet<string> = new Set(["connection", "keep-alive", "transfer-encoding", "proxy-connection"]);

function endToEnd(headers: IncomingMessage["headers"]): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopHeaders.has(name)));
}

function decoded(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch (error) {
    if (error instanceof URIError) return url;
    throw error;
  }
}

async function pause(state: ProxyState, ms: number): Promise<void> {
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

function reset(exchange: Exchange): void {
  const { request, draft } = exchange;
  draft.outcome = isClientGone(exchange) ? "client-gone" : "reset";
  request.socket.resetAndDestroy();
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of message) chunks.push(chunk);
  } catch (cause) {
    throw new ConnectionEnded("the connection ended inside a body", { cause });
  }
  return Buffer.concat(chunks);
}

function noteBody({ state, draft }: Exchange, body: Buffer): void {
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

async function forward(exchange: Exchange, body: Buffer): Promise<Answer> {
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
  keep(exchange, answered);
  return answered;
}

function noteAnswer({ draft }: Exchange, status: number): void {
  draft.registryStatus = status;
  draft.committedAt = Date.now();
}

function keep({ state, request, seen }: Exchange, answer: Answer): void {
  if (seen.method !== "GET" || !state.inspect) return;
  const byAccept = state.kept.get(seen.path) ?? new Map<string, Answer>();
  const accept = request.headers.accept ?? "";
  byAccept.delete(accept);
  state.kept.set(seen.path, byAccept.set(accept, answer));
}

function keptAnswer({ state, request, seen }: Exchange): Answer | undefined {
  const byAccept = state.kept.get(seen.path);
  return byAccept?.get(request.headers.accept ?? "") ?? [...(byAccept?.values() ?? [])].at(-1);
}

async function send(exchange: Exchange, answer: Answer, outcome: ProxyOutcome): Promise<void> {
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

/** An exchange without faults: both bodies are passed on as they come. */
async function exchangeStreaming(exchange: Exchange): Promise<void> {
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
  const isKept = inspect && isCacheable(exchange);
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
function isCacheable({ seen }: Exchange): boolean {
  return seen.method === "GET" && !seen.path.endsWith(".tgz");
}

function newDraft(seen: RuleRequest, fault: string | undefined): Draft {
  return {
    method: seen.method,
    url: seen.url,
    isWrite: isRegistryWrite(seen.method, seen.path),
    at: Date.now(),
    fault,
    bodySizeBytes: 0,
    bodyIntegrity: undefined,
    upload: undefined,
    bodyCompleteAt: undefined,
    forwarded: false,
    registryStatus: undefined,
    committedAt: undefined,
    status: undefined,
    answeredAt: undefined,
    outcome: undefined,
  };
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
