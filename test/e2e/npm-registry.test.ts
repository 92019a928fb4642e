/**
 * The real command line against the simulated npm registry, over HTTP: scans, caches, caps and refusals as npm has them, with the
 * registry's time running faster than ours. What the registry holds is asked of the simulator itself.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import {
  allAfter,
  createWorkspace,
  type HttpFace,
  type HttpFaceOptions,
  installAndImport,
  npmProfile,
  type PackageSpec,
  type ProcessResult,
  type Profile,
  runSlipway,
  startFaultProxy,
  startHttpFace,
  type TestWorkspace,
} from "@slipway/testkit";
import { afterEach, expect, test } from "vitest";

const minuteMs = 60_000;
/** The registry's milliseconds for each of ours: a scan of two minutes takes 0.2 s. */
const speed = 600;
/** As much shorter as the registry is faster. */
const limits = { settleMs: 50, pollFirstMs: 20, pollMaxMs: 50, resendDelaysMs: [50, 100], readTimeoutMs: 5_000 };
const steady: Profile = {
  ...npmProfile,
  visibility: allAfter(2 * minuteMs),
  race: { chance: 0, landsChance: 0 },
};
const three: readonly PackageSpec[] = [
  { name: "@demo/a" },
  { name: "@demo/b", dependencies: ["@demo/a"] },
  { name: "@demo/c", dependencies: ["@demo/b"] },
].map((spec) => ({ ...spec, manifest: { publishConfig: { access: "public" } } }));

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

interface Stage {
  readonly face: HttpFace;
  readonly workspace: TestWorkspace;
  readonly publish: (options?: PublishOptions) => Promise<ProcessResult>;
}

interface PublishOptions {
  readonly token?: string | undefined;
  readonly registry?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

async function open(
  options: Partial<HttpFaceOptions> = {},
  packages: readonly PackageSpec[] = three,
  wait = "20s",
): Promise<Stage> {
  const face = await startHttpFace({ profile: steady, speed, ...options });
  closing.push(face.close);
  const workspace = await createWorkspace({ packages, root: { slipway: { limits, wait } } });
  closing.push(workspace.dispose);
  return {
    face,
    workspace,
    publish: ({ token = face.token, registry = face.url, env = {}, args = [] } = {}) =>
      runSlipway(["publish", ...args], {
        cwd: workspace.root,
        registry,
        ...(token === "" ? {} : { token }),
        env,
      }),
  };
}

function uploads({ face }: Stage): readonly string[] {
  return face
    .accessLog()
    .filter(({ method, url }) => method === "PUT" && !url.startsWith("/-/"))
    .map(({ url, status }) => `${decodeURIComponent(url)} ${status}`);
}

function codesOf({ stdout, stderr }: ProcessResult): readonly string[] {
  return [...new Set([...`${stderr}\n${stdout}`.matchAll(/error\[(\w+)\]/g)].map(([, code = ""]) => code))];
}

test("versions that are scanned for minutes are released in order, each with one upload", async () => {
  const stage = await open();
  const result = await stage.publish();
  expect(result.code, result.stderr + result.stdout).toBe(0);
  expect(uploads(stage)).toEqual(["/@demo/a 202", "/@demo/b 202", "/@demo/c 202"]);
  for (const { name } of three) expect(stage.face.world.stateOf(name)?.distTags.get("latest")).toBe("1.0.0");
  expect((await stage.publish()).code).toBe(0);
  expect(uploads(stage)).toHaveLength(3);
  const [installed] = await installAndImport(["@demo/c"], stage.face.url);
  expect(installed).toMatchObject({ name: "@demo/c", version: "1.0.0" });
});

test.each([
  ["the registry's own word for it, and not sent again", [], ["/@demo/a 202"]],
  [
    "the 409 of the second one where the registry has no word for it",
    [{ method: "GET", path: /\/status$/, fault: { kind: "answer", when: "before", status: 404 } }],
    ["/@demo/a 202", "/@demo/a 409"],
  ],
] as const)(
  "an upload whose answer was lost is told by %s, and waited for, not called failed",
  async (_, more, sent) => {
    const stage = await open({ profile: { ...steady, visibility: allAfter(15 * minuteMs) } }, three.slice(0, 1));
    const proxy = await startFaultProxy({
      target: stage.face.url,
      rules: [
        { method: "PUT", path: "/@demo/a", times: 1, fault: { kind: "answer", when: "after", status: 503 } },
        ...more,
      ],
    });
    closing.push(proxy.close);
    const result = await stage.publish({ registry: proxy.url });
    expect(result.code, result.stderr + result.stdout).toBe(0);
    expect(uploads(stage)).toEqual(sent);
  },
);

test("a scan that outlasts --wait ends as 3 with what is pending, and the same command later finishes without a write", async () => {
  const stage = await open(
    { profile: { ...steady, visibility: allAfter(24 * 60 * minuteMs) } },
    three.slice(0, 1),
    "1s",
  );
  const first = await stage.publish();
  expect([first.code, codesOf(first)]).toEqual([3, ["SLIP_UNCONFIRMED"]]);
  expect(first.stdout).toMatch(/@demo\/a@1\.0\.0/);
  expect(first.stdout).toMatch(/no version bump is needed/);
  stage.face.pass(24 * 60 * minuteMs);
  const second = await stage.publish();
  expect(second.code, second.stderr + second.stdout).toBe(0);
  expect(uploads(stage)).toEqual(["/@demo/a 202"]);
});

test("a cap on new packages ends the run as 3 and says for how long; a day later the same command finishes", async () => {
  const packages = three.map(({ name, manifest }) => ({ name, ...(manifest === undefined ? {} : { manifest }) }));
  const caps = { newPackages: { max: 2, windowMs: 24 * 60 * minuteMs, form: "seconds" } } as const;
  const stage = await open({ profile: { ...steady, caps } }, packages, "2s");
  const first = await stage.publish();
  expect([first.code, codesOf(first)], first.stdout).toEqual([3, ["SLIP_RATE_LIMITED"]]);
  expect(first.stdout).toMatch(/asked for a pause of another 86\d{3} s/);
  stage.face.pass(24 * 60 * minuteMs);
  const second = await stage.publish();
  expect(second.code, second.stderr + second.stdout).toBe(0);
  expect(uploads(stage).filter((line) => line.endsWith(" 202"))).toHaveLength(3);
});

test("a version that the scan blocks is named, and what depends on it is not released", async () => {
  const never = Number.POSITIVE_INFINITY;
  const blocked = { documentMs: minuteMs, packumentMs: never, tagMs: never, tarballMs: never, isBlocked: true };
  const stage = await open({ profile: { ...steady, visibility: () => blocked } });
  const result = await stage.publish();
  expect([result.code, codesOf(result)], result.stderr + result.stdout).toEqual([1, ["SLIP_VERSION_BLOCKED"]]);
  expect(result.stdout).toMatch(/not published because of that: @demo\/b@1\.0\.0, @demo\/c@1\.0\.0/);
  expect(uploads(stage)).toEqual(["/@demo/a 202"]);
});

const refusals: readonly {
  readonly what: string;
  readonly code: string;
  readonly options?: Partial<HttpFaceOptions>;
  readonly token?: (face: HttpFace) => string;
  readonly prepare?: (face: HttpFace) => void;
}[] = [
  {
    what: "somebody else's package, which npm hides behind a 404",
    code: "SLIP_UPLOAD_UNAUTHORISED",
    prepare: (face) => face.accounts.own("other", "@demo/a"),
    token: (face) => face.accounts.issue({ account: "slipway", kind: "granular", packages: ["@other/*"] }),
  },
  {
    what: "a token without a one-time password",
    code: "SLIP_OTP_REQUIRED",
    options: { accounts: [{ name: "slipway", scopes: ["demo"], otp: "123456" }] },
    token: (face) => face.accounts.issue({ account: "slipway", kind: "session" }),
  },
  {
    what: "a number that was used before",
    code: "SLIP_VERSION_BURNT",
    prepare: (face) => {
      for (const version of ["0.9.0", "1.0.0"]) {
        const manifest = { name: "@demo/a", version };
        const request = {
          ...manifest,
          tag: "latest",
          access: undefined,
          manifest,
          bytes: new Uint8Array(),
          integrity: "",
        };
        face.world.submit({ kind: "upload", request }, "slipway", -1);
      }
      face.pass(10 * minuteMs);
      face.world.submit({ kind: "unpublish", name: "@demo/a", version: "1.0.0" }, "slipway", -1);
    },
  },
];

test.for(refusals)("npm's refusal for $what is named, and nothing depends on it", async (row) => {
  const stage = await open(row.options, three.slice(0, 2));
  row.prepare?.(stage.face);
  const result = await stage.publish(row.token === undefined ? {} : { token: row.token(stage.face) });
  expect([result.code, codesOf(result)], result.stderr + result.stdout).toEqual([1, [row.code]]);
  expect(stage.face.world.stateOf("@demo/b")).toBeUndefined();
});

async function startIssuer(): Promise<string> {
  const claims = {
    aud: "npm:127.0.0.1",
    repository: "demo/repository",
    workflow_ref: "demo/repository/.github/workflows/release.yml@refs/heads/main",
    event_name: "push",
    runner_environment: "github-hosted",
  };
  const part = Buffer.from(JSON.stringify(claims)).toString("base64url");
  const server = createServer((_request, response) => response.end(JSON.stringify({ value: `e30.${part}.sig` })));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the issuer listens on no TCP port");
  return `http://127.0.0.1:${address.port}/token?api-version=2`;
}

test("a job of GitHub Actions without a token exchanges its identity for one token a package", async () => {
  const trusted = three.map(({ name }) => ({
    package: name,
    repository: "demo/repository",
    workflow: "release.yml",
    actions: ["publish"] as const,
    account: "slipway",
  }));
  const stage = await open({
    trustedPublishers: trusted,
    speed: 60,
    profile: { ...steady, visibility: allAfter(5_000) },
  });
  // npm wants the packages to exist.
  for (const { name } of three) {
    const manifest = { name, version: "0.9.0" };
    const request = {
      ...manifest,
      tag: "latest",
      access: undefined,
      manifest,
      bytes: Buffer.from(name),
      integrity: "sha512-old",
    };
    stage.face.world.submit({ kind: "upload", request }, "slipway", -1);
  }
  stage.face.pass(10 * minuteMs);
  const result = await stage.publish({
    token: "",
    env: {
      GITHUB_ACTIONS: "true",
      ACTIONS_ID_TOKEN_REQUEST_URL: await startIssuer(),
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "of-the-job",
    },
  });
  expect(result.code, result.stderr + result.stdout).toBe(0);
  const exchanges = stage.face.accessLog().filter(({ url }) => url.includes("/oidc/token/exchange/"));
  expect(
    exchanges.map(({ url, status }) => `${decodeURIComponent(url).split("/package/")[1]} ${status}`).toSorted(),
  ).toEqual(three.map(({ name }) => `${name} 201`));
});
