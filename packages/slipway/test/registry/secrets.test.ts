import { afterEach, expect, test } from "vitest";
import { startVerdaccio } from "@slipway/testkit";
import type { ClosableRegistry } from "../../src/registry/registry.ts";
import { makeTarball, uploadOf } from "./fixture-tarball.ts";
import { openRegistry } from "./open-registry.ts";
import { startHttp, startRaw } from "./test-servers.ts";
import type { TestServer } from "./test-servers.ts";

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const item of open.splice(0).toReversed()) await item.close();
});

function track<T extends { close(): unknown }>(item: T): T {
  open.push(item);
  return item;
}

const token = 'npm_s3cret"Token/with+signs0123456789';
const manifest = { name: "a", version: "1.0.0", dist: { tarball: "http://127.0.0.1/a.tgz" } };
const upload = uploadOf(manifest, makeTarball(manifest));

/** Every form in which the token could come back. */
const forms = [
  token,
  Buffer.from(token).toString("base64"),
  Buffer.from(token).toString("base64url"),
  Buffer.from(token).toString("hex"),
  encodeURIComponent(token),
  JSON.stringify(token).slice(1, -1),
];

async function everyAnswer(registry: ClosableRegistry): Promise<readonly unknown[]> {
  return [
    await registry.readPackument("a", "fresh"),
    await registry.readPackument("a", "plain"),
    await registry.readPackument("a", "full"),
    await registry.readVersion("a", "1.0.0"),
    await registry.readTarball("a", "1.0.0", undefined, false),
    await registry.upload(upload),
    await registry.setDistTag("a", "next", "1.0.0"),
    await registry.removeDistTag("a", "next"),
    await registry.deprecate("a", "1.0.0", "old"),
    await registry.removeTarball("a", "1.0.0"),
  ];
}

/** JSON of everything, maps included. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (item instanceof Map ? [...item] : item));
}

/** The forms of the token that can be found in what came back. */
function formsIn(values: readonly unknown[]): readonly string[] {
  const text = textOf(values);
  return forms.filter((form) => text.includes(form) || text.includes(JSON.stringify(form).slice(1, -1)));
}

function expectNoSecret(values: readonly unknown[]): void {
  expect(values).toHaveLength(10);
  expect(formsIn(values)).toEqual([]);
}

const echoes: readonly (readonly [string, () => Promise<TestServer>])[] = [
  [
    "a packument that repeats it",
    () =>
      startHttp((_, response) =>
        response.end(
          JSON.stringify({
            name: "a",
            version: "1.0.0",
            "dist-tags": { [token]: "1.0.0" },
            versions: { "1.0.0": { ...manifest, description: forms.join(" "), [token]: forms } },
          }),
        ),
      ),
  ],
  [
    "an error page and headers that repeat it",
    () =>
      startHttp((request, response) =>
        response
          .writeHead(500, { "npm-notice": forms.join(" "), "x-debug": request.headers.authorization ?? "" })
          .end(`<pre>${request.headers.authorization} ${forms.join(" ")}</pre>`),
      ),
  ],
  [
    "a JSON error that repeats it",
    () =>
      startHttp((request, response) =>
        response.writeHead(403).end(JSON.stringify({ error: `bad ${request.headers.authorization}`, forms })),
      ),
  ],
  [
    "a redirect that repeats it",
    () => startHttp((_, response) => response.writeHead(302, { location: `ftp://${forms[4]}@x/${forms[4]}` }).end()),
  ],
  [
    "an unknown encoding that repeats it",
    () => startHttp((_, response) => response.writeHead(200, { "content-encoding": forms[1] ?? "" }).end("x")),
  ],
  ["an answer that is not HTTP", () => startRaw((socket) => socket.end(`${forms.join(" ")}\r\n\r\n`))],
];

test.each(echoes)("no reading or answer holds the token after %s", async (_, start) => {
  const server = track(await start());
  expectNoSecret(await everyAnswer(track(openRegistry(server.url, token))));
});

test.each(forms)("planted bug of I11: an answer whose message holds the token as %s is caught", async (form) => {
  const server = track(await startHttp((_, response) => response.writeHead(403).end("{}")));
  const registry = track(openRegistry(server.url, token));
  const telling: ClosableRegistry = {
    ...registry,
    upload: async (request) => ({ ...(await registry.upload(request)), message: `refused: Bearer ${form}` }),
  };
  expect(formsIn(await everyAnswer(registry))).toEqual([]);
  expect(formsIn(await everyAnswer(telling))).toContain(form);
});

test("what repeats the token does come through, with the token taken out of it", async () => {
  for (const [, start] of echoes.slice(0, 3)) {
    const server = track(await start());
    const strangers = textOf(await everyAnswer(track(openRegistry(server.url, "another-token-of-test"))));
    const ours = textOf(await everyAnswer(track(openRegistry(server.url, token))));
    // Without knowing the secret some of its forms pass, so it is the knowledge that takes them out.
    expect(forms.some((form) => strangers.includes(form))).toBe(true);
    expect(ours).toContain("***");
  }
});

test("the password of a Basic header stays out of answers as well", async () => {
  const pair = Buffer.from("me:pass-word-of-test").toString("base64");
  const server = track(
    await startHttp((request, response) =>
      response.writeHead(401).end(`me / pass-word-of-test / ${request.headers.authorization}`),
    ),
  );
  const registry = track(openRegistry(server.url, undefined, { credentials: () => `Basic ${pair}` }));
  const answer = textOf(await registry.upload(upload));
  expect(answer).not.toContain("pass-word-of-test");
  expect(answer).not.toContain(pair);
});

test("a dependency's address that looks like a credential is left as it is, because documents are compared", async () => {
  const dependency = "git+https://user:pass@git.test/a.git";
  const document = { name: "a", versions: { "1.0.0": { ...manifest, dependencies: { b: dependency } } } };
  const server = track(await startHttp((_, response) => response.end(JSON.stringify(document))));
  const reading = await track(openRegistry(server.url, token)).readPackument("a", "full");
  expect(textOf(reading)).toContain(dependency);
});

test("a real registry's answers do not hold the token either", async () => {
  const verdaccio = track(await startVerdaccio());
  const registry = track(openRegistry(verdaccio.url, verdaccio.token));
  const answers = textOf(await everyAnswer(registry));
  expect(answers).toContain('"status":201');
  expect(answers).not.toContain(verdaccio.token);
});
