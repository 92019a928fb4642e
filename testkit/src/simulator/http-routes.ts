/** Which call means what. Reads are answered here; writes and npm's own services in their files. */
import { formatSpec } from "@slipway/core";
import { type ShowOptions, packumentJson, tarballFile, versionJson } from "./documents.ts";
import { attestationsOf, exchange, listStages, listTokens, readStage, reviewStage, versionStatus } from "./http-npm.ts";
import { type Call, type Reply, type Service, reply, replyOf } from "./http-service.ts";
import { changeTag, publish, removeTarball, unpublishAll, unpublishSome } from "./http-writes.ts";
import { type PackageState, isPackageShown } from "./package-history.ts";

type Handler = (service: Service, call: Call, ...captured: readonly string[]) => Reply;

interface Route {
  readonly methods: readonly string[];
  readonly pattern: RegExp;
  /** Only where the profile has npm's own services; elsewhere 404. */
  readonly isNpmOnly?: boolean;
  readonly handle: Handler;
}

const notFound = reply(404, { error: "Not found" });

/** Of a shared cache, so that clients can tell. `?write=true` goes past it. */
function cacheHeaders({ profile }: Service, isUncached: boolean): Readonly<Record<string, string>> {
  if (profile.plainCacheMs === 0 || isUncached) return {};
  return { "cf-cache-status": "HIT", age: "0", "cache-control": `public, max-age=${profile.plainCacheMs / 1000}` };
}

function isHidden({ accounts, restricted }: Service, call: Call, name: string): boolean {
  return restricted.has(name) && accounts.find(call.headers["authorization"]) === undefined;
}

function stateFor(service: Service, call: Call, name: string, facet: string): PackageState | undefined {
  const { world } = service;
  if (isHidden(service, call, name)) return undefined;
  return call.query.get("write") === "true" ? world.stateOf(name) : world.plainStateOf(name, facet);
}

/** Tarballs are announced where the client has asked, as Verdaccio does: it may be a proxy. */
function showFor({ show }: Service, call: Call): ShowOptions {
  const { host } = call.headers;
  return host === undefined ? show : { ...show, url: `http://${host}/` };
}

function readPackument(service: Service, call: Call, name: string): Reply {
  const isFull = !(call.headers["accept"] ?? "").includes("application/vnd.npm.install-v1+json");
  const state = stateFor(service, call, name, `${isFull ? "full" : "plain"} ${name}`);
  const headers = cacheHeaders(service, call.query.get("write") === "true");
  if (!isPackageShown(state)) return { ...replyOf(service.profile.answers.noSuchPackage), headers };
  return reply(200, packumentJson(showFor(service, call), name, state, isFull), headers);
}

function readVersion(service: Service, call: Call, name: string, asked: string): Reply {
  const state = stateFor(service, call, name, `version ${formatSpec(name, asked)}`);
  const headers = cacheHeaders(service, false);
  const version = state?.distTags.get(asked) ?? asked;
  const stored = state?.versions.get(version) ?? state?.documents.get(version);
  if (stored === undefined) return { ...replyOf(service.profile.answers.noSuchVersion(version)), headers };
  return reply(200, versionJson(showFor(service, call), name, stored), headers);
}

/** `package-1.0.0.tgz` without the package: whatever follows its name. */
function versionOfFile(name: string, file: string): string {
  const base = name.slice(name.indexOf("/") + 1);
  return file.startsWith(`${base}-`) ? file.slice(base.length + 1, -".tgz".length) : "";
}

function readTarball(service: Service, call: Call, name: string, file: string): Reply {
  const version = versionOfFile(name, file);
  const state = stateFor(service, call, name, `tarball ${formatSpec(name, version)}`);
  const bytes = state?.versions.get(version)?.bytes;
  if (bytes === undefined || file !== tarballFile(name, version)) return notFound;
  return reply(200, bytes, cacheHeaders(service, false));
}

function readTags(service: Service, call: Call, name: string): Reply {
  const state = stateFor(service, call, name, `tags ${name}`);
  return isPackageShown(state)
    ? reply(200, Object.fromEntries(state.distTags))
    : replyOf(service.profile.answers.noSuchPackage);
}

function whoami({ accounts, profile }: Service, call: Call): Reply {
  const token = accounts.find(call.headers["authorization"]);
  if (token !== undefined) return reply(200, { username: token.account });
  // Measured on Verdaccio 6.10.4: 200 without a name. npm answers 401.
  return profile.hasNpmServices ? reply(401, { error: "Unauthorized" }) : reply(200, {});
}

const pkg = String.raw`((?:@[^/]+/)?[^/@-][^/]*)`;
const route = (methods: string, pattern: string, handle: Handler, isNpmOnly = false): Route => ({
  methods: methods.split(" "),
  pattern: new RegExp(`^${pattern}$`),
  handle,
  isNpmOnly,
});

const routes: readonly Route[] = [
  route("GET", "/-/ping", () => reply(200, {})),
  route("GET", "/-/whoami", whoami),
  route("POST", "/-/npm/v1/security/(?:advisories/bulk|audits/quick)", () => reply(200, {})),
  route("GET", "/-/npm/v1/tokens", listTokens, true),
  route("GET", "/-/npm/v1/keys", ({ signing }) => reply(200, signing.keys), true),
  route(
    "GET",
    `/-/npm/v1/attestations/${pkg}@([^/@]+)`,
    (on, _call, name = "", version = "") => attestationsOf(on, name, version),
    true,
  ),
  route(
    "POST",
    `/-/npm/v1/oidc/token/exchange/package/${pkg}`,
    (on, call, name = "") => exchange(on, call, name),
    true,
  ),
  route("POST", `/-/stage/package/${pkg}`, (on, call, name = "") => publish(on, call, name, "stage"), true),
  route("GET", "/-/stage", listStages, true),
  route("GET", "/-/stage/([^/]+)", (on, call, id = "") => readStage(on, call, id, "item"), true),
  route("GET", "/-/stage/([^/]+)/tarball", (on, call, id = "") => readStage(on, call, id, "tarball"), true),
  route("POST", "/-/stage/([^/]+)/approve", (on, call, id = "") => reviewStage(on, call, id, "approve"), true),
  route("DELETE", "/-/stage/([^/]+)", (on, call, id = "") => reviewStage(on, call, id, "reject"), true),
  route(
    "GET",
    `/-/package/${pkg}/version/([^/]+)/status`,
    (on, call, name = "", version = "") => versionStatus(on, call, name, version),
    true,
  ),
  route(
    "GET",
    `/-/package/${pkg}/visibility`,
    (on, _call, name = "") =>
      isPackageShown(on.world.stateOf(name)) ? reply(200, { public: !on.restricted.has(name) }) : notFound,
    true,
  ),
  route("GET", `/-/package/${pkg}/dist-tags`, (on, call, name = "") => readTags(on, call, name)),
  route("PUT POST DELETE", `/-/package/${pkg}/dist-tags/([^/]+)`, (on, call, name = "", tag = "") =>
    changeTag(on, call, name, tag),
  ),
  route("GET", `/${pkg}/-/([^/]+\\.tgz)`, (on, call, name = "", file = "") => readTarball(on, call, name, file)),
  route("DELETE", `/${pkg}/-/([^/]+\\.tgz)/-rev/[^/]+`, (on, call, name = "", file = "") =>
    removeTarball(on, call, name, versionOfFile(name, file)),
  ),
  route("PUT", `/${pkg}/-rev/[^/]+`, (on, call, name = "") => unpublishSome(on, call, name)),
  route("DELETE", `/${pkg}/-rev/[^/]+`, (on, call, name = "") => unpublishAll(on, call, name)),
  route("GET", `/${pkg}`, (on, call, name = "") => readPackument(on, call, name)),
  route("PUT", `/${pkg}`, (on, call, name = "") => publish(on, call, name, "upload")),
  route("GET", `/${pkg}/([^/-][^/]*)`, (on, call, name = "", version = "") => readVersion(on, call, name, version)),
];

/** The answer to a call. Reads count against the rate of their account, writes where they are carried out. */
export function answer(service: Service, call: Call): Reply {
  const isRead = call.method === "GET" || call.method === "HEAD";
  const account = service.accounts.find(call.headers["authorization"])?.account ?? "anonymous";
  const tooMany = isRead ? service.world.throttleRead(account) : undefined;
  if (tooMany !== undefined) return replyOf(tooMany);
  for (const { methods, pattern, handle, isNpmOnly } of routes) {
    const match = methods.includes(call.method) ? pattern.exec(call.path) : null;
    if (match === null) continue;
    if (isNpmOnly === true && !service.profile.hasNpmServices) return notFound;
    return handle(service, call, ...match.slice(1));
  }
  return notFound;
}
