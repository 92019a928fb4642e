/**
 * No secret comes out: every command, against a registry that echoes whatever it was sent in every form, in every kind of
 * refusal, with scripts and manifests that print what they can find. Output, release folder and the command lines of child processes
 * are searched.
 */
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWorkspace, runSlipway, startVerdaccio, type TestWorkspace, type Verdaccio } from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

let verdaccio: Verdaccio;
beforeAll(async () => {
  verdaccio = await startVerdaccio();
});
afterAll(async () => {
  await verdaccio.close();
});

const password = "canary-p@ss/word+1";
const otp = "60417283";

function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const base64 = bytes.toString("base64");
  return [
    ...new Set([
      secret,
      base64,
      base64.replace(/=+$/, ""),
      bytes.toString("base64url"),
      bytes.toString("hex"),
      encodeURIComponent(secret),
      encodeURIComponent(base64),
    ]),
  ];
}

interface Echo {
  readonly url: string;
  close(): Promise<void>;
}

interface EchoOptions {
  readonly status: number;
  /** Requests that are refused; the others reach the real registry. */
  readonly refuses: (incoming: IncomingMessage) => boolean;
}

/** Everything that came in, in every form, as body, reason and headers. */
function refuse(incoming: IncomingMessage, response: ServerResponse, status: number): void {
  const sent = [incoming.headers.authorization ?? "", String(incoming.headers["npm-otp"] ?? "")];
  const values = sent.flatMap((header) => [header, header.replace(/^\w+ /, "")]).filter((value) => value.length > 3);
  const basic = sent.flatMap((header) =>
    header.startsWith("Basic ") ? [Buffer.from(header.slice(6), "base64").toString()] : [],
  );
  const all = [...values, ...basic, ...basic.map((pair) => pair.slice(pair.indexOf(":") + 1))].flatMap(formsOf);
  incoming.resume();
  response.writeHead(status, {
    "content-type": "application/json",
    "npm-notice": encodeURIComponent(all.join(" ")),
    "retry-after": "1",
  });
  response.end(
    JSON.stringify({
      error: `refused: ${all.join(" | ")}`,
      message: all,
      reason: Object.fromEntries(all.map((text) => [text, text])),
    }),
  );
}

async function startEcho({ status, refuses }: EchoOptions): Promise<Echo> {
  const server = createServer((incoming, response) => {
    if (refuses(incoming)) return refuse(incoming, response, status);
    const headers = {
      ...incoming.headers,
      ...(incoming.headers.authorization ? { authorization: `Bearer ${verdaccio.token}` } : {}),
    };
    const outgoing = request(
      new URL(incoming.url ?? "/", verdaccio.url),
      { method: incoming.method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    outgoing.on("error", () => response.destroy());
    incoming.pipe(outgoing);
    return undefined;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

let scopes = 0;

/** Its scripts print their environment, their .npmrc files and the command lines of every process that can be seen. */
async function nosyWorkspace(): Promise<TestWorkspace> {
  scopes += 1;
  const nosy = `const fs = require("node:fs");
console.log(process.env);
for (const file of [process.env.npm_config_userconfig, ".npmrc", "../../.npmrc"])
  if (file && fs.existsSync(file)) console.log(fs.readFileSync(file, "utf8"));
if (fs.existsSync("/proc"))
  for (const pid of fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name)))
    try { console.log(fs.readFileSync("/proc/" + pid + "/cmdline", "utf8").replaceAll("\\0", " ").slice(0, 2000)); } catch {}
`;
  return createWorkspace({
    packages: ["a", "b"].map((letter) => ({
      name: `@canary${scopes}/${letter}`,
      manifest: { publishConfig: { access: "public" } },
      scripts: { prepack: "node nosy.cjs" },
      files: { "nosy.cjs": nosy, "index.js": "" },
    })),
  });
}

async function textOfFolder(dir: string): Promise<string> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  return (await Promise.all(files.map((entry) => readFile(join(entry.parentPath, entry.name), "latin1")))).join("\n");
}

/** The forms of the secrets that were printed, or stand in a file of the folder. */
async function formsSeen(said: readonly string[], dir: string, secrets: readonly string[]): Promise<readonly string[]> {
  const text = [...said, await textOfFolder(dir)].join("\n");
  return secrets.flatMap(formsOf).filter((form) => text.includes(form));
}

const isWrite = ({ method }: IncomingMessage): boolean => method !== "GET";
const isRead = ({ method }: IncomingMessage): boolean => method === "GET";

interface Kind {
  readonly what: string;
  /** Lines of an .npmrc for the registry at `host`. */
  readonly npmrc: (host: string) => string;
  readonly secrets: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const token = "npm_CanaryTokenValue0123456789abcdefghij";
const kinds: readonly Kind[] = [
  { what: "a token", npmrc: (host) => `//${host}/:_authToken=${token}`, secrets: [token] },
  {
    what: "a token in a variable",
    npmrc: (host) => `//${host}/:_authToken=\${DEPLOY_KEY}`,
    secrets: ["canary in a variable/with+signs"],
    env: { DEPLOY_KEY: "canary in a variable/with+signs" },
  },
  {
    what: "a user and a password",
    npmrc: (host) => `//${host}/:username=somebody\n//${host}/:_password=${Buffer.from(password).toString("base64")}`,
    secrets: [password, `somebody:${password}`],
  },
];

const hostToken = "ghs_CanaryHostToken0123456789abcdefghij";

type Run = (args: readonly string[], env?: Readonly<Record<string, string>>) => ReturnType<typeof runSlipway>;

/** The verbs that ask the host of the repository, which echoes their token as the registry does its own; and the one that asks nobody. */
async function askHost(workspace: TestWorkspace, echo: Echo, run: Run): Promise<readonly string[]> {
  const eventPath = join(workspace.root, ".git", "event.json");
  await writeFile(eventPath, JSON.stringify({ pull_request: { number: 7 } }));
  await workspace.git("remote", "add", "origin", `${echo.url}/acme/shop.git`);
  const env = {
    GITHUB_ACTIONS: "true",
    GITHUB_EVENT_NAME: "pull_request",
    GITHUB_EVENT_PATH: eventPath,
    GITHUB_REPOSITORY: "acme/shop",
    GITHUB_SERVER_URL: echo.url,
    GITHUB_API_URL: echo.url,
    GITHUB_TOKEN: hostToken,
  };
  const said: string[] = [];
  for (const args of [
    ["tag", "--releases", "github"],
    ["plan", "--comment"],
    ["init", "--dry-run"],
  ]) {
    const { stdout, stderr } = await run(args, env);
    said.push(stdout, stderr);
  }
  return said;
}

const refusals = [
  { what: "every write refused", refuses: isWrite },
  { what: "every read refused", refuses: isRead },
] as const;

const statuses = [401, 403, 409, 422, 429, 500] as const;

const cases = kinds.flatMap((kind) =>
  refusals.flatMap((refusal) =>
    // Every status with a token; the other kinds share the code that redacts.
    (kind === kinds[0] ? statuses : ([401, 500] as const)).map((status) => ({ kind, refusal, status })),
  ),
);

const limits = {
  limits: {
    settleMs: 50,
    resendDelaysMs: [50],
    pollFirstMs: 20,
    pollMaxMs: 50,
    planReadAttempts: 1,
    rateLimitPauseMs: 50,
    lostMs: 200,
  },
  wait: "2s",
  waitTotal: "4s",
};

test.each(cases)(
  "$kind.what, $refusal.what with $status: nothing of it is seen",
  { timeout: 120_000 },
  async ({ kind, refusal, status }) => {
    const workspace = await nosyWorkspace();
    await workspace.write("slipway.config.json", JSON.stringify(limits));
    const echo = await startEcho({ status, refuses: refusal.refuses });
    const host = new URL(echo.url).host;
    const run: Run = (args, env = {}) =>
      runSlipway(args, {
        cwd: workspace.root,
        npmrc: `registry=${echo.url}/\n${kind.npmrc(host)}\n`,
        env: { ...kind.env, ...env, NPM_CONFIG_OTP: otp },
      });
    try {
      // A release that got as far as its uploads leaves a journal; `--json=events` prints what goes into it.
      const verbs =
        refusal.refuses === isWrite
          ? [["publish", "--json=events"], ["pack"], ["doctor"]]
          : [["plan"], ["status", "--json"], ["verify"], ["doctor", "--json"]];
      const said: string[] = [];
      for (const args of verbs) {
        const { stdout, stderr } = await run(args);
        said.push(stdout, stderr);
      }
      said.push(...(await askHost(workspace, echo, run)));
      const folder = join(workspace.root, ".slipway");
      expect([...said, await textOfFolder(folder)].join("\n")).toMatch(
        refusal.refuses === isWrite ? /"write-ended"/ : /answered|not visible|refused/,
      );
      expect(await formsSeen(said, folder, [...kind.secrets, otp, hostToken])).toEqual([]);
    } finally {
      await echo.close();
      await workspace.dispose();
    }
  },
);

function journalLine(message: string): string {
  return `${JSON.stringify({ type: "write-ended", at: 1, message })}\n`;
}

test.each(formsOf(password))("planted bug of I11: %s is caught in the output and in a journal", async (form) => {
  const dir = await mkdtemp(join(tmpdir(), "slipway-canary-"));
  await writeFile(join(dir, "journal.ndjson"), journalLine("refused: ***"));
  expect(await formsSeen(["refused: ***"], dir, [password])).toEqual([]);
  expect(await formsSeen([`refused: ${form}`], dir, [password])).toContain(form);
  await writeFile(join(dir, "journal.ndjson"), journalLine(`refused: ${form}`));
  expect(await formsSeen([], dir, [password])).toContain(form);
  await rm(dir, { recursive: true });
});
