/** `slipway doctor` on set-ups that are broken, each in one way, and on one that is not: the right code, the right fix, no write. */
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  allAfter,
  createWorkspace,
  integrityOf,
  npmProfile,
  type PackageSpec,
  runProcess,
  runSlipway,
  startFaultProxy,
  startHttpFace,
  startVerdaccio,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { uploadsOf } from "./registry-truth.ts";
import { startTrustedFront } from "./trusted-front.ts";

let verdaccio: Verdaccio;
beforeAll(async () => {
  verdaccio = await startVerdaccio({ tokenExpiresIn: "2d" });
});
afterAll(async () => {
  await verdaccio.close();
});

interface World {
  readonly workspace: TestWorkspace;
  readonly names: readonly string[];
}

interface Change {
  readonly args?: readonly string[];
  readonly registry?: string;
  readonly token?: string | undefined;
  readonly env?: Readonly<Record<string, string>>;
  readonly cleanUp?: () => Promise<void>;
}

interface Broken {
  readonly what: string;
  readonly exit: 0 | 1 | 2 | 3;
  readonly check: string;
  readonly state: "failed" | "warned";
  /** Code of the problem, for a failed check. */
  readonly code?: string;
  readonly says: RegExp;
  readonly packages?: (names: readonly string[]) => readonly PackageSpec[];
  readonly prepare: (world: World) => Promise<Change | void>;
}

const open = { publishConfig: { access: "public" } };

function twoPackages(names: readonly string[]): readonly PackageSpec[] {
  return names.map((name, index) => ({
    name,
    manifest: open,
    ...(index === 0 ? {} : { dependencies: [names[0] ?? ""] }),
  }));
}

function refuse() {
  return { status: 404, message: "OIDC token exchange error - package not found" };
}

const nothing = async (): Promise<void> => undefined;

const broken: readonly Broken[] = [
  {
    what: "a manifest that is not JSON",
    exit: 2,
    check: "workspace",
    state: "failed",
    code: "SLIP_MANIFEST_INVALID",
    says: /packages\/a\/package\.json:1:2 is not JSON/,
    prepare: async ({ workspace }) => workspace.write("packages/a/package.json", "{,"),
  },
  {
    what: "a configuration with an unknown key",
    exit: 2,
    check: "workspace",
    state: "failed",
    code: "SLIP_CONFIG_INVALID",
    says: /did you mean identity/,
    prepare: async ({ workspace }) => workspace.write("slipway.config.json", '{"identiy": "bytes"}'),
  },
  {
    what: "changes that are not committed",
    exit: 0,
    check: "source",
    state: "warned",
    says: /cannot be finished on another machine/,
    prepare: async ({ workspace }) => workspace.write("packages/a/index.js", "export {};"),
  },
  {
    what: "a base that does not exist",
    exit: 2,
    check: "plan",
    state: "failed",
    code: "SLIP_BASE_INVALID",
    says: /no-such-branch/,
    prepare: async () => ({ args: ["--base", "no-such-branch"] }),
  },
  {
    what: "a range that the sibling does not satisfy",
    exit: 2,
    check: "plan",
    state: "failed",
    code: "SLIP_DEPENDENCY_RANGE",
    says: /\^2\.0\.0.*the workspace has .*1\.0\.0/,
    packages: ([a = "", b = ""]) => [
      { name: a, manifest: open },
      { name: b, manifest: open, dependencies: { [a]: "^2.0.0" } },
    ],
    prepare: nothing,
  },
  {
    what: "a private package that a public one needs",
    exit: 2,
    check: "plan",
    state: "failed",
    code: "SLIP_DEPENDENCY_PRIVATE",
    says: /is private/,
    packages: ([a = "", b = ""]) => [
      { name: a, private: true },
      { name: b, manifest: open, dependencies: [a] },
    ],
    prepare: nothing,
  },
  {
    what: "a registry that nobody answers at",
    exit: 3,
    check: "registry",
    state: "failed",
    code: "SLIP_REGISTRY_UNREACHABLE",
    says: /connection refused/,
    prepare: async () => ({ registry: "http://127.0.0.1:1" }),
  },
  {
    what: "no credentials",
    exit: 2,
    check: "credentials",
    state: "failed",
    code: "SLIP_CREDENTIALS_MISSING",
    says: /export NPM_TOKEN/,
    prepare: async () => ({ token: undefined }),
  },
  {
    what: "a token that the registry does not know",
    exit: 1,
    check: "credentials",
    state: "failed",
    code: "SLIP_UPLOAD_UNAUTHORISED",
    says: /does not know the credentials/,
    prepare: async () => ({ token: "not-a-token-of-this-registry" }),
  },
  {
    what: "a token that ends in two days",
    exit: 0,
    check: "credentials",
    state: "warned",
    says: /the token ends in 4[78] h/,
    prepare: nothing,
  },
  {
    what: "a job that has no trusted publisher",
    exit: 2,
    check: "credentials",
    state: "failed",
    code: "SLIP_OIDC_NO_TRUST",
    says: /trusted publisher/,
    prepare: async () => {
      const front = await startTrustedFront({ target: verdaccio.url, token: verdaccio.token, refuse });
      return { registry: front.url, token: undefined, env: front.env, cleanUp: front.close };
    },
  },
  {
    what: "a dist-tag that is a range",
    exit: 2,
    check: "plan",
    state: "failed",
    code: "SLIP_TAG_INVALID",
    says: /1\.x/,
    prepare: async () => ({ args: ["--tag", "1.x"] }),
  },
  {
    what: "a repository field of another project",
    exit: 0,
    check: "repository",
    state: "warned",
    says: /elsewhere\/project is not https:\/\/git\.example\/here\/project/,
    packages: (names) =>
      twoPackages(names).map((item) => ({
        ...item,
        manifest: { ...open, repository: "https://git.example/elsewhere/project" },
      })),
    prepare: async ({ workspace }) => {
      await workspace.git("remote", "add", "origin", "git@git.example:here/project.git");
    },
  },
  {
    what: "a workflow that the next push cuts off, and one that is none",
    exit: 1,
    check: "workflows",
    state: "failed",
    code: "SLIP_WORKFLOW_UNSAFE",
    says: /\.github\/workflows\/release\.yml:4:52 cancelled-release: the next run cuts this release off/,
    prepare: async ({ workspace }) => {
      await workspace.write(".github/workflows/ci.yml", "on: push\n");
      await workspace.write(".github/workflows/release.yml", unsafe);
    },
  },
  {
    what: "a workflow that could be better",
    exit: 0,
    check: "workflows",
    state: "warned",
    says: /1 file, 2 warnings[\s\S]*release\.yml:6:3 missing-permissions: the job publish has/,
    prepare: async ({ workspace }) => {
      await workspace.write(".github/workflows/release.yml", unsafe.replace("true", "false"));
    },
  },
  {
    what: "a Node that the workspace does not allow",
    exit: 2,
    check: "tools",
    state: "failed",
    code: "SLIP_TOOL_VERSION",
    says: /engines\.node in package\.json asks for >=99, and \d+\.\d+\.\d+ runs this/,
    prepare: async ({ workspace }) => workspace.edit(".", (manifest) => ({ ...manifest, engines: { node: ">=99" } })),
  },
  {
    what: "another npm than packageManager names",
    exit: 2,
    check: "tools",
    state: "failed",
    code: "SLIP_TOOL_VERSION",
    says: /packageManager in package\.json asks for npm 99\.1\.0, and \d+\.\d+\.\d+ was found[\s\S]*npm install --global npm@99\.1\.0/,
    prepare: async ({ workspace }) =>
      workspace.edit(".", (manifest) => ({ ...manifest, packageManager: "npm@99.1.0" })),
  },
  {
    what: "a pnpm that is not there",
    exit: 2,
    check: "tools",
    state: "failed",
    code: "SLIP_TOOL_MISSING",
    says: /pnpm packs this workspace \(packageManager in package\.json\), and it cannot be run/,
    prepare: async ({ workspace }) => {
      await workspace.edit(".", (manifest) => ({ ...manifest, packageManager: "pnpm@12.4.2" }));
      await workspace.write("pnpm-workspace.yaml", "packages: ['packages/*']\n");
      return { env: { PATH: await putTools(workspace, { node: process.execPath, git: await findGit() }) } };
    },
  },
  {
    what: "a git that is too old",
    exit: 2,
    check: "tools",
    state: "failed",
    code: "SLIP_TOOL_VERSION",
    says: /git 2\.11\.0 is too old/,
    prepare: async ({ workspace }) => {
      const script = `#!/bin/sh\ncase "$*" in *--version) echo "git version 2.11.0" ;; *) exec ${await findGit()} "$@" ;; esac\n`;
      return { env: { PATH: `${await putTools(workspace, {}, { git: script })}:${process.env["PATH"]}` } };
    },
  },
  {
    what: "a clock that is an hour ahead",
    exit: 0,
    check: "clock",
    state: "warned",
    says: /its clock is \d+ s behind this machine's/,
    prepare: async ({ workspace }) => {
      const preload = join(workspace.root, ".git", "late.cjs");
      await writeFile(preload, "const now = Date.now; Date.now = () => now() + 3_600_000;");
      return { env: { NODE_OPTIONS: `--require=${preload}` } };
    },
  },
];

const unsafe = `name: release
on:
  push: { branches: [main] }
concurrency: { group: release, cancel-in-progress: true }
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v8
      - run: npx --yes slipway publish folder
`;

/** A folder with these programs alone, inside .git so that the work tree stays clean; scripts are texts. */
async function putTools(
  workspace: TestWorkspace,
  links: Readonly<Record<string, string>>,
  scripts: Readonly<Record<string, string>> = {},
): Promise<string> {
  const dir = join(workspace.root, ".git", "tools");
  await mkdir(dir);
  for (const [name, target] of Object.entries(links)) await symlink(target, join(dir, name));
  for (const [name, text] of Object.entries(scripts)) await writeFile(join(dir, name), text, { mode: 0o755 });
  return dir;
}

async function findGit(): Promise<string> {
  const { stdout } = await runProcess("sh", ["-c", "command -v git"], { cwd: "/" });
  return stdout.trim();
}

const stagedBytes = Buffer.from("bytes of @demo/b@1.0.0");
const stagedDocument = {
  _id: "@demo/b",
  name: "@demo/b",
  access: "public",
  "dist-tags": { latest: "1.0.0" },
  versions: { "1.0.0": { name: "@demo/b", version: "1.0.0", dist: { integrity: integrityOf(stagedBytes) } } },
  _attachments: { "b-1.0.0.tgz": { data: stagedBytes.toString("base64"), length: stagedBytes.length } },
};

let scopes = 0;

test.each(broken)("$what", async ({ exit, check, state, code, says, packages = twoPackages, prepare }) => {
  scopes += 1;
  const names = [`@doctor${scopes}/a`, `@doctor${scopes}/b`];
  const workspace = await createWorkspace({ packages: packages(names) });
  const change = (await prepare({ workspace, names })) ?? {};
  try {
    const options = {
      cwd: workspace.root,
      registry: change.registry ?? verdaccio.url,
      token: "token" in change ? change.token : verdaccio.token,
      ...(change.env === undefined ? {} : { env: change.env }),
    };
    const args = ["doctor", ...(change.args ?? [])];
    const human = await runSlipway(args, options);
    const machine = await runSlipway([...args, "--json"], options);
    expect([human.code, machine.code], human.stderr + human.stdout).toEqual([exit, exit]);
    expect(human.stdout).toMatch(says);
    const { checks } = JSON.parse(machine.stdout);
    const found = checks.find((item: { readonly id: string }) => item.id === check);
    expect(found.state).toBe(state);
    if (code !== undefined) {
      expect(found.problems.map((item: { readonly code: string }) => item.code)).toContain(code);
      expect(human.stdout).toContain(`error[${code}]`);
      expect(human.stdout).toContain("hint: ");
    }
    expect(uploadsOf(verdaccio, names)).toEqual([]);
  } finally {
    await change.cleanUp?.();
    await workspace.dispose();
  }
});

test("several faults are told at once", async () => {
  const workspace = await createWorkspace({ packages: twoPackages(["@doctor-many/a", "@doctor-many/b"]) });
  await workspace.edit("packages/b", (manifest) => ({ ...manifest, dependencies: { "@doctor-many/a": "^9.0.0" } }));
  const { code, stdout } = await runSlipway(["doctor"], { cwd: workspace.root, registry: verdaccio.url });
  expect(code).toBe(2);
  expect(stdout).toContain("error[SLIP_DEPENDENCY_RANGE]");
  expect(stdout).toContain("error[SLIP_CREDENTIALS_MISSING]");
  expect(stdout).toContain("2 problems to solve before a release");
  await workspace.dispose();
});

test("a healthy set-up passes, and the table of what Verdaccio can do is right", async () => {
  const names = ["@doctor-well/a", "@doctor-well/b"];
  const workspace = await createWorkspace({ packages: twoPackages(names) });
  const proxy = await startFaultProxy({ target: verdaccio.url, rules: [] });
  const options = { cwd: workspace.root, registry: proxy.url, token: verdaccio.token };
  expect((await runSlipway(["publish", "--only", names[0] ?? ""], options)).code).toBe(0);
  const { code, stdout } = await runSlipway(["doctor", "--json"], options);
  expect(code).toBe(0);
  const { registries, workflows } = JSON.parse(stdout);
  expect(workflows).toEqual([]);
  const able = Object.fromEntries(
    registries[0].capabilities.map((item: { readonly id: string; readonly state: string }) => [item.id, item.state]),
  );
  expect(able).toEqual({
    ping: "yes",
    whoami: "yes",
    "dist-tags": "yes",
    "conditional reads": "yes",
    "version status": "no",
    staging: "no",
    attestations: "no",
    "signing keys": "no",
    audit: "no",
    overwrite: "unknown",
  });
  expect(registries[0].user).toBe("slipway");
  expect(proxy.log().filter((entry) => entry.method === "PUT")).toHaveLength(1);
  await proxy.close();
  await workspace.dispose();
});

test("of the npm registry, as it is simulated, doctor finds all that Verdaccio lacks", async () => {
  // What is published is shown at once.
  const face = await startHttpFace({
    profile: { ...npmProfile, visibility: allAfter(0), race: { chance: 0, landsChance: 0 } },
    speed: 1,
  });
  const workspace = await createWorkspace({ packages: twoPackages(["@demo/a", "@demo/b"]) });
  const token = face.accounts.issue({ account: "slipway", kind: "granular" });
  const options = { cwd: workspace.root, registry: face.url, token };
  try {
    const published = await runSlipway(["publish", "--only", "@demo/a"], options);
    expect(published.code, published.stderr + published.stdout).toBe(0);
    // Until then its caches keep that the package was not there.
    await face.pass(6 * 60_000);
    const { code, stdout } = await runSlipway(["doctor", "--json"], options);
    const { registries, checks } = JSON.parse(stdout);
    expect(code, stdout).toBe(0);
    expect(checks.find((item: { readonly id: string }) => item.id === "clock").note).toMatch(/3\d\d s ahead/);
    const able = Object.fromEntries(
      registries[0].capabilities.map((item: { readonly id: string; readonly state: string }) => [item.id, item.state]),
    );
    expect(able).toMatchObject({
      ping: "yes",
      whoami: "yes",
      "dist-tags": "yes",
      "conditional reads": "yes",
      "version status": "yes",
      staging: "yes",
      "signing keys": "yes",
    });
    expect(checks.find((item: { readonly id: string }) => item.id === "credentials").state).toBe("passed");
  } finally {
    await face.close();
    await workspace.dispose();
  }
});

test("a version that waits as a staged one, and a token that may not look, are both told", async () => {
  const face = await startHttpFace({
    profile: { ...npmProfile, visibility: allAfter(0), race: { chance: 0, landsChance: 0 } },
  });
  const workspace = await createWorkspace({ packages: twoPackages(["@demo/a", "@demo/b"]) });
  const look = async (token: string) => {
    const options = { cwd: workspace.root, registry: face.url, token };
    const [human, machine] = [await runSlipway(["doctor"], options), await runSlipway(["doctor", "--json"], options)];
    const { checks } = JSON.parse(machine.stdout);
    const staged = checks.find((item: { readonly id: string }) => item.id === "staged");
    return { code: machine.code, staged, text: human.stdout };
  };
  try {
    const free = await look(face.token);
    expect(free.staged).toMatchObject({ state: "passed", note: "none of 2 versions waits to be approved" });
    const staging = await fetch(`${face.url}/-/stage/package/@demo%2fb`, {
      method: "POST",
      headers: { authorization: `Bearer ${face.token}`, "content-type": "application/json" },
      body: JSON.stringify(stagedDocument),
    });
    expect(staging.status).toBe(201);
    const taken = await look(face.token);
    expect(taken.code).toBe(1);
    expect(taken.staged.problems[0]).toMatchObject({ code: "SLIP_VERSION_STAGED", spec: "@demo/b@1.0.0" });
    expect(taken.staged.problems).toHaveLength(1);
    expect(taken.text).toMatch(/error\[SLIP_VERSION_STAGED\]: .*@demo\/b@1\.0\.0[\s\S]*npm stage (approve|reject)/);
    const exchanged = face.accounts.issue({ account: "slipway", kind: "oidc" });
    const unknown = await look(exchanged);
    expect(unknown.staged).toMatchObject({ state: "unknown" });
    expect(unknown.staged.note).toMatch(/answered 403.*OIDC permission denied/);
  } finally {
    await face.close();
    await workspace.dispose();
  }
});

test("of npm's tokens doctor says when they end, and what else there is to know; never the token", async () => {
  const face = await startHttpFace({
    profile: { ...npmProfile, visibility: allAfter(0), race: { chance: 0, landsChance: 0 } },
  });
  const workspace = await createWorkspace({ packages: twoPackages(["@demo/a", "@demo/b"]) });
  const day = 24 * 60 * 60_000;
  const granular = (extra: object): string => face.accounts.issue({ account: "slipway", kind: "granular", ...extra });
  const look = async (token: string) => {
    const { code, stdout, stderr } = await runSlipway(["doctor", "--json"], {
      cwd: workspace.root,
      registry: face.url,
      token,
    });
    expect(stdout + stderr).not.toContain(token.slice(5));
    return {
      code,
      found: JSON.parse(stdout).checks.find((item: { readonly id: string }) => item.id === "credentials"),
    };
  };
  try {
    // The list comes in pages of a hundred.
    for (let index = 0; index < 120; index += 1) granular({});
    const long = await look(granular({ expiresAt: face.clock.now() + 80 * day }));
    expect(long.found).toMatchObject({ state: "passed", details: [] });
    expect(long.found.note).toMatch(/^an access token of npm of slipway, ends in (79|80) days$/);
    const soon = await look(granular({ expiresAt: face.clock.now() + 2 * day }));
    expect(soon.found).toMatchObject({ state: "warned", details: [expect.stringMatching(/ends in 4[78] h/)] });
    const bypassing = await look(
      face.accounts.issue({ account: "slipway", kind: "automation", expiresAt: face.clock.now() + 80 * day }),
    );
    expect(bypassing.found).toMatchObject({ state: "warned", details: [expect.stringMatching(/January 2027/)] });
    const reading = await look(granular({ isReadOnly: true }));
    expect(reading).toMatchObject({ code: 1, found: { state: "failed" } });
    expect(reading.found.problems[0]).toMatchObject({
      code: "SLIP_UPLOAD_UNAUTHORISED",
      message: expect.stringMatching(/may only read/),
    });
    const exchanged = await look(face.accounts.issue({ account: "slipway", kind: "oidc" }));
    expect(exchanged.found).toMatchObject({
      state: "passed",
      details: [expect.stringMatching(/cannot be known: .*answered 403.*90 days at most/)],
    });
  } finally {
    await face.close();
    await workspace.dispose();
  }
});
