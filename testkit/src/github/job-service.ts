/**
 * What jobs talk to beside GitHub's API: the service for artifacts with its blob store, and the issuer of identity tokens. Each job is known by the token that it
 * was given; nothing is served to anybody else.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type ArtifactStore, blobAddress, type StoredArtifact } from "./artifacts.ts";
import { createTokenSigner } from "./json-web-token.ts";
import { identityToken, type JobIdentity } from "./oidc.ts";

export interface ServedJob {
  /** `ACTIONS_RUNTIME_TOKEN`, `ACTIONS_RESULTS_URL`, and those of an identity where the job may have one. */
  readonly env: Readonly<Record<string, string>>;
  /** All that is secret in it. */
  readonly secrets: readonly string[];
  close(): void;
}

export interface JobService {
  readonly url: string;
  /** Audiences that identity tokens were asked for, in order. */
  readonly audiences: readonly string[];
  /** Identity tokens that were handed out. */
  readonly identities: readonly string[];
  openJob(runBackendId: string, identity: JobIdentity | undefined): ServedJob;
  /** Refuses all uploads from now on, as a service that is down. */
  breakUploads(): void;
  close(): Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

interface World {
  readonly store: ArtifactStore;
  readonly url: string;
  readonly runtime: Map<string, string>;
  readonly requesters: Map<string, JobIdentity>;
  readonly blocks: Map<string, Buffer>;
  readonly now: () => number;
  readonly audiences: string[];
  readonly identities: string[];
  isBroken: boolean;
}

const twirp = "/twirp/github.actions.results.api.v1.ArtifactService/";

/** `now` dates identity tokens: a simulated registry's time may run ahead. */
export async function startJobService(store: ArtifactStore, now: () => number = Date.now): Promise<JobService> {
  const signer = createTokenSigner();
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the service of jobs listens on no TCP port");
  const url = `http://127.0.0.1:${address.port}`;
  const world: World = {
    store,
    url,
    runtime: new Map(),
    requesters: new Map(),
    blocks: new Map(),
    now,
    audiences: [],
    identities: [],
    isBroken: false,
  };
  server.on("request", (request, response) => {
    void readBody(request).then(
      (body) => send(response, answer(world, signer, request, body)),
      (error: unknown) => send(response, { status: 500, body: { msg: String(error) } }),
    );
  });
  return {
    url,
    audiences: world.audiences,
    identities: world.identities,
    openJob(runBackendId, identity) {
      const jobId = randomBytes(4).toString("hex");
      const token = signer.sign({ scp: `Actions.GenericRead:x Actions.Results:${runBackendId}:${jobId}`, jti: jobId });
      world.runtime.set(token, runBackendId);
      const requestToken = signer.sign({ jti: jobId, scp: "IdToken" });
      if (identity !== undefined) world.requesters.set(requestToken, identity);
      return {
        env: {
          ACTIONS_RUNTIME_TOKEN: token,
          ACTIONS_RESULTS_URL: `${url}/`,
          ...(identity === undefined
            ? {}
            : {
                ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/idtoken?api-version=2.0`,
                ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
              }),
        },
        secrets: [token, requestToken],
        close() {
          world.runtime.delete(token);
          world.requesters.delete(requestToken);
        },
      };
    },
    breakUploads: () => void (world.isBroken = true),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  return Buffer.concat(pieces);
}

function send(response: ServerResponse, { status, body, headers = {} }: Reply): void {
  const isBytes = body instanceof Uint8Array;
  response.writeHead(status, { "content-type": isBytes ? "application/zip" : "application/json", ...headers });
  response.end(isBytes ? body : body === undefined ? undefined : JSON.stringify(body));
}

function answer(
  world: World,
  signer: Parameters<typeof identityToken>[0],
  request: IncomingMessage,
  body: Buffer,
): Reply {
  const url = new URL(request.url ?? "/", world.url);
  const bearer = request.headers.authorization?.replace(/^Bearer /, "") ?? "";
  if (url.pathname === "/.well-known/jwks") return { status: 200, body: signer.keys };
  if (url.pathname === "/idtoken") return answerIdentity(world, signer, bearer, url);
  if (url.pathname.startsWith("/blob/")) return answerBlob(world, request, url, body);
  if (!url.pathname.startsWith(twirp)) return { status: 404, body: { code: "bad_route", msg: url.pathname } };
  const run = world.runtime.get(bearer);
  const fields: Readonly<Record<string, unknown>> = body.length === 0 ? {} : Object(JSON.parse(body.toString("utf8")));
  if (run === undefined || fields["workflow_run_backend_id"] !== run)
    return { status: 401, body: { code: "unauthenticated", msg: "not this job's run" } };
  return answerTwirp(world, url.pathname.slice(twirp.length), run, fields);
}

function answerIdentity(world: World, signer: Parameters<typeof identityToken>[0], bearer: string, url: URL): Reply {
  const job = world.requesters.get(bearer);
  if (job === undefined) return { status: 401, body: { message: "Unauthorized" } };
  const audience = url.searchParams.get("audience") ?? `https://github.com/${job.repository.split("/")[0]}`;
  const value = identityToken(signer, world.url, job, audience, world.now());
  world.audiences.push(audience);
  world.identities.push(value);
  return { status: 200, body: { count: value.length, value } };
}

function answerTwirp(world: World, method: string, run: string, fields: Readonly<Record<string, unknown>>): Reply {
  const { store } = world;
  const name = String(fields["name"] ?? "");
  const own = store.artifacts.filter((item) => item.runBackendId === run);
  const found = own.find((item) => item.name === name);
  switch (method) {
    case "CreateArtifact": {
      if (world.isBroken) return { status: 403, body: { code: "permission_denied", msg: "down" } };
      const begun = store.begin(run, name, String(fields["mime_type"] ?? ""));
      if (begun === undefined)
        return {
          status: 409,
          body: { code: "already_exists", msg: "an artifact with this name already exists on the workflow run" },
        };
      return { status: 200, body: { ok: true, signed_upload_url: blobAddress(world.url, store, begun) } };
    }
    case "FinalizeArtifact":
      if (found === undefined || found.bytes.length !== Number(fields["size"]))
        return { status: 400, body: { code: "invalid_argument", msg: "not what was uploaded" } };
      found.isFinal = true;
      return { status: 200, body: { ok: true, artifact_id: String(found.id) } };
    case "ListArtifacts":
      return { status: 200, body: { artifacts: own.filter((item) => isListed(item, fields)).map(listed) } };
    case "GetSignedArtifactURL":
      if (found === undefined) return { status: 404, body: { code: "not_found", msg: name } };
      return { status: 200, body: { name, signed_url: blobAddress(world.url, store, found) } };
    default:
      return { status: 404, body: { code: "bad_route", msg: method } };
  }
}

function isListed(item: StoredArtifact, fields: Readonly<Record<string, unknown>>): boolean {
  const id = fields["id_filter"];
  const name = fields["name_filter"];
  return (
    item.isFinal && (id === undefined || String(id) === String(item.id)) && (name === undefined || name === item.name)
  );
}

function listed({ id, runBackendId, name, createdAt, bytes, digest }: StoredArtifact): object {
  return {
    workflow_run_backend_id: runBackendId,
    workflow_job_run_backend_id: "job",
    database_id: String(id),
    name,
    size: String(bytes.length),
    created_at: createdAt,
    digest,
  };
}

/** Blocks are put one by one and become the blob when their list comes (learn.microsoft.com, "Put Block", "Put Block List"). */
function answerBlob(world: World, request: IncomingMessage, url: URL, body: Buffer): Reply {
  const id = Number(url.pathname.slice("/blob/".length));
  const artifact = world.store.artifacts.find((item) => item.id === id);
  if (artifact === undefined || url.searchParams.get("sig") !== world.store.signature) return { status: 403 };
  const headers = { etag: '"1"', "last-modified": "Thu, 01 Jan 1970 00:00:00 GMT", "x-ms-request-id": "1" };
  if (request.method === "GET") return { status: 200, body: artifact.bytes, headers };
  const comp = url.searchParams.get("comp");
  if (comp === "block") world.blocks.set(`${id} ${url.searchParams.get("blockid")}`, body);
  else if (comp === "blocklist") {
    const ids = [...body.toString("utf8").matchAll(/<Latest>([^<]*)<\/Latest>/g)].map(([, block = ""]) => block);
    world.store.write(
      artifact,
      Buffer.concat(ids.map((block) => world.blocks.get(`${id} ${block}`) ?? Buffer.alloc(0))),
    );
  } else world.store.write(artifact, body);
  return { status: 201, headers };
}
