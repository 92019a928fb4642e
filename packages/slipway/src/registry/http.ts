/**
 * One HTTP request to a registry over node:http(s), with kept connections and a time-out on everything. What the
 * network does is a value, never an exception. Must not retry, judge an answer, or know what a package is.
 */
import http from "node:http";
import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  gunzipSync,
  inflateSync,
} from "node:zlib";
import { createAgents } from "./agents.ts";
import type { ConnectionSettings } from "./agents.ts";
import { isFailureBeforeSending, isUnknownHost, phraseOfError } from "./network-errors.ts";

export interface HttpRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly url: URL;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Value of the Authorization header; sent to the registry's own origin and nowhere else. */
  readonly authorization: string | undefined;
  /** Sent one after another, with the sum of their lengths as content-length. */
  readonly body?: readonly Uint8Array[];
  /** From getting a connection until the head of the answer. */
  readonly answerTimeoutMs: number;
  /** Between two pieces of the answer's body. */
  readonly idleTimeoutMs: number;
  /** From the head of the answer until the end of its body; default 60 times as long as for one piece. */
  readonly bodyTimeoutMs?: number;
  /** Of the decoded body. */
  readonly sizeMaxBytes: number;
  /** Redirects of a GET that are followed. */
  readonly redirectsMax?: number;
  /** Gets the pieces of a 200's body instead of `body` of the outcome. */
  readonly onPiece?: (piece: Uint8Array) => void;
}

export interface HttpResponse {
  readonly kind: "response";
  readonly status: number;
  /** Lower-case names; several values of one header are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface NoResponse {
  readonly kind: "no-response";
  /** A phrase; not yet redacted. `truncated` when the answer ended before its end. */
  readonly reason: string;
  /** False only when no byte of the request can have left this machine. */
  readonly maybeSent: boolean;
  /** Of an answer that began. */
  readonly status?: number;
  readonly isUnknownHost?: true;
}

export type HttpOutcome = HttpResponse | NoResponse;

export interface HttpClient {
  request(request: HttpRequest): Promise<HttpOutcome>;
  /** Closes every connection; requests under way end as no-response. */
  close(): void;
}

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

function headersOf(response: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers))
    if (value !== undefined && name !== "set-cookie") headers[name] = Array.isArray(value) ? value.join(", ") : value;
  return headers;
}

interface Coding {
  readonly stream: () => Transform;
  readonly atOnce: (bytes: Buffer, options: { maxOutputLength: number }) => Buffer;
}

const gzip: Coding = { stream: createGunzip, atOnce: gunzipSync };
const codings: Readonly<Record<string, Coding>> = {
  gzip,
  "x-gzip": gzip,
  br: { stream: createBrotliDecompress, atOnce: brotliDecompressSync },
  deflate: { stream: createInflate, atOnce: inflateSync },
};

/** Up to these sizes, before and after, a body is decompressed at once: a stream costs ten times as much as the work. */
const atOnceMaxBytes = 64 * 1024;
const atOnceDecodedMaxBytes = 16 * 1024 * 1024;

interface BodyOptions {
  readonly sizeMaxBytes: number;
  readonly idleTimeoutMs: number;
  readonly bodyTimeoutMs?: number;
  readonly onPiece: ((piece: Uint8Array) => void) | undefined;
}

/** A body whose pieces keep coming, but never all of them, is waited for this many times as long as for one piece: half an hour. */
const wholeBodyFactor = 60;

/** Resolves with the body, or with the phrase that says why there is none; never rejects. */
function readBody(response: IncomingMessage, options: BodyOptions): Promise<Buffer | string> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let sizeBytes = 0;
    const end = (result: Buffer | string): void => {
      clearTimeout(timer);
      clearTimeout(whole);
      if (typeof result === "string") response.destroy();
      resolve(result);
    };
    const timer = setTimeout(
      () => end(`no further piece of the body in ${options.idleTimeoutMs / 1000} s`),
      options.idleTimeoutMs,
    );
    const wholeMs = options.bodyTimeoutMs ?? options.idleTimeoutMs * wholeBodyFactor;
    const whole = setTimeout(() => end(`the body did not end in ${wholeMs / 1000} s`), wholeMs);
    const take = (piece: Buffer): void => {
      timer.refresh();
      sizeBytes += piece.length;
      if (sizeBytes > options.sizeMaxBytes) end(`body is larger than ${options.sizeMaxBytes} bytes`);
      else if (options.onPiece) options.onPiece(piece);
      else pieces.push(piece);
    };
    const finish = (): void => end(response.complete ? Buffer.concat(pieces) : "truncated");
    const encoding = (response.headers["content-encoding"] ?? "identity").trim().toLowerCase();
    const coding = Object.hasOwn(codings, encoding) ? codings[encoding] : undefined;
    if (coding !== undefined)
      decode(response, coding, {
        onPiece: take,
        onActivity: () => timer.refresh(),
        onEnd: finish,
        onError: (error) => end(error.code === "Z_BUF_ERROR" ? "truncated" : "body cannot be decompressed"),
      });
    else if (encoding === "" || encoding === "identity") response.on("data", take).on("end", finish);
    else return end(`body has the unknown encoding ${response.headers["content-encoding"]}`);
    response.on("error", () => end("truncated"));
    response.on("close", () => {
      if (!response.complete) end("truncated");
    });
  });
}

interface Decoding {
  readonly onPiece: (piece: Buffer) => void;
  /** Something arrived, though it may not be decoded yet. */
  readonly onActivity: () => void;
  readonly onEnd: () => void;
  /** A short body, too: the decoder misses its end. */
  readonly onError: (error: NodeJS.ErrnoException) => void;
}

function mayBeEmpty({ statusCode, headers }: IncomingMessage): boolean {
  return statusCode === 204 || statusCode === 304 || headers["content-length"] === "0";
}

/** Decompresses a small body when all of it is there, and any other as it comes. */
function decode(response: IncomingMessage, coding: Coding, decoding: Decoding): void {
  const { onPiece, onActivity, onEnd, onError } = decoding;
  // Node takes it away from the answer at the end.
  const { socket } = response;
  const held: Buffer[] = [];
  let heldBytes = 0;
  const toStream = (): Transform => {
    response.off("data", hold).off("end", decodeAtOnce);
    const stream = coding.stream();
    stream.on("data", onPiece).on("end", onEnd).on("error", onError);
    for (const piece of held.splice(0)) stream.write(piece);
    return stream;
  };
  const hold = (piece: Buffer): void => {
    onActivity();
    held.push(piece);
    heldBytes += piece.length;
    if (heldBytes > atOnceMaxBytes) response.pipe(toStream());
  };
  const decodeAtOnce = (): void => {
    // An answer without a body may name an encoding all the same; a body that was cut to nothing is not one of them.
    if (heldBytes === 0 && response.complete && mayBeEmpty(response)) return onEnd();
    try {
      onPiece(coding.atOnce(Buffer.concat(held), { maxOutputLength: atOnceDecodedMaxBytes }));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const { code }: NodeJS.ErrnoException = error;
      if (code === "ERR_BUFFER_TOO_LARGE") return void toStream().end();
      // Nothing else is asked of whoever cuts bodies short: no request has been given this connection yet.
      socket.destroy();
      return onError(error);
    }
    onEnd();
  };
  response.on("data", hold).on("end", decodeAtOnce);
}

/** Calls back once the connection exists, which is when bytes of the request can begin to leave. */
function onConnected(request: ClientRequest, isTls: boolean, connected: () => void): void {
  request.once("socket", (socket) => {
    const isPending = socket.connecting || ("secureConnecting" in socket && socket.secureConnecting === true);
    if (isPending) socket.once(isTls ? "secureConnect" : "connect", connected);
    else connected();
  });
}

function send(request: HttpRequest, agent: Agent, start: typeof http.request): Promise<HttpOutcome> {
  return new Promise((resolve) => {
    let isConnected = false;
    let hasAnswer = false;
    const body = request.body;
    const sizeBytes = body?.reduce((sum, piece) => sum + piece.byteLength, 0);
    const outgoing = start(request.url, {
      method: request.method,
      agent,
      headers: {
        ...request.headers,
        ...(request.authorization === undefined ? {} : { authorization: request.authorization }),
        ...(sizeBytes === undefined ? {} : { "content-length": String(sizeBytes) }),
      },
    });
    let timer: NodeJS.Timeout | undefined;
    const failed = (reason: string, maybeSent: boolean, error?: NodeJS.ErrnoException): void => {
      clearTimeout(timer);
      const unknown = error !== undefined && isUnknownHost(error) ? { isUnknownHost: true as const } : {};
      resolve({ kind: "no-response", reason, maybeSent, ...unknown });
    };
    onConnected(outgoing, request.url.protocol === "https:", () => {
      isConnected = true;
    });
    // The time waiting for a free connection does not count: those ahead in the queue have time-outs of their own.
    outgoing.once("socket", () => {
      timer = setTimeout(() => {
        failed(`no answer in ${request.answerTimeoutMs / 1000} s`, isConnected);
        outgoing.destroy();
      }, request.answerTimeoutMs);
    });
    outgoing.on("error", (error: NodeJS.ErrnoException) => {
      // An error after the answer began is seen by the reader of its body.
      if (!hasAnswer) failed(phraseOfError(error), isConnected && !isFailureBeforeSending(error), error);
    });
    // https-proxy-agent replays a proxy's refusal of the tunnel as if it were the registry's answer: a 404 would be absence.
    outgoing.once("proxyConnect", (answer: { readonly statusCode?: number }) => {
      if (answer.statusCode === 200 || request.url.protocol === "http:") return;
      failed(`the proxy answered ${answer.statusCode}`, false);
      outgoing.destroy();
    });
    outgoing.once("response", (response) => {
      hasAnswer = true;
      clearTimeout(timer);
      const status = response.statusCode ?? 0;
      const onPiece = status === 200 ? request.onPiece : undefined;
      void readBody(response, { ...request, onPiece }).then((result) => {
        if (typeof result === "string") resolve({ kind: "no-response", reason: result, maybeSent: true, status });
        else resolve({ kind: "response", status, headers: headersOf(response), body: result });
      });
    });
    if (body) {
      outgoing.cork();
      for (const piece of body) outgoing.write(piece);
      outgoing.uncork();
    }
    outgoing.end();
  });
}

/**
 * A client for one registry. Requests to another origin (a tarball's host, the target of a redirect) carry neither
 * credentials nor the client certificate.
 */
export function createHttpClient(registryUrl: URL, settings: ConnectionSettings): HttpClient {
  const agents = createAgents(settings);
  const isOwn = (url: URL): boolean => url.origin === registryUrl.origin;
  const hop = async (request: HttpRequest): Promise<HttpOutcome> => {
    const isTls = request.url.protocol === "https:";
    const start = isTls ? (await import("node:https")).request : http.request;
    const agent = await agents.get(request.url, isOwn(request.url));
    return send(isOwn(request.url) ? request : { ...request, authorization: undefined }, agent, start);
  };
  const follow = async (request: HttpRequest, redirects: number): Promise<HttpOutcome> => {
    const outcome = await hop(request);
    if (request.redirectsMax === undefined || outcome.kind !== "response") return outcome;
    const location = outcome.headers["location"];
    if (!redirectStatuses.has(outcome.status) || location === undefined) return outcome;
    if (redirects >= request.redirectsMax)
      return { kind: "no-response", reason: `more than ${request.redirectsMax} redirects`, maybeSent: true };
    const target = URL.canParse(location, request.url.href) ? new URL(location, request.url) : undefined;
    if (target === undefined || (target.protocol !== "http:" && target.protocol !== "https:"))
      return { kind: "no-response", reason: "redirected to something that is no http URL", maybeSent: true };
    // Once away, always away: a chain that comes back to the registry does not get its credentials back.
    const authorization = isOwn(target) ? request.authorization : undefined;
    return follow({ ...request, url: target, authorization }, redirects + 1);
  };
  return { request: (request) => follow(request, 0), close: () => agents.close() };
}
