/**
 * A real Verdaccio for tests, in this process or in one of its own that can be killed. No uplink, JWT tokens, loopback
 * only, temporary storage. It must not change how Verdaccio behaves: faults belong to the fault proxy.
 */
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { runServer } from "verdaccio";

import { foldAccessLog, recordAccess } from "./access-log.ts";
import type { AccessLogEntry, AccessLogLine } from "./access-log.ts";
import { httpRequest } from "./http-request.ts";
import { startServerProcess } from "./server-process.ts";

export interface VerdaccioOptions {
  /** Storage to start on and to leave in place; default a temporary folder that `close` removes. */
  readonly storageDir?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  /** Package patterns, such as `@private/*`, that only signed-in users may read. */
  readonly privatePatterns?: readonly string[];
  /** As Verdaccio writes it, such as `20kb`; default `200mb`. */
  readonly maxBodySize?: string;
  /** A registry that is asked for what this one lacks; default none. */
  readonly uplink?: string;
  /** A lifetime of tokens as jsonwebtoken writes it; default `30d`. */
  readonly tokenExpiresIn?: string;
}

export interface VerdaccioUser {
  readonly name: string;
  readonly password: string;
  readonly token: string;
}

export interface Verdaccio {
  /** Without a slash at the end. */
  readonly url: string;
  readonly storageDir: string;
  /** Token of the user `slipway`, who exists from the start. */
  readonly token: string;
  /** A copy of what has arrived so far. */
  accessLog(): readonly AccessLogEntry[];
  /** Signs up, or signs in when the storage already has the user. */
  createUser(name: string): Promise<VerdaccioUser>;
  /** Text of an .npmrc: this registry, with `token`. */
  npmrc(): string;
  /** Ends every connection; removes the storage unless it was given. May be called twice. */
  close(): Promise<void>;
}

export interface VerdaccioProcess extends Verdaccio {
  readonly pid: number;
  /** Ends the process and waits until it is gone; the storage stays. Default SIGKILL. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

export function registryNpmrc(url: string, token: string | undefined): string {
  const lines = [`registry=${url}/`];
  if (token !== undefined) lines.push(`${url.replace(/^https?:/, "")}/:_authToken=${token}`);
  return `${lines.join("\n")}\n`;
}

function verdaccioConfig(options: VerdaccioOptions, storageDir: string): object {
  const publish = "$authenticated";
  const proxied = options.uplink === undefined ? {} : { proxy: "upstream" };
  const packages: Record<string, object> = {};
  for (const pattern of options.privatePatterns ?? [])
    packages[pattern] = { access: "$authenticated", publish, unpublish: publish };
  packages["@*/*"] = { access: "$all", publish, unpublish: publish, ...proxied };
  packages["**"] = { access: "$all", publish, unpublish: publish, ...proxied };
  const configPath = join(storageDir, "config.yaml");
  return {
    storage: storageDir,
    // Verdaccio asks for the path of its configuration, though the file need not exist.
    configPath,
    self_path: configPath,
    uplinks: options.uplink === undefined ? {} : { upstream: { url: options.uplink, cache: true } },
    packages,
    auth: { htpasswd: { file: join(storageDir, "htpasswd"), max_users: 1000, algorithm: "bcrypt", rounds: 4 } },
    // Legacy tokens run bcrypt on every request: 6 to 13 times slower (Verdaccio 6.10.4).
    security: { api: { legacy: false, jwt: { sign: { expiresIn: options.tokenExpiresIn ?? "30d" } } } },
    web: { enable: false },
    max_body_size: options.maxBodySize ?? "200mb",
    log: { type: "stdout", format: "json", level: "silent" },
  };
}

/**
 * Starts Verdaccio in this process and reports every arrival and answer. `verdaccio-process.ts` uses it too.
 * The server listens on 127.0.0.1.
 */
export async function serveVerdaccio(
  options: VerdaccioOptions,
  storageDir: string,
  record: (line: AccessLogLine) => void,
): Promise<{ readonly server: Server; readonly url: string }> {
  const server: Server = await runServer(verdaccioConfig(options, storageDir));
  recordAccess(server, record);
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("verdaccio listens on no TCP port");
  return { server, url: `http://127.0.0.1:${address.port}` };
}

async function signUp(url: string, name: string): Promise<VerdaccioUser> {
  const password = `password-of-${name}`;
  const path = `${url}/-/user/org.couchdb.user:${encodeURIComponent(name)}`;
  const body = { name, password };
  let response = await httpRequest(path, { method: "PUT", body });
  if (response.status === 409) {
    // The storage of an earlier Verdaccio knows the name: Verdaccio then wants the password as Basic credentials.
    const credentials = Buffer.from(`${name}:${password}`).toString("base64");
    response = await httpRequest(path, { method: "PUT", body, headers: { authorization: `Basic ${credentials}` } });
  }
  const json = response.json;
  if (response.status !== 201 || typeof json !== "object" || json === null || !("token" in json))
    throw new Error(`verdaccio did not sign up ${name}: ${response.status} ${response.text}`);
  if (typeof json.token !== "string") throw new Error(`verdaccio gave ${name} a token that is no string`);
  return { name, password, token: json.token };
}

async function makeStorage(options: VerdaccioOptions): Promise<string> {
  return options.storageDir ?? (await mkdtemp(join(tmpdir(), "slipway-verdaccio-")));
}

async function removeStorage(options: VerdaccioOptions, storageDir: string): Promise<void> {
  // Verdaccio may still be writing when its last connection has gone.
  if (options.storageDir === undefined) await rm(storageDir, { recursive: true, force: true, maxRetries: 5 });
}

/** Starts an embedded Verdaccio. It shares this process's event loop: benches and kill tests use `startVerdaccioProcess`. */
export async function startVerdaccio(options: VerdaccioOptions = {}): Promise<Verdaccio> {
  const storageDir = await makeStorage(options);
  const lines: AccessLogLine[] = [];
  const { server, url } = await serveVerdaccio(options, storageDir, (line) => lines.push(line));
  const { token } = await signUp(url, "slipway");
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
    await removeStorage(options, storageDir);
  }
  return {
    url,
    storageDir,
    token,
    accessLog: () => foldAccessLog(lines),
    createUser: (name) => signUp(url, name),
    npmrc: () => registryNpmrc(url, token),
    close: () => (closing ??= close()),
  };
}

function readLogFile(path: string): readonly AccessLogEntry[] {
  if (!existsSync(path)) return [];
  const lines: AccessLogLine[] = [];
  const text = readFileSync(path, "utf8");
  // What follows the last line break is half a line, of a process that was killed or is writing.
  for (const line of text.split("\n").slice(0, -1)) lines.push(JSON.parse(line));
  return foldAccessLog(lines);
}

/**
 * Starts Verdaccio in a process of its own, on its own CPU, that can be killed at any moment. Its access log may lack
 * the status of an answer that has only just been read: arrivals are always there.
 */
export async function startVerdaccioProcess(options: VerdaccioOptions = {}): Promise<VerdaccioProcess> {
  const storageDir = await makeStorage(options);
  const logDir = await mkdtemp(join(tmpdir(), "slipway-access-log-"));
  const logFile = join(logDir, "access.ndjson");
  const { url, pid, kill } = await startServerProcess("verdaccio-process.ts", { options, storageDir, logFile });
  const { token } = await signUp(url, "slipway");
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    await kill();
    await removeStorage(options, storageDir);
    await rm(logDir, { recursive: true, force: true });
  }
  return {
    url,
    storageDir,
    token,
    pid,
    accessLog: () => readLogFile(logFile),
    createUser: (name) => signUp(url, name),
    npmrc: () => registryNpmrc(url, token),
    kill,
    close: () => (closing ??= close()),
  };
}
