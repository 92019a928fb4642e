/**
 * A registry that dies or runs out of space while it stores an upload, and what that leaves behind: versions that are present and never
 * shown. Slipway removes what its own upload left stuck, leaves alone what somebody else's did, and says so.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import {
  createWorkspace,
  type FaultProxy,
  httpRequest,
  type PackageSpec,
  type ProcessResult,
  runSlipway,
  startFaultProxy,
  startVerdaccioProcess,
  type TestWorkspace,
  type VerdaccioProcess,
} from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { publishDocument } from "../../testkit/test/publish-document.ts";
import { packedIntegrities, pathOf, servedIntegrity, tarballFile } from "./registry-truth.ts";

/** Short waits: what is tested is what happens, not how long somebody waits for it. */
const limits = {
  settleMs: 200,
  pollFirstMs: 20,
  pollMaxMs: 200,
  resendDelaysMs: [50, 100, 200],
  lostMs: 400,
  wedgeMs: 1000,
};

let verdaccio: VerdaccioProcess;

beforeAll(async () => {
  verdaccio = await startVerdaccioProcess();
});

afterAll(async () => {
  await verdaccio.close();
});

/** On the same storage and port, as an operator would. */
async function restart(): Promise<void> {
  const { storageDir, url } = verdaccio;
  await verdaccio.kill();
  // What a dead process has locked stays locked for 113 s, and an upload of that package waits for so long.
  for (const path of await readdir(storageDir, { recursive: true }))
    if (path.endsWith("package.json.lock")) await rm(join(storageDir, path));
  verdaccio = await startVerdaccioProcess({ storageDir, port: Number(new URL(url).port) });
}

async function workspaceOf(packages: readonly PackageSpec[]): Promise<TestWorkspace> {
  return createWorkspace({ packages, root: { slipway: { limits, wait: "20s" } } });
}

function publish(workspace: TestWorkspace, registry: string, args: readonly string[] = []): Promise<ProcessResult> {
  return runSlipway(["publish", ...args], { cwd: workspace.root, registry, token: verdaccio.token });
}

async function expectRightBytes(workspace: TestWorkspace, names: readonly string[]): Promise<void> {
  const packed = await packedIntegrities(workspace);
  for (const name of names) {
    const wanted = packed.get(tarballFile(name, "1.0.0"));
    expect(wanted, name).toMatch(/^sha512-/);
    expect(await servedIntegrity(verdaccio, name, "1.0.0"), name).toBe(wanted);
  }
}

type Line = { readonly type: string; readonly write?: string; readonly step?: string; readonly mayRepair?: boolean };

async function journalOf(workspace: TestWorkspace): Promise<readonly Line[]> {
  const home = join(workspace.root, ".slipway");
  const [id = ""] = await readdir(home);
  const text = await readFile(join(home, id, "journal.ndjson"), "utf8");
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

/** A relay in front of the registry that calls `onHalf` once, when half of an upload of that size has passed, and passes nothing on after. */
async function startRelay(path: string, halfBytes: number, onHalf: () => Promise<void>): Promise<Relay> {
  let isStruck = false;
  const server = createServer((client) => {
    const upstream = connect(Number(new URL(verdaccio.url).port), "127.0.0.1");
    let uploaded: number | undefined;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on("error", end).on("close", end);
    upstream.pipe(client);
    client.on("data", (chunk: Buffer) => {
      if (uploaded === undefined && chunk.toString("latin1").startsWith(`PUT ${path} `)) uploaded = 0;
      if (uploaded !== undefined) uploaded += chunk.length;
      if (isStruck || uploaded === undefined || uploaded < halfBytes) return void upstream.write(chunk);
      isStruck = true;
      upstream.write(chunk.subarray(0, chunk.length - (uploaded - halfBytes)), () => void onHalf());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the relay listens on no TCP port");
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() };
}

interface Relay {
  readonly url: string;
  readonly close: () => void;
}

/** Three in a chain; the one in the middle is large, so that storing it takes a while. */
function chainOf(scope: string): readonly PackageSpec[] {
  return [
    { name: `@${scope}/a` },
    { name: `@${scope}/b`, dependencies: [`@${scope}/a`], files: { "data.bin": noise(sizeBytes) } },
    { name: `@${scope}/c`, dependencies: [`@${scope}/b`] },
  ];
}

const sizeBytes = 600_000;

/** Bytes that gzip cannot shorten, the same every time. */
function noise(size: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(size / 64) }, (_, index) =>
    createHash("sha512").update(String(index)).digest(),
  );
  return Buffer.concat(blocks).subarray(0, size);
}

const namesOf = (scope: string): readonly string[] => ["a", "b", "c"].map((letter) => `@${scope}/${letter}`);

test("a registry killed after half an upload's body is restarted, and the release goes on", async () => {
  const scope = "half";
  const workspace = await workspaceOf(chainOf(scope));
  let deaths = 0;
  const relay = await startRelay(`/@${scope}%2fb`, sizeBytes / 2, async () => {
    deaths += 1;
    await restart();
  });
  try {
    const { code, stderr } = await publish(workspace, relay.url);
    expect(code, stderr).toBe(0);
    expect(deaths).toBe(1);
    expect(stderr).toContain("the same bytes again");
    await expectRightBytes(workspace, namesOf(scope));
  } finally {
    relay.close();
    await workspace.dispose();
  }
}, 60_000);

/**
 * Somebody else's upload, without slipway. A name that the registry knows is not written to its list of names again: killed in that,
 * Verdaccio 6.10.4 loses the list and the secret of its tokens, which no client can mend.
 */
async function putRaw(name: string, version: string, claims: object = {}): Promise<number> {
  const headers = { authorization: `Bearer ${verdaccio.token}` };
  const body = publishDocument(verdaccio.url, name, version, claims);
  const url = `${verdaccio.url}/${encodeURIComponent(name)}`;
  return (await httpRequest(url, { method: "PUT", headers, body })).status;
}

/** What the registry's storage holds of `b` once it is dead. */
async function storedOf(name: string): Promise<"nothing" | "unlisted" | "listed" | "version"> {
  const dir = join(verdaccio.storageDir, name);
  if (!existsSync(join(dir, "b-1.0.0.tgz"))) return "nothing";
  const { _attachments, versions } = JSON.parse(await readFile(join(dir, "package.json"), "utf8")) as Document;
  if (versions["1.0.0"] !== undefined) return "version";
  return _attachments["b-1.0.0.tgz"] === undefined ? "unlisted" : "listed";
}

interface Document {
  readonly _attachments: Readonly<Record<string, object>>;
  readonly versions: Readonly<Record<string, object>>;
}

/** Until the file is there and says so. Without a pause between two looks: what follows is over within a few milliseconds. */
async function waitForFile(path: string, text: string): Promise<void> {
  const until = Date.now() + 5000;
  while (!(existsSync(path) && readFileSync(path, "latin1").includes(text)) && Date.now() < until) await nextTurn();
}

const moments: readonly { readonly when: string; readonly wait: (dir: string) => Promise<unknown> }[] = [
  { when: "as the whole body has arrived", wait: () => Promise.resolve() },
  { when: "3 ms later", wait: () => sleep(3) },
  { when: "9 ms later", wait: () => sleep(9) },
  { when: "when the tarball is stored", wait: (dir) => waitForFile(join(dir, "b-1.0.0.tgz"), "") },
  { when: "when the tarball is listed", wait: (dir) => waitForFile(join(dir, "package.json"), '"b-1.0.0.tgz"') },
];

/** What follows the first upload, by what the dead registry had stored of it. */
const writesAfter: Readonly<Record<Awaited<ReturnType<typeof storedOf>>, readonly string[]>> = {
  nothing: ["PUT 201"],
  unlisted: ["PUT 409", "DELETE 404"],
  listed: ["PUT 409", "DELETE 201", "PUT 201"],
  version: [],
};

test.each(moments.map((death, index) => ({ ...death, scope: `dead-${index}` })))(
  "a registry killed $when is restarted, and each version is accepted once or repaired",
  async ({ wait, scope }) => {
    const b = `@${scope}/b`;
    await putRaw(b, "0.9.0");
    const workspace = await workspaceOf(chainOf(scope));
    const proxy = await startFaultProxy({ target: verdaccio.url });
    let stored: ReturnType<typeof storedOf> | undefined;
    const die = async (): ReturnType<typeof storedOf> => {
      await wait(join(verdaccio.storageDir, b));
      await verdaccio.kill();
      const found = await storedOf(b);
      await restart();
      return found;
    };
    proxy.setHooks({
      onPutBodyComplete: (entry) => {
        if (pathOf(entry) === `/${b}`) stored ??= die();
      },
    });
    try {
      const first = await publish(workspace, proxy.url);
      const found = await stored;
      const said = first.stderr + first.stdout;
      const [, ...rest] = writesOf(proxy, b);
      expect(rest, said).toEqual(writesAfter[found ?? "nothing"]);
      if (found === "listed") await expectRepairSaid(workspace, first);
      if (found === "unlisted") await mendByHand(workspace, proxy, first, b);
      else expect(first.code, said).toBe(0);
      await expectRightBytes(workspace, namesOf(scope));
    } finally {
      await proxy.close();
      await workspace.dispose();
    }
  },
  60_000,
);

/** Said before it is done in the journal, while it is done on the terminal, and at the end in the report. */
async function expectRepairSaid(workspace: TestWorkspace, result: ProcessResult): Promise<void> {
  const lines = await journalOf(workspace);
  const repairs = lines.filter(({ write }) => write === "repair").map(({ type }) => type);
  expect(repairs).toEqual(["write-started", "write-ended"]);
  expect(result.stderr).toContain("Repairing");
  expect(result.stdout).toContain("its tarball was removed and sent again");
}

/** Lets the registry write no file beyond this size, as a full disk does: with EFBIG in place of ENOSPC. */
function limitFiles(size: number): void {
  execFileSync("prlimit", [`--pid=${verdaccio.pid}`, `--fsize=${size}:`]);
}

interface Shortage {
  readonly what: string;
  /** An earlier version whose entry alone is larger than the limit. */
  readonly hasLargeDocument?: true;
  readonly b: Partial<PackageSpec>;
  readonly left: Awaited<ReturnType<typeof storedOf>>;
  readonly writes: readonly string[];
}

/** Verdaccio 6.10.4 ends when one of its writes fails: it is restarted with room enough, as an operator would. */
const shortages: readonly Shortage[] = [
  {
    what: "the tarball",
    b: { files: { "data.bin": noise(sizeBytes) } },
    left: "nothing",
    writes: ["PUT 201"],
  },
  {
    what: "the list of tarballs, after the tarball",
    hasLargeDocument: true,
    b: {},
    left: "unlisted",
    writes: ["PUT 409", "DELETE 404"],
  },
  {
    what: "the version's entry, after the list of tarballs",
    b: { manifest: { description: "large ".repeat(50_000) } },
    left: "listed",
    writes: ["PUT 409", "DELETE 201", "PUT 201"],
  },
];

test.each(shortages.map((shortage, index) => ({ ...shortage, scope: `full-${index}` })))(
  "a registry without room for $what leaves what is found, repaired where a request can, and said",
  async ({ scope, hasLargeDocument, b: more, left, writes }) => {
    const b = `@${scope}/b`;
    if (hasLargeDocument === true) expect(await putRaw(b, "0.9.0", { padding: "x".repeat(sizeBytes) })).toBe(201);
    const workspace = await workspaceOf([{ name: `@${scope}/a` }, { name: b, dependencies: [`@${scope}/a`], ...more }]);
    const proxy = await startFaultProxy({ target: verdaccio.url });
    try {
      limitFiles(200_000);
      const first = await publish(workspace, proxy.url, ["--wait", "1s"]);
      expect(first.code, first.stderr + first.stdout).toBe(3);
      await verdaccio.kill();
      expect(await storedOf(b)).toBe(left);
      await restart();
      proxy.clearLog();
      const again = await publish(workspace, proxy.url);
      expect(writesOf(proxy, b), again.stderr + again.stdout).toEqual(writes);
      if (left === "listed") await expectRepairSaid(workspace, again);
      if (left === "unlisted") await mendByHand(workspace, proxy, again, b);
      else expect(again.code, again.stderr + again.stdout).toBe(0);
      await expectRightBytes(workspace, [`@${scope}/a`, b]);
    } finally {
      await proxy.close();
      await workspace.dispose();
    }
  },
  60_000,
);

/** Verdaccio removes only what its document lists: no request frees such a tarball, and whoever runs it has to. */
async function mendByHand(
  workspace: TestWorkspace,
  proxy: FaultProxy,
  { code, stdout }: ProcessResult,
  b: string,
): Promise<void> {
  expect(code, stdout).toBe(1);
  expect(stdout).toContain("error[SLIP_WEDGED]");
  expect(stdout).toContain(`ask its owner to remove b-1.0.0.tgz of ${b}`);
  await rm(join(verdaccio.storageDir, b, "b-1.0.0.tgz"));
  const mended = await publish(workspace, proxy.url);
  expect(mended.code, mended.stderr + mended.stdout).toBe(0);
}

/** Every write that concerns one package, and what the registry answered. */
function writesOf(proxy: FaultProxy, name: string): readonly string[] {
  return proxy
    .log()
    .flatMap(({ method, url, isWrite, registryStatus }) =>
      isWrite && url.startsWith(`/${name}`) ? [`${method} ${registryStatus ?? "unanswered"}`] : [],
    );
}

test("a wedge of somebody else's upload is left alone and named, until a person allows the repair", async () => {
  const scope = "stranger";
  const [a = "", b = "", c = ""] = namesOf(scope);
  const workspace = await workspaceOf(chainOf(scope));
  const proxy = await startFaultProxy({ target: verdaccio.url });
  const writes = (): readonly string[] =>
    proxy
      .log()
      .flatMap(({ method, url, isWrite, registryStatus }) => (isWrite ? [`${method} ${url} ${registryStatus}`] : []));
  try {
    // A wrong shasum is refused, but Verdaccio 6.10.4 has stored the tarball by then.
    expect(await putRaw(b, "1.0.0", { shasum: "0".repeat(40) })).toBe(400);
    const refused = await publish(workspace, proxy.url);
    expect(refused.code, refused.stderr).toBe(1);
    expect(refused.stdout).toContain("error[SLIP_WEDGED]");
    expect(refused.stdout).toContain("--repair");
    expect(refused.stdout).toContain(c);
    expect(writes()).toEqual([`PUT /${a} 201`, `PUT /${b} 409`]);

    proxy.clearLog();
    const repaired = await publish(workspace, proxy.url, ["--repair"]);
    expect(repaired.code, repaired.stderr + repaired.stdout).toBe(0);
    expect(writes().map((line) => line.replace(/-rev\/\S+/, "-rev/…"))).toEqual([
      `PUT /${b} 409`,
      `DELETE /${b}/-/b-1.0.0.tgz/-rev/… 201`,
      `PUT /${b} 201`,
      `PUT /${c} 201`,
    ]);
    await expectRepairSaid(workspace, repaired);
    expect(repaired.stderr).toContain("as --repair allows");
    const beginnings = (await journalOf(workspace)).filter(({ type }) => type === "opened" || type === "resumed");
    expect(beginnings.map(({ mayRepair }) => mayRepair)).toEqual([undefined, true]);
    await expectRightBytes(workspace, namesOf(scope));
  } finally {
    await proxy.close();
    await workspace.dispose();
  }
}, 60_000);
