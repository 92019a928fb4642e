/** The release is killed at every moment; the same command then finishes it, on the same machine or in a fresh clone. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createWorkspace,
  type FaultProxy,
  type PackageSpec,
  runSlipway,
  startFaultProxy,
  startNode,
  startSlipway,
  startVerdaccio,
  twelveWithDiamonds,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

const killer = fileURLToPath(new URL("./publish-and-die.ts", import.meta.url));
/** Short waits: what is tested is what happens, not how long somebody waits for it. */
const slipway = { limits: { settleMs: 200, pollFirstMs: 20, resendDelaysMs: [50, 100, 200] }, wait: "30s" };

let verdaccio: Verdaccio;

beforeAll(async () => {
  verdaccio = await startVerdaccio();
});

afterAll(async () => {
  await verdaccio.close();
});

/** The twelve packages under a scope of their own, so that many releases share one registry. */
function twelve(scope: string): readonly PackageSpec[] {
  const text = JSON.stringify(twelveWithDiamonds()).replaceAll("@demo/", `@${scope}/`);
  return JSON.parse(text) as readonly PackageSpec[];
}

async function workspaceOf(scope: string, packages = twelve(scope)): Promise<TestWorkspace> {
  return createWorkspace({ packages, root: { slipway } });
}

interface Shown {
  readonly versions: Readonly<Record<string, { readonly dist: { readonly integrity: string } }>>;
}

async function read(name: string): Promise<Shown> {
  const response = await fetch(`${verdaccio.url}/${name.replace("/", "%2f")}`);
  return (await response.json()) as Shown;
}

interface Uploads {
  /** Answered with 201. */
  readonly accepted: number;
  /** The client was dead before it could be answered: stored, or not. */
  readonly unanswered: number;
}

/** The uploads of each package of a scope, from the registry's own log. */
function uploadsOf(scope: string): ReadonlyMap<string, Uploads> {
  const uploads = new Map<string, Uploads>();
  for (const entry of verdaccio.accessLog()) {
    const name = decodeURIComponent(entry.url.slice(1));
    if (entry.method !== "PUT" || !name.startsWith(`@${scope}/`) || name.includes("/-/")) continue;
    const { accepted, unanswered } = uploads.get(name) ?? { accepted: 0, unanswered: 0 };
    uploads.set(name, {
      accepted: accepted + (entry.status === 201 ? 1 : 0),
      unanswered: unanswered + (entry.status === undefined ? 1 : 0),
    });
  }
  return uploads;
}

/** Each of the twelve was accepted once: never twice, and never not at all. */
function expectAcceptedOnce(scope: string): void {
  const uploads = [...uploadsOf(scope)];
  expect(uploads.length).toBe(12);
  expect(uploads.filter(([, { accepted, unanswered }]) => accepted > 1 || accepted + unanswered < 1)).toEqual([]);
}

interface Report {
  readonly isComplete: boolean;
  readonly versions: readonly {
    readonly name: string;
    readonly version: string;
    readonly integrity: string;
    readonly how?: string;
    readonly differingFiles?: readonly string[];
  }[];
}

/** Runs the command again and asserts that the release is whole: exit 0, each version accepted once, right bytes. */
async function finish(
  workspace: TestWorkspace,
  scope: string,
  registry: string,
  args: readonly string[] = [],
): Promise<Report> {
  const again = await runSlipway(["publish", "--json", ...args], {
    cwd: workspace.root,
    registry,
    token: verdaccio.token,
  });
  expect(again.code, again.stderr).toBe(0);
  expectAcceptedOnce(scope);
  const report = JSON.parse(again.stdout) as Report;
  expect(report.isComplete).toBe(true);
  return report;
}

async function expectBytesOf(report: Report): Promise<void> {
  for (const item of report.versions) {
    const shown = (await read(item.name)).versions[item.version]?.dist.integrity;
    expect(shown, item.name).toBe(item.integrity);
  }
}

test("killed after each line of its journal, the same command finishes the release", async () => {
  const whole = await workspaceOf("whole");
  const first = await runSlipway(["publish"], { cwd: whole.root, registry: verdaccio.url, token: verdaccio.token });
  expect(first.code, first.stderr).toBe(0);
  const [releaseId = ""] = await releaseIds(whole);
  const journal = await readFile(join(whole.root, ".slipway", releaseId, "journal.ndjson"), "utf8");
  const lines = journal.trim().split("\n").length;
  expect(lines).toBeGreaterThan(12 * 3);
  await whole.dispose();

  let killed = 0;
  const attempt = async (line: number): Promise<void> => {
    const scope = `line-${line}`;
    const workspace = await workspaceOf(scope);
    const options = { cwd: workspace.root, registry: verdaccio.url, token: verdaccio.token };
    const { result } = await startNode(killer, [String(line), "publish"], options);
    if ((await result).signal === "SIGKILL") killed += 1;
    await expectBytesOf(await finish(workspace, scope, verdaccio.url));
    await workspace.dispose();
  };
  const queue = Array.from({ length: lines }, (_, index) => index + 1);
  const worker = async (): Promise<void> => {
    for (let line = queue.shift(); line !== undefined; line = queue.shift()) await attempt(line);
  };
  await Promise.all([worker(), worker(), worker()]);
  // The last lines may come in another number from run to run; almost every run must have been cut.
  expect(killed).toBeGreaterThanOrEqual(lines - 6);
}, 600_000);

async function releaseIds(workspace: TestWorkspace): Promise<readonly string[]> {
  const { readdir } = await import("node:fs/promises");
  return readdir(join(workspace.root, ".slipway"));
}

type Moment = "onPutBodyComplete" | "onCommitted" | "onAnswered";

const moments: readonly { readonly moment: Moment; readonly what: string }[] = [
  { moment: "onPutBodyComplete", what: "an upload's body is complete" },
  { moment: "onCommitted", what: "the registry has committed, before its answer" },
  { moment: "onAnswered", what: "the registry has answered, before the next line" },
];

test.each(moments)(
  "killed when $what, for each upload, the same command finishes the release",
  async ({ moment }) => {
    for (let upload = 1; upload <= 12; upload += 1) {
      const scope = `${moment.toLowerCase()}-${upload}`;
      const workspace = await workspaceOf(scope);
      const proxy = await startFaultProxy({ target: verdaccio.url });
      try {
        await killAt(proxy, workspace, moment, upload);
        await expectBytesOf(await finish(workspace, scope, proxy.url));
      } finally {
        await proxy.close();
        await workspace.dispose();
      }
    }
  },
  300_000,
);

/** Starts a release and kills it at the n-th upload's moment; what the hook holds up goes on after the process is dead. */
async function killAt(proxy: FaultProxy, workspace: TestWorkspace, moment: Moment, upload: number): Promise<void> {
  let seen = 0;
  const victim: { kill?: () => Promise<unknown> } = {};
  proxy.setHooks({
    [moment]: async (exchange: { readonly method: string }) => {
      if (exchange.method !== "PUT") return;
      seen += 1;
      if (seen === upload) await victim.kill?.();
    },
  });
  const running = await startSlipway(["publish"], { cwd: workspace.root, registry: proxy.url, token: verdaccio.token });
  victim.kill = () => running.kill("SIGKILL");
  const { signal } = await running.result;
  expect(signal).toBe("SIGKILL");
  proxy.setHooks({});
}

/** A build that leaves other bytes every time. */
function stamped(scope: string): readonly PackageSpec[] {
  return twelve(scope).map((item) => ({
    ...item,
    manifest: { files: ["index.js", "stamp.txt"] },
    scripts: { prepack: `node -e "require('fs').writeFileSync('stamp.txt', String(process.hrtime.bigint()))"` },
  }));
}

test("killed anywhere with a build that stamps the time, a fresh clone finishes the release and says what differs", async () => {
  for (const upload of [1, 6, 12]) {
    const scope = `stamped-${upload}`;
    const workspace = await workspaceOf(scope, stamped(scope));
    await workspace.write(".gitignore", "node_modules/\nstamp.txt\n");
    await workspace.commitAll("Leave the stamp out");
    const proxy = await startFaultProxy({ target: verdaccio.url });
    try {
      await killAt(proxy, workspace, "onCommitted", upload);
      const clone = await workspace.clone();
      const report = await finish(clone, scope, proxy.url);
      const bound = report.versions.filter((item) => item.how === "bound");
      expect(bound.length).toBeGreaterThan(0);
      for (const item of bound) expect(item.differingFiles).toEqual(["stamp.txt"]);
      await expectBytesOf(report);
      // A third machine, when everything is there: still exit 0, and still nothing is sent.
      await finish(await workspace.clone(), scope, proxy.url);
    } finally {
      await proxy.close();
      await workspace.dispose();
    }
  }
}, 300_000);

test("where identity asks for bytes, the fresh clone stops, and the remedy it prints works", async () => {
  const scope = "strict";
  const workspace = await workspaceOf(scope, stamped(scope));
  await workspace.write(".gitignore", "node_modules/\nstamp.txt\n");
  await workspace.commitAll("Leave the stamp out");
  const proxy = await startFaultProxy({ target: verdaccio.url });
  try {
    await killAt(proxy, workspace, "onCommitted", 1);
    const clone = await workspace.clone();
    const options = { cwd: clone.root, registry: verdaccio.url, token: verdaccio.token };
    const before = verdaccio.accessLog().length;
    const refused = await runSlipway(["publish", "--identity", "bytes"], options);
    expect(refused.code, refused.stderr).toBe(1);
    expect(refused.stdout).toContain("SLIP_INTEGRITY_CONFLICT");
    expect(
      verdaccio
        .accessLog()
        .slice(before)
        .filter((entry) => entry.method === "PUT"),
    ).toEqual([]);
    const accepts = [...new Set(refused.stdout.match(/--accept \S+=sha512-[A-Za-z0-9+/]+==/g))];
    expect(accepts.length).toBeGreaterThan(0);
    const remedy = accepts.flatMap((text) => text.split(" "));
    await expectBytesOf(await finish(clone, scope, verdaccio.url, ["--identity", "bytes", ...remedy]));
  } finally {
    await proxy.close();
    await workspace.dispose();
  }
}, 120_000);

/** What a stranger's build of the same version differs in. */
const foreign: readonly { readonly what: string; readonly change: (workspace: TestWorkspace) => Promise<void> }[] = [
  {
    what: "of another commit",
    change: (workspace) => workspace.write("packages/a/index.js", "export const name = 'other';\n"),
  },
  {
    what: "with an added dependency",
    change: (workspace) =>
      workspace.edit("packages/a", (manifest) => ({ ...manifest, dependencies: { leftpad: "1.0.0" } })),
  },
  {
    what: "with an install script",
    change: (workspace) =>
      workspace.edit("packages/a", (manifest) => ({ ...manifest, scripts: { postinstall: "node index.js" } })),
  },
];

test.each(foreign.map((item, index) => ({ ...item, scope: `foreign-${index}` })))(
  "bytes $what that appear after the plan are a conflict, and nothing is written",
  async ({ change, scope }) => {
    const workspace = await workspaceOf(scope, [
      { name: `@${scope}/a` },
      { name: `@${scope}/b`, dependencies: [`@${scope}/a`] },
    ]);
    const options = { cwd: workspace.root, registry: verdaccio.url, token: verdaccio.token };
    const packed = await runSlipway(["pack", "--json"], options);
    expect(packed.code, packed.stderr).toBe(0);
    const { dir } = JSON.parse(packed.stdout) as { dir: string };

    const other = await workspace.clone();
    await change(other);
    await other.commitAll("Another commit");
    const theirs = await runSlipway(["publish", "--only", `@${scope}/a`], { ...options, cwd: other.root });
    expect(theirs.code, theirs.stderr).toBe(0);

    const before = verdaccio.accessLog().length;
    const ours = await runSlipway(["publish", dir], options);
    expect(ours.code, ours.stderr).toBe(1);
    expect(ours.stdout).toContain("SLIP_INTEGRITY_CONFLICT");
    expect(ours.stdout).toContain(`@${scope}/b`);
    expect(
      verdaccio
        .accessLog()
        .slice(before)
        .filter((entry) => entry.method !== "GET"),
    ).toEqual([]);

    // The finding outlasts the run: planning anew does not build a release on what was judged to be somebody else's.
    const anew = await runSlipway(["publish"], options);
    expect(anew.code, anew.stdout).toBe(1);
    expect(anew.stderr).toContain("SLIP_VERSION_TAKEN");
    const writes = verdaccio.accessLog().slice(before);
    expect(writes.filter((entry) => entry.method !== "GET")).toEqual([]);
    await workspace.dispose();
    await other.dispose();
  },
  60_000,
);
