/**
 * Questions to a registry beside a release: requests that change nothing, with the credentials of reads, whose answers are looked at
 * for their status and a few fields. Must not decide what an answer means.
 */
import { isJsonObject } from "@slipway/core";
import { createRedactor, secretsOfHeader } from "../redact.ts";
import { createHttpClient, type HttpOutcome } from "./http.ts";
import { parseJson, requestOf, type Context, type RegistryOptions } from "./registry-request.ts";

export interface Seen {
  readonly status: number | undefined;
  /** A phrase, redacted. */
  readonly reason: string;
  readonly json: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

interface AskedFor {
  readonly method?: "GET" | "POST";
  readonly body?: string;
  readonly etag?: string;
}

/** Asks for a path below the registry's URL. Never throws for what a registry answers. */
export type Ask = (path: string, change?: AskedFor) => Promise<Seen>;

export interface Asking {
  readonly ask: Ask;
  readonly context: Context;
  readonly close: () => void;
}

/** `name` is the package whose credentials are used. */
export function openAsking(options: RegistryOptions, concurrency: number, name = ""): Asking {
  const base = new URL(options.url.endsWith("/") ? options.url : `${options.url}/`);
  const client = createHttpClient(base, {
    ...options.connection,
    concurrency,
    connectTimeoutMs: options.limits.readTimeoutMs,
  });
  const header = options.credentials() ?? "";
  const redactor = createRedactor([...(options.secrets ?? []), ...(header === "" ? [] : secretsOfHeader(header))]);
  const context: Context = {
    base: base.href,
    options,
    send: (request) => client.request(request),
    redactor: () => redactor,
  };
  return {
    context,
    close: () => client.close(),
    async ask(path, { method = "GET", body, etag } = {}) {
      const request = requestOf(context, name, new URL(`${base.href}${path}`));
      const outcome = await client.request({
        ...request,
        method,
        headers: {
          ...request.headers,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(etag === undefined ? {} : { "if-none-match": etag }),
        },
        ...(body === undefined ? {} : { body: [Buffer.from(body)] }),
      });
      return seen(outcome, redactor.text);
    },
  };
}

function seen(outcome: HttpOutcome, redact: (text: string) => string): Seen {
  if (outcome.kind === "no-response")
    return { status: undefined, reason: redact(outcome.reason), json: undefined, headers: {} };
  const json = parseJson(outcome.body.toString("utf8"))?.value;
  return { status: outcome.status, reason: `answered ${outcome.status}`, json, headers: outcome.headers };
}

export function isOk({ status }: Seen): boolean {
  return status !== undefined && status >= 200 && status < 300;
}

/** Items of a list that comes in pages; `isWhole` is false where pages were left out. */
export interface PagedList {
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly isWhole: boolean;
}

/** All objects of a list; the answer that was no list where one of its pages could not be read. */
export async function readPages(
  readPage: (page: number) => Promise<Seen>,
  listOf: (json: unknown) => { readonly items: unknown; readonly hasMore: boolean } | undefined,
  pagesMax: number,
): Promise<PagedList | { readonly refusal: Seen }> {
  const items: Readonly<Record<string, unknown>>[] = [];
  for (let page = 0; page < pagesMax; page += 1) {
    const answer = await readPage(page);
    const list = isOk(answer) ? listOf(answer.json) : undefined;
    if (list === undefined || !Array.isArray(list.items)) return { refusal: answer };
    items.push(...list.items.filter(isJsonObject));
    if (!list.hasMore || list.items.length === 0) return { items, isWhole: true };
  }
  return { items, isWhole: false };
}
