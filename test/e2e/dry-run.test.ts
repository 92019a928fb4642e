/** `--dry-run` announces the writes that the real run then makes, no more and no fewer, and makes none itself. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  createWorkspace,
  httpRequest,
  type PackageSpec,
  type ProcessResult,
  type ProxyLogEntry,
  runSlipway,
  startFaultProxy,
  startVerdaccio,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Short waits: what is tested is what happens, not how long somebody waits for it. */
const slipway = { limits: { settleMs: 100, pollFirstMs: 20, resendDelaysMs: [20, 40, 60] }, wait: "20s" };

let verdaccio: Verdaccio;

beforeAll(async () => {
  verdaccio = await startVerdaccio();
});

afterAll(async () => {
  await verdaccio.close();
});

/** A chain of three, one beside it, and a prerelease. */
function packages(scope: string): readonly PackageSpec[] {
  const manifest = { publishConfig: { access: "public" } };
  return [
    { name: `@${scope}/a`, manifest },
    { name: `@${scope}/b`, manifest, dependencies: [`@${scope}/a`] },
    { name: `@${scope}/c`, manifest, dependencies: [`@${scope}/b`] },
    { name: `@${scope}/d`, manifest },
    { name: `@${scope}/pre`, manifest, version: "1.0.0-beta.1" },
  ];
}

interface Write {
  readonly write: string;
  readonly name: string;
  readonly version: string;
  readonly tag?: string;
  readonly integrity?: string;
}

/** One line a write, sorted: which of two independent packages goes first is not promised. */
function announced(dryRun: ProcessResult): readonly string[] {
  const { writes } = JSON.parse(dryRun.stdout) as { readonly writes: readonly Write[] };
  return writes
    .map(({ write, name, version, tag, integrity }) => [write, name, version, tag, integrity ?? ""].join(" "))
    .sort();
}

/** The same of what went through the proxy, read from the requests alone. */
function seen(log: readonly ProxyLogEntry[]): readonly string[] {
  return log
    .filter((entry) => entry.isWrite)
    .map(({ url, method, upload }) => {
      if (upload !== undefined) {
        const { name, version, tags, attachedIntegrity } = upload;
        return ["upload", name, version, ...tags, attachedIntegrity].join(" ");
      }
      return `${method} ${url}`;
    })
    .sort();
}

/** Every file below a folder with what is in it, so that a dry run can be seen to leave the disk as it was. */
async function contentsOf(dir: string): Promise<ReadonlyMap<string, string>> {
  const contents = new Map<string, string>();
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    // git refreshes its index whenever somebody asks for the status.
    if (!entry.isFile() || entry.parentPath.split("/").includes(".git")) continue;
    const path = join(entry.parentPath, entry.name);
    contents.set(
      path,
      createHash("sha256")
        .update(await readFile(path))
        .digest("hex"),
    );
  }
  return contents;
}

interface Rehearsed {
  readonly announced: readonly string[];
  readonly seen: readonly string[];
}

/** A dry run and then the real one. `prepare` runs before both and returns further arguments. */
async function rehearse(
  workspace: TestWorkspace,
  args: readonly string[] = [],
  prepare: (
    slipway: (args: readonly string[]) => Promise<ProcessResult>,
  ) => Promise<readonly string[]> = async () => [],
): Promise<Rehearsed> {
  const proxy = await startFaultProxy({ target: verdaccio.url });
  const options = { cwd: workspace.root, registry: proxy.url, token: verdaccio.token };
  try {
    const more = await prepare((of) => runSlipway(of, options));
    proxy.clearLog();
    const before = await contentsOf(workspace.root);
    const dryRun = await runSlipway(["publish", ...args, ...more, "--dry-run", "--json"], options);
    expect(dryRun.code, dryRun.stderr).toBe(0);
    expect(proxy.log().filter((entry) => entry.isWrite)).toEqual([]);
    expect(await contentsOf(workspace.root)).toEqual(before);
    proxy.clearLog();
    const real = await runSlipway(["publish", ...args, ...more, "--json"], options);
    expect(real.code, real.stderr).toBe(0);
    return { announced: announced(dryRun), seen: seen(proxy.log()) };
  } finally {
    await proxy.close();
  }
}

async function published(scope: string, options: { readonly interruptAt?: string } = {}): Promise<TestWorkspace> {
  const workspace = await createWorkspace({ packages: packages(scope), root: { slipway } });
  const rules =
    options.interruptAt === undefined
      ? []
      : [
          {
            method: "PUT",
            path: `/@${scope}/${options.interruptAt}`,
            fault: { kind: "answer", when: "before", status: 403 } as const,
          },
        ];
  const proxy = await startFaultProxy({ target: verdaccio.url, rules });
  const { code, stderr } = await runSlipway(["publish"], {
    cwd: workspace.root,
    registry: proxy.url,
    token: verdaccio.token,
  });
  await proxy.close();
  expect(code, stderr).toBe(options.interruptAt === undefined ? 0 : 1);
  return workspace;
}

async function bump(workspace: TestWorkspace, version: string, names: readonly string[]): Promise<void> {
  for (const name of names) await workspace.edit(`packages/${name}`, (manifest) => ({ ...manifest, version }));
  await workspace.commitAll(`Version ${version}`);
}

async function moveTag(name: string, tag: string, version: string): Promise<void> {
  const { status } = await httpRequest(`${verdaccio.url}/-/package/${encodeURIComponent(name)}/dist-tags/${tag}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${verdaccio.token}`, "content-type": "application/json" },
    body: JSON.stringify(version),
  });
  expect(status).toBe(201);
}

test("of a first release, every upload is announced", async () => {
  const workspace = await createWorkspace({ packages: packages("first"), root: { slipway } });
  const rehearsed = await rehearse(workspace);
  expect(rehearsed.announced).toEqual(rehearsed.seen);
  expect(rehearsed.seen.length).toBe(5);
  expect(rehearsed.seen.filter((line) => line.startsWith("upload @first/pre 1.0.0-beta.1 beta sha512-"))).toHaveLength(
    1,
  );
  await workspace.dispose();
});

test("of a release that was interrupted, only what is missing is announced", async () => {
  const workspace = await published("partial", { interruptAt: "b" });
  const rehearsed = await rehearse(workspace);
  expect(rehearsed.announced).toEqual(rehearsed.seen);
  expect(rehearsed.seen.map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual([
    "upload @partial/b 1.0.0",
    "upload @partial/c 1.0.0",
  ]);
  await workspace.dispose();
});

test("of a release that was interrupted, the same is announced in a fresh clone without its folder", async () => {
  const workspace = await published("cloned", { interruptAt: "c" });
  const clone = await workspace.clone();
  const rehearsed = await rehearse(clone);
  expect(rehearsed.announced).toEqual(rehearsed.seen);
  expect(rehearsed.seen.map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual(["upload @cloned/c 1.0.0"]);
  await workspace.dispose();
  await clone.dispose();
});

test("a dist-tag that was moved by hand while the release was interrupted is announced as it is then set", async () => {
  const workspace = await published("moved");
  await bump(workspace, "1.1.0", ["a", "b"]);
  const proxy = await startFaultProxy({
    target: verdaccio.url,
    rules: [{ method: "PUT", path: "/@moved/b", fault: { kind: "answer", when: "before", status: 403 } }],
  });
  const options = { cwd: workspace.root, registry: proxy.url, token: verdaccio.token };
  expect((await runSlipway(["publish"], options)).code).toBe(1);
  await proxy.close();
  await moveTag("@moved/a", "latest", "1.0.0");
  const rehearsed = await rehearse(workspace);
  const [tagWrite, ...uploads] = [...rehearsed.announced];
  expect(tagWrite).toBe("set-tag @moved/a 1.1.0 latest ");
  expect(["PUT /-/package/@moved/a/dist-tags/latest", ...uploads].sort()).toEqual(rehearsed.seen);
  expect(uploads.map((line) => line.split(" ").slice(0, 3).join(" "))).toEqual(["upload @moved/b 1.1.0"]);
  await workspace.dispose();
});

test.each([
  { what: "where it was made", isCloned: false },
  { what: "in a fresh clone", isCloned: true },
])("of a finished release, nothing is announced and nothing is written, $what", async ({ isCloned }) => {
  const workspace = await published(isCloned ? "done-clone" : "done");
  const place = isCloned ? await workspace.clone() : workspace;
  expect(await rehearse(place)).toEqual({ announced: [], seen: [] });
  await workspace.dispose();
  await place.dispose();
});

test("--only and --tag narrow the announcement as they narrow the release", async () => {
  const workspace = await createWorkspace({ packages: packages("narrow"), root: { slipway } });
  const rehearsed = await rehearse(workspace, ["--only", "@narrow/d", "--tag", "next"]);
  expect(rehearsed.announced).toEqual(rehearsed.seen);
  expect(rehearsed.seen).toHaveLength(1);
  expect(rehearsed.seen[0]).toMatch(/^upload @narrow\/d 1\.0\.0 next sha512-/);
  await workspace.dispose();
});

test("the dry run of a packed folder announces what publishing it writes", async () => {
  const workspace = await createWorkspace({ packages: packages("folder"), root: { slipway } });
  const rehearsed = await rehearse(workspace, [], async (run) => {
    const { stdout, stderr, code } = await run(["pack", "--json"]);
    expect(code, stderr).toBe(0);
    return [(JSON.parse(stdout) as { readonly dir: string }).dir];
  });
  expect(rehearsed.announced).toEqual(rehearsed.seen);
  expect(rehearsed.seen).toHaveLength(5);
  await workspace.dispose();
});
