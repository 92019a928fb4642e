export type Next = (request: Request) => Promise<Response>;

/** Sees each request on its way out and its answer on the way back; calls `next` once, more often, or not at all. */
export type Interceptor = (request: Request, next: Next) => Promise<Response>;

export interface ApiOptions {
  /** Paths are resolved below it. */
  readonly baseUrl: string;
  /** Default: the global fetch. */
  readonly fetch?: Next;
  readonly interceptors?: readonly Interceptor[];
  /** Default 30,000. */
  readonly timeoutMs?: number;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface CallOptions {
  /** Undefined values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Each call resolves to the parsed body (undefined when empty) and rejects with an `ApiError` for other than 2xx. */
export interface Api {
  get<T = unknown>(path: string, options?: CallOptions): Promise<T>;
  post<T = unknown>(path: string, body?: unknown, options?: CallOptions): Promise<T>;
  put<T = unknown>(path: string, body?: unknown, options?: CallOptions): Promise<T>;
  patch<T = unknown>(path: string, body?: unknown, options?: CallOptions): Promise<T>;
  delete<T = unknown>(path: string, options?: CallOptions): Promise<T>;
  /** Adds an interceptor inside the others; returns the function that takes it away. */
  use(interceptor: Interceptor): () => void;
}

export function createApi(options: ApiOptions): Api;

export class ApiError extends Error {
  constructor(message: string, answer: { status: number; url: string; body: unknown });
  readonly status: number;
  readonly url: string;
  /** The parsed body of the answer. */
  readonly body: unknown;
}

export interface RetryOptions {
  /** In all, the first one included. Default 3. */
  readonly attempts?: number;
  /** Before the second attempt; doubled each time. Default 200. */
  readonly delayMs?: number;
  readonly sleep?: (ms: number) => Promise<void>;
}

/** Repeats GET, HEAD, PUT and DELETE after 429, 502, 503, 504 and broken connections. */
export function retry(options?: RetryOptions): Interceptor;

/** Adds `Authorization: Bearer …`, unless there is no token. */
export function bearer(getToken: () => string | undefined | Promise<string | undefined>): Interceptor;
