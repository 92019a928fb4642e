/**
 * The simulated registry as a real HTTP server on loopback, for real clients. Its time is the world's own: a test lets it pass, or it
 * runs as a multiple of real time. Nothing about registries is decided here.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { Answer } from "@slipway/core";
import { type AccessLogEntry, type AccessLogLine, foldAccessLog, recordAccess } from "../access-log.ts";
import { type Account, type Accounts, createAccounts } from "./accounts.ts";
import { answer } from "./http-routes.ts";
import { type Call, type Reply, type Service, reply, replyOf } from "./http-service.ts";
import type { Profile } from "./profile.ts";
import { createRandom } from "./random.ts";
import { type RegistryWorld, createRegistryWorld } from "./registry-world.ts";
import { createSigning } from "./signing.ts";
import { createStages } from "./staging.ts";
import { type TrustedPublisher, createTrustedPublishing } from "./trusted-publishing.ts";
import { type VirtualClock, createVirtualClock } from "./virtual-clock.ts";

export interface HttpFaceOptions {
  readonly profile: Profile;
  /** Decides windows and replicas. */
  readonly seed?: number;
  /** Milliseconds of the registry for each real one; default 0: only `pass` lets time pass. */
  readonly speed?: number;
  /** Default one, called `slipway`, with a right to every scope that its tests use. */
  readonly accounts?: readonly Account[];
  readonly trustedPublishers?: readonly TrustedPublisher[];
  /** Larger publish documents are answered 413; default 100 MB. */
  readonly maxBodyBytes?: number;
}

/** An answer that stands for one call, in place of the registry's own or after what it does. */
export interface Interruption {
  readonly method: string;
  readonly path: RegExp;
  readonly when: "before" | "after";
  readonly answer: Answer;
}

export interface HttpFace {
  /** Without a slash at its end. */
  readonly url: string;
  /** Of the first account, with all its rights. */
  readonly token: string;
  readonly world: RegistryWorld;
  readonly clock: VirtualClock;
  readonly accounts: Accounts;
  /** Lets so many milliseconds of the registry pass. */
  readonly pass: (ms: number) => void;
  /** The next call that matches is answered so, once. */
  readonly interrupt: (interruption: Interruption) => void;
  readonly accessLog: () => readonly AccessLogEntry[];
  readonly close: () => Promise<void>;
}

const tickMs = 5;

async function readCall(request: IncomingMessage): Promise<Call> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  const url = new URL(request.url ?? "/", "http://registry.invalid");
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
  return {
    method: request.method ?? "GET",
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers,
    body: Buffer.concat(pieces),
  };
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Reply, now: number): void {
  const isBytes = body instanceof Uint8Array;
  const bytes = isBytes ? body : Buffer.from(JSON.stringify(body));
  const isRead = request.method === "GET" && status === 200;
  const etag = `"${createHash("sha1").update(bytes).digest("hex")}"`;
  const isKnown = isRead && (request.headers["if-none-match"] ?? "").replaceAll("W/", "").split(/, */).includes(etag);
  response.writeHead(isKnown ? 304 : status, {
    ...(isKnown ? {} : { "content-type": isBytes ? "application/octet-stream" : "application/json" }),
    ...(isRead ? { etag } : {}),
    // The registry's clock, which clients measure a Retry-After date against.
    date: new Date(now).toUTCString(),
    ...headers,
  });
  response.end(isKnown ? undefined : bytes);
}

export async function startHttpFace(options: HttpFaceOptions): Promise<HttpFace> {
  const { profile, speed = 0 } = options;
  // Real clients compare the registry's dates with their own.
  const clock = createVirtualClock(Date.now());
  const server = createServer();
  const lines: AccessLogLine[] = [];
  recordAccess(server, (line) => lines.push(line));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the simulated registry listens on no TCP port");
  const url = `http://127.0.0.1:${address.port}`;

  const world = createRegistryWorld(profile, clock, `${url}/`, [], createRandom(options.seed ?? 1));
  const known = options.accounts ?? [{ name: "slipway", scopes: ["demo", "scope"] }];
  const accounts = createAccounts(known, profile.hasNpmServices, clock.now);
  const service = createService({ ...options, world, accounts, now: clock.now, url: `${url}/` });
  const interruptions: Interruption[] = [];
  server.on("request", (request, response) => {
    void handle(service, request, interruptions).then(
      (answered) => send(request, response, answered, clock.now()),
      // A bug of the simulator, in words that a failing test shows.
      (error: unknown) => send(request, response, reply(500, { error: `simulator: ${String(error)}` }), clock.now()),
    );
  });
  const timer = speed === 0 ? undefined : setInterval(() => clock.advance(tickMs * speed), tickMs);
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    clearInterval(timer);
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  }
  return {
    url,
    token: accounts.issue(),
    world,
    clock,
    accounts,
    pass: (ms) => clock.advance(ms),
    interrupt: (interruption) => void interruptions.push(interruption),
    accessLog: () => foldAccessLog(lines),
    close: () => (closing ??= close()),
  };
}

interface ServiceInput extends Omit<HttpFaceOptions, "accounts"> {
  readonly world: RegistryWorld;
  readonly accounts: Accounts;
  readonly now: () => number;
  /** With a slash at its end. */
  readonly url: string;
}

function createService({ profile, world, accounts, now, url, ...options }: ServiceInput): Service {
  const signing = createSigning();
  const attestations: Service["attestations"] = new Map();
  return {
    profile,
    world,
    now,
    accounts,
    signing,
    attestations,
    trust: createTrustedPublishing(options.trustedPublishers ?? [], accounts, now),
    stages: createStages(),
    restricted: new Set(),
    maxBodyBytes: options.maxBodyBytes ?? 100 * 1024 * 1024,
    show: {
      url,
      listsTombstones: !profile.reusesVersions,
      hasTimeWhenShort: profile.isVerdaccio,
      distExtras(name, { version, integrity }) {
        if (!profile.hasNpmServices) return {};
        const spec = `${name}@${version}`;
        const attested = attestations.get(spec);
        const { predicateType } = attested ?? {};
        return {
          signatures: [signing.sign(name, version, integrity)],
          ...(attested === undefined
            ? {}
            : { attestations: { url: `${url}-/npm/v1/attestations/${spec}`, provenance: { predicateType } } }),
        };
      },
    },
  };
}

async function handle(service: Service, request: IncomingMessage, interruptions: Interruption[]): Promise<Reply> {
  const call = await readCall(request);
  const index = interruptions.findIndex(({ method, path }) => method === call.method && path.test(call.path));
  const [interruption] = index === -1 ? [] : interruptions.splice(index, 1);
  if (interruption?.when === "before") return replyOf(interruption.answer);
  const own = answer(service, call);
  return interruption === undefined ? own : replyOf(interruption.answer);
}
