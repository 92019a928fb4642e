/** What must not stop a release: its own partial run, a torn journal, the lock of a dead process, a disk that was full. */
import { appendFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  chain,
  cleanEnvironment,
  createHome,
  createWorkspace,
  type PackageSpec,
  type ProcessResult,
  runProcess,
  runSlipway,
  startFaultProxy,
  startSlipway,
  startVerdaccio,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { packedIntegrities, servedIntegrity, tarballFile, uploadsOf } from "./registry-truth.ts";

const cli = fileURLToPath(new URL("../../packages/slipway/src/cli.ts", import.meta.url));
/** Short waits: what is tested is what happens, not how long somebody waits for it. */
const slipway = { limits: { settleMs: 200, pollFirstMs: 20, resendDelaysMs: [50, 100] }, wait: "20s" };

let verdaccio: Verdaccio;

beforeAll(async () => {
  verdaccio = await startVerdaccio();
});

afterAll(async () => {
  await verdaccio.close();
});

function three(scope: string): readonly PackageSpec[] {
  return JSON.parse(JSON.stringify(chain(3)).replaceAll("@demo/", `@${scope}/`));
}

async function workspaceOf(scope: string): Promise<TestWorkspace> {
  return createWorkspace({ packages: three(scope), root: { slipway } });
}

function publish(workspace: TestWorkspace, registry = verdaccio.url): Promise<ProcessResult> {
  return runSlipway(["publish"], { cwd: workspace.root, registry, token: verdaccio.token });
}

async function folderOf(workspace: TestWorkspace): Promise<string> {
  const [id = ""] = await readdir(join(workspace.root, ".slipway"));
  return join(workspace.root, ".slipway", id);
}

/** All three are on the registry with the packed bytes, each accepted once. */
async function expectReleased(workspace: TestWorkspace, scope: string, result: ProcessResult): Promise<void> {
  expect(result.code, result.stderr + result.stdout).toBe(0);
  const packed = await packedIntegrities(workspace);
  for (const letter of ["a", "b", "c"]) {
    const name = `@${scope}/${letter}`;
    expect(await servedIntegrity(verdaccio, name, "1.0.0"), name).toBe(packed.get(tarballFile(name, "1.0.0")));
    expect(uploadsOf(verdaccio, [name]).filter((entry) => entry.status === 201).length, name).toBe(1);
  }
}

/** Publishes what a proxy lets through: the upload of `letter` is refused. */
async function stopAt(workspace: TestWorkspace, scope: string, letter: string): Promise<void> {
  const proxy = await startFaultProxy({
    target: verdaccio.url,
    rules: [{ method: "PUT", path: `/@${scope}/${letter}`, fault: { kind: "answer", when: "before", status: 403 } }],
  });
  const { code, stderr } = await publish(workspace, proxy.url);
  await proxy.close();
  expect(code, stderr).toBe(1);
}

test("a packed folder whose first run was cut short is published by the same command", async () => {
  const workspace = await workspaceOf("cut");
  const proxy = await startFaultProxy({ target: verdaccio.url });
  const options = { cwd: workspace.root, registry: proxy.url, token: verdaccio.token };
  try {
    const { stdout } = await runSlipway(["pack", "--json"], options);
    const { dir, digest } = JSON.parse(stdout) as { readonly dir: string; readonly digest: string };
    const args = ["publish", dir, "--plan-digest", digest];
    proxy.setRules([{ method: "PUT", path: "/@cut/b", fault: { kind: "answer", when: "before", status: 403 } }]);
    const first = await runSlipway(args, options);
    expect(first.code, first.stderr).toBe(1);
    expect(first.stdout).toContain("SLIP_UPLOAD_UNAUTHORISED");
    proxy.setRules([]);
    await expectReleased(workspace, "cut", await runSlipway(args, options));
  } finally {
    await proxy.close();
    await workspace.dispose();
  }
});

test("a torn last line of the journal is cut, and the release goes on", async () => {
  const workspace = await workspaceOf("torn");
  await stopAt(workspace, "torn", "b");
  const journal = join(await folderOf(workspace), "journal.ndjson");
  await appendFile(journal, '{"type":"write-started","at":17');
  await expectReleased(workspace, "torn", await publish(workspace));
  const lines = (await readFile(journal, "utf8")).trim().split("\n");
  for (const line of lines) expect(() => JSON.parse(line), line).not.toThrow();
  await workspace.dispose();
});

test("while one process has the folder open another is turned away, and what a killed one leaves behind stops nobody", async () => {
  const workspace = await workspaceOf("lock");
  const proxy = await startFaultProxy({
    target: verdaccio.url,
    rules: [{ method: "PUT", path: "/@lock/b", nth: 1, fault: { kind: "hang", when: "before" } }],
  });
  const options = { cwd: workspace.root, registry: proxy.url, token: verdaccio.token };
  try {
    const holder = await startSlipway(["publish"], options);
    await vi.waitFor(() => expect(proxy.log().map((entry) => entry.outcome)).toContain("hung"), 30_000);
    const before = proxy.log().filter((entry) => entry.isWrite).length;
    const turnedAway = await runSlipway(["publish", "--json"], options);
    expect(turnedAway.code).toBe(2);
    expect(turnedAway.stderr).toMatch(
      new RegExp(`^error\\[SLIP_FOLDER_IN_USE\\]: process ${holder.pid} has .* open$`, "m"),
    );
    expect(JSON.parse(turnedAway.stdout)).toMatchObject({ problems: [{ code: "SLIP_FOLDER_IN_USE" }] });
    expect(proxy.log().filter((entry) => entry.isWrite).length).toBe(before);
    await holder.kill("SIGKILL");
    await expectReleased(workspace, "lock", await runSlipway(["publish"], options));
  } finally {
    await proxy.close();
    await workspace.dispose();
  }
});

/** Runs it where no file can grow beyond so many kilobytes: a full disk, for the one file that grows. */
async function publishWithin(workspace: TestWorkspace, kilobytes: number): Promise<ProcessResult> {
  const home = await createHome({ registry: verdaccio.url, token: verdaccio.token });
  const command = [process.execPath, "--conditions=slipway-source", cli, "publish"];
  try {
    return await runProcess("bash", ["-c", `ulimit -f ${kilobytes}; exec "$@"`, "bash", ...command], {
      cwd: workspace.root,
      env: cleanEnvironment({ ...home.env, CI: "true" }),
    });
  } finally {
    await home.remove();
  }
}

test("a disk that fills while the release is under way stops it with a reason, and it goes on once there is room", async () => {
  const scope = "full";
  const workspace = await workspaceOf(scope);
  // Lines that say nothing take the journal near the limit, so that it is reached between the first upload and the last.
  await stopAt(workspace, scope, "a");
  const journal = join(await folderOf(workspace), "journal.ndjson");
  const { size } = await stat(journal);
  const line = `${JSON.stringify({ type: "resumed", at: 1, planDigest: "0", toolVersion: "0", attempt: 1 })}\n`;
  const limit = 64 * 1024;
  const room = 1600;
  await writeFile(
    journal,
    (await readFile(journal, "utf8")) + line.repeat(Math.floor((limit - room - size) / line.length)),
  );
  const stopped = await publishWithin(workspace, limit / 1024);
  expect(stopped.code, stopped.stderr).toBe(1);
  expect(stopped.stderr).toMatch(/^error\[SLIP_DISK\]: .*journal\.ndjson could not be written: .*EFBIG/m);
  expect(stopped.stderr).toMatch(/^hint: free space/m);
  expect(stopped.stderr).not.toMatch(/^\s+at /m);
  const sent = ["a", "b", "c"].filter((letter) => uploadsOf(verdaccio, [`@${scope}/${letter}`]).length > 0);
  expect(sent.length, "uploads before the disk was full").toBeGreaterThan(0);
  expect(sent.length, "uploads before the disk was full").toBeLessThan(3);
  await expectReleased(workspace, scope, await publish(workspace));
  await workspace.dispose();
});
