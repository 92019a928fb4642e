/**
 * A plain HTTP client for tests: one connection a request, no retries, no redirects, nothing hidden. It must not
 * know anything about registries.
 */
import { request as startRequest } from "node:http";
import type { IncomingHttpHeaders } from "node:http";

export interface HttpRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON. */
  readonly body?: string | Uint8Array | object;
  /** Time for the whole exchange; default 30 s. */
  readonly timeoutMs?: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  /** The body as text. */
  readonly text: string;
  /** The parsed body, or undefined when it is not JSON. */
  readonly json: unknown;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function encodeBody(body: HttpRequest["body"]): { bytes: Uint8Array | string | undefined; type: string | undefined } {
  if (body === undefined) return { bytes: undefined, type: undefined };
  if (typeof body === "string" || body instanceof Uint8Array) return { bytes: body, type: "application/octet-stream" };
  return { bytes: JSON.stringify(body), type: "application/json" };
}

/** Sends one request and reads the whole answer. Rejects when the connection fails, is cut short or takes too long. */
export async function httpRequest(url: string, options: HttpRequest = {}): Promise<HttpResponse> {
  const { bytes, type } = encodeBody(options.body);
  const headers: Record<string, string> = { ...options.headers };
  if (bytes !== undefined) {
    headers["content-length"] = String(Buffer.byteLength(bytes));
    headers["content-type"] ??= type ?? "application/octet-stream";
  }
  return await new Promise<HttpResponse>((resolve, reject) => {
    const request = startRequest(url, {
      method: options.method ?? "GET",
      headers,
      agent: false,
      signal: AbortSignal.timeout(options.timeoutMs ?? 30_000),
    });
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const body = Buffer.concat(chunks);
        const text = body.toString("utf8");
        const json = parsedJson(text);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: body, text, json });
      });
    });
    request.end(bytes);
  });
}
