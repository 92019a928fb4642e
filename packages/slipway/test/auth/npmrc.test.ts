import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import npmFetch from "npm-registry-fetch";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ProblemsError } from "@slipway/core";
import { assertCredentials, findCredentials } from "../../src/auth/credentials.ts";
import { readNpmConfig } from "../../src/auth/npmrc.ts";
import type { NpmConfigOptions, NpmSettings } from "../../src/auth/npmrc.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-npmrc-"));
  await mkdir(join(root, "project", "packages", "a"), { recursive: true });
  await mkdir(join(root, "etc"));
  await writeFile(join(root, "project", "package.json"), JSON.stringify({ name: "root", workspaces: ["packages/*"] }));
  await writeFile(join(root, "project", "packages", "a", "package.json"), JSON.stringify({ name: "a" }));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

interface Files {
  readonly project?: string;
  readonly user?: string;
  readonly global?: string;
  readonly workspace?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly options?: Partial<NpmConfigOptions>;
}

async function read(files: Files): Promise<NpmSettings> {
  const write = async (path: string, text: string | undefined): Promise<void> => {
    if (text !== undefined) await writeFile(join(root, path), text);
  };
  await write("project/.npmrc", files.project);
  await write("project/packages/a/.npmrc", files.workspace);
  await write("userconfig", files.user);
  await write("etc/npmrc", files.global);
  return readNpmConfig({
    cwd: join(root, "project"),
    env: {
      HOME: root,
      npm_config_userconfig: join(root, "userconfig"),
      npm_config_globalconfig: join(root, "etc", "npmrc"),
      ...files.env,
    },
    ...files.options,
  });
}

function problemOf(action: () => unknown): ProblemsError["problems"][number] {
  try {
    action();
  } catch (error) {
    if (error instanceof ProblemsError && error.problems[0]) return error.problems[0];
    throw error;
  }
  throw new Error("nothing was thrown");
}

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString("base64")}`;

test.each<[string, Files, string]>([
  ["the project's .npmrc", { project: "registry=http://p.test/", user: "registry=http://u.test/" }, "http://p.test/"],
  ["the user's .npmrc", { user: "registry=http://u.test", global: "registry=http://g.test" }, "http://u.test/"],
  ["the global npmrc", { global: "registry=http://g.test/deep/path" }, "http://g.test/deep/path/"],
  [
    "npm_config_registry before any file",
    { project: "registry=http://p.test", env: { npm_config_registry: "http://e.test" } },
    "http://e.test/",
  ],
  [
    "NPM_CONFIG_REGISTRY in capitals",
    { project: "registry=http://p.test", env: { NPM_CONFIG_REGISTRY: "http://e.test" } },
    "http://e.test/",
  ],
  ["a variable in a file", { user: "registry=http://${HOST}/", env: { HOST: "v.test" } }, "http://v.test/"],
  [
    "--registry before the environment",
    { env: { npm_config_registry: "http://e.test" }, options: { cliRegistry: "http://cli.test" } },
    "http://cli.test/",
  ],
  [
    "the registry of the scope before --registry",
    { project: "@hai3:registry=http://scope.test/", options: { cliRegistry: "http://cli.test" } },
    "http://scope.test/",
  ],
  [
    "no project .npmrc when it is not to be read",
    { project: "registry=http://p.test", user: "registry=http://u.test", options: { useProject: false } },
    "http://u.test/",
  ],
])("the registry of a package comes from %s", async (_, files, expected) => {
  expect((await read(files)).registryFor("@hai3/state")).toBe(expected);
});

test("a workspace's package belongs to the .npmrc of the workspace's root, as with npm", async () => {
  const settings = await read({
    project: "registry=http://root.test",
    workspace: "registry=http://inside.test",
    options: { cwd: join(root, "project", "packages", "a") },
  });
  expect(settings.registryFor("a")).toBe("http://root.test/");
});

test("publishConfig stands below --registry and a scope, and above the default", async () => {
  const settings = await read({ user: "registry=http://u.test\n@own:registry=http://own.test" });
  expect(settings.registryFor("plain", "http://pc.test")).toBe("http://pc.test/");
  expect(settings.registryFor("@own/a", "http://pc.test")).toBe("http://own.test/");
  const cli = await read({ options: { cliRegistry: "http://cli.test" } });
  expect(cli.registryFor("plain", "http://pc.test")).toBe("http://cli.test/");
});

test.each<[string, string, Readonly<Record<string, string>>, string | undefined]>([
  ["a token", "//r.test/:_authToken=abc", {}, "Bearer abc"],
  ["a token in a variable", "//r.test/:_authToken=${TOKEN}", { TOKEN: "from-env" }, "Bearer from-env"],
  ["_auth", `//r.test/:_auth=${btoa("me:pw")}`, {}, basic("me:pw")],
  ["user name and password", `//r.test/:username=me\n//r.test/:_password=${btoa("p:w")}`, {}, basic("me:p:w")],
  ["a token before _auth", `//r.test/:_auth=${btoa("a:b")}\n//r.test/:_authToken=abc`, {}, "Bearer abc"],
  ["a key without a slash at its end", "//r.test:_authToken=abc", {}, "Bearer abc"],
  ["the environment", "", { "npm_config_//r.test/:_authToken": "envtoken" }, "Bearer envtoken"],
  ["nothing, for a user name alone", "//r.test/:username=me", {}, undefined],
  ["nothing, for another host", "//other.test/:_authToken=abc", {}, undefined],
  ["nothing, for another port", "//r.test:8080/:_authToken=abc", {}, undefined],
  ["nothing, for a token bound to no registry", "_authToken=abc", {}, undefined],
])("credentials come from %s", async (_, user, env, expected) => {
  expect((await read({ user, env })).credentialsFor("https://r.test/").authorization).toBe(expected);
});

test("credentials of the nearest folder count, and those above it cover what lies below", async () => {
  const settings = await read({
    user: "//r.test/:_authToken=host\n//r.test/npm/team/:_authToken=team\n//r.test/npm-other/:_authToken=other",
  });
  const token = (url: string): string | undefined => settings.credentialsFor(url).authorization;
  expect(token("https://r.test/npm/team/")).toBe("Bearer team");
  expect(token("https://r.test/npm/")).toBe("Bearer host");
  expect(token("https://r.test/npm/team/deeper/")).toBe("Bearer team");
  expect(token("https://r.test/")).toBe("Bearer host");
});

test("credentials are those that npm-registry-fetch would send, for any bound keys", () => {
  const folder = fc.constantFrom("//r.test", "//r.test/", "//r.test/a", "//r.test/a/", "//r.test/a/b/", "//r.test:81/");
  const part = fc.constantFrom("_authToken", "_auth", "username", "_password");
  const entries = fc.array(fc.tuple(folder, part, fc.constantFrom(btoa("u:p"), btoa("other"))), { maxLength: 6 });
  const url = fc.constantFrom("https://r.test/", "http://r.test/a/", "https://r.test/a/b/", "https://r.test:81/a/");
  fc.assert(
    fc.property(entries, url, (list, registry) => {
      const flat = Object.fromEntries(list.map(([key, name, value]) => [`${key}:${name}`, value]));
      const theirs = npmFetch.getAuth(registry, { ...flat, registry });
      const expected = theirs.token ? `Bearer ${theirs.token}` : theirs.auth ? `Basic ${theirs.auth}` : undefined;
      const ours = findCredentials(registry, { get: (key) => flat[key], written: () => undefined });
      expect(ours.authorization).toBe(expected);
    }),
  );
});

test("a variable that is unset or empty is named when credentials are needed, and no value is", async () => {
  const user = "//r.test/:_authToken=${SLIP_TEST_TOKEN}";
  for (const env of [{}, { SLIP_TEST_TOKEN: "" }]) {
    const settings = await read({ user, env });
    const credentials = settings.credentialsFor("https://r.test/");
    expect(credentials.authorization).toBeUndefined();
    const problem = problemOf(() => assertCredentials("https://r.test/", credentials));
    expect(problem.code).toBe("SLIP_CREDENTIALS_MISSING");
    expect(problem.message).toContain("SLIP_TEST_TOKEN");
    expect(problem.message).toContain(join(root, "userconfig"));
    expect(problem.hint).toBe("export SLIP_TEST_TOKEN");
  }
  const set = await read({ user, env: { SLIP_TEST_TOKEN: "given" } });
  assertCredentials("https://r.test/", set.credentialsFor("https://r.test/"));
});

test("without any credentials the problem says how to write them for this registry", async () => {
  const credentials = (await read({})).credentialsFor("https://r.test/npm/");
  const problem = problemOf(() => assertCredentials("https://r.test/npm/", credentials));
  expect(problem).toMatchObject({ code: "SLIP_CREDENTIALS_MISSING", url: "https://r.test/npm/" });
  expect(problem.hint).toContain("//r.test/npm/:_authToken=");
});

test.each([
  ["not a URL", "nonsense", "nonsense"],
  ["another protocol", "ftp://r.test/", "ftp://r.test/"],
  ["an unset variable", "https://${SLIP_TEST_HOST}/", "SLIP_TEST_HOST"],
  ["credentials in the URL", "https://me:hunter22@r.test/", "user name or a password"],
  ["a query", "https://r.test/?a=b", "query"],
])("a registry that is %s is refused with its place", async (_, text, expected) => {
  const settings = await read({ user: `registry=${text}` });
  const problem = problemOf(() => settings.registryFor("a"));
  expect(problem.code).toBe("SLIP_REGISTRY_INVALID");
  expect(problem.message).toContain(expected);
  expect(JSON.stringify(problem)).not.toContain("hunter22");
});

test("certificates, proxies and the local address are read for the connection", async () => {
  await writeFile(join(root, "ca.pem"), "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n");
  await writeFile(join(root, "cert.pem"), "CERT");
  await writeFile(join(root, "key.pem"), "KEY");
  const settings = await read({
    user: [
      `cafile=${join(root, "ca.pem")}`,
      "strict-ssl=false",
      "https-proxy=http://me:proxypw@proxy.test:8080",
      "noproxy=a.test,b.test",
      "local-address=127.0.0.1",
      `//r.test/:certfile=${join(root, "cert.pem")}`,
      `//r.test/:keyfile=${join(root, "key.pem")}`,
    ].join("\n"),
  });
  assertCredentials("https://r.test/", settings.credentialsFor("https://r.test/"));
  const connection = await settings.connectionFor("https://r.test/");
  expect(connection).toMatchObject({
    strictSsl: false,
    cert: "CERT",
    key: "KEY",
    localAddress: "127.0.0.1",
    httpsProxy: "http://me:proxypw@proxy.test:8080",
    httpProxy: "http://me:proxypw@proxy.test:8080",
    noProxy: ["a.test", "b.test"],
  });
  expect(connection.ca?.[0]).toContain("BEGIN CERTIFICATE");
  expect(settings.secrets).toContain("proxypw");
  expect(await settings.connectionFor("https://other.test/")).not.toHaveProperty("cert");
});

test("a client certificate that cannot be read is a problem that names the file", async () => {
  const settings = await read({ user: "//r.test/:certfile=/nowhere/cert.pem\n//r.test/:keyfile=/nowhere/key.pem" });
  await expect(settings.connectionFor("https://r.test/")).rejects.toThrow("/nowhere/cert.pem");
});

test.each<[Readonly<Record<string, string>>, string | undefined, string | undefined]>([
  [{}, undefined, undefined],
  [{ HTTPS_PROXY: "http://s.test" }, "http://s.test", "http://s.test"],
  [{ http_proxy: "http://p.test" }, undefined, "http://p.test"],
  [{ https_proxy: "http://s.test", HTTP_PROXY: "http://p.test" }, "http://s.test", "http://s.test"],
  [{ npm_config_proxy: "http://c.test/", HTTPS_PROXY: "http://s.test" }, "http://c.test/", "http://c.test/"],
])("proxies come from npm's configuration, then from the environment: %o", async (env, https, http) => {
  const connection = await (await read({ env })).connectionFor("https://r.test/");
  expect(connection.httpsProxy).toBe(https);
  expect(connection.httpProxy).toBe(http);
});

test("every secret of the configuration is known for redaction, and the environment is left as it was", async () => {
  const env: Record<string, string> = { TOKEN: "token-in-variable" };
  const settings = await read({
    env,
    user: [
      "//a.test/:_authToken=${TOKEN}",
      "//b.test/:username=me",
      `//b.test/:_password=${btoa("plain-password")}`,
      `//c.test/:_auth=${btoa("you:second-password")}`,
    ].join("\n"),
  });
  expect(settings.secrets).toEqual(
    expect.arrayContaining(["token-in-variable", "plain-password", btoa("you:second-password"), "second-password"]),
  );
  expect(env).toEqual({ TOKEN: "token-in-variable" });
});

test("the variables that secrets are written with are known by name, and others are not", async () => {
  const settings = await read({
    user: [
      "//a.example/:_authToken=${RELEASE_KEY}",
      "//b.example/:username=${BUILD_USER}",
      "//b.example/:_password=${BUILD_PASSWORD?}",
      "cache=${CACHE_FOLDER}",
    ].join("\n"),
    env: { RELEASE_KEY: "a-key", BUILD_USER: "u", CACHE_FOLDER: join(root, "cache") },
  });
  expect(settings.secretVariables.toSorted()).toEqual(["BUILD_PASSWORD", "RELEASE_KEY"]);
});

test("replace-registry-host is passed on as npm reads it", async () => {
  expect((await read({})).hostReplacement.rule).toBe("npmjs");
  expect((await read({ user: "replace-registry-host=never" })).hostReplacement.rule).toBe("never");
});
