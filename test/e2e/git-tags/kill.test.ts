/** The run is killed at every request to the host, before it is done and after; the same command then makes what is missing, and nothing twice. */
import { startVerdaccio, type Verdaccio } from "@slipway/testkit";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Surroundings, surround } from "./surroundings.ts";

let verdaccio: Verdaccio;
let around: Surroundings | undefined;

beforeAll(async () => {
  verdaccio = await startVerdaccio();
});
afterEach(() => around?.close());
afterAll(() => verdaccio.close());

/** A published release, of which no git tag is made yet. */
async function published(scope: string): Promise<{ readonly a: Surroundings; readonly folder: string }> {
  const names = ["a", "b", "c", "d"].map((name) => `@${scope}/${name}`);
  const a = await surround(verdaccio, {
    packages: names.map((name) => ({ name })),
    root: { slipway: { gitTags: "package", releases: "github" } },
  });
  around = a;
  const packed = await a.slipway(["pack"]);
  expect(packed.code, packed.stderr).toBe(0);
  const folder = await a.folder();
  const ended = await a.slipway(["publish", folder]);
  expect(ended.code, ended.stderr).toBe(0);
  expect([a.tags(), a.github.requests]).toEqual([{}, []]);
  return { a, folder };
}

/** Everything is there once, and was made by whole steps: no release is published before its assets. */
function expectWhole({ github, tags, workspace }: Surroundings): void {
  expect(Object.values(tags())).toEqual(Array(4).fill(workspace.commit()));
  const { releases } = github.state;
  expect(releases.map(({ tagName }) => tagName).toSorted()).toEqual(Object.keys(tags()).toSorted());
  expect(releases.filter(({ isDraft, assets }) => isDraft || assets.length !== 2)).toEqual([]);
  for (const { id } of releases) {
    const at = (end: RegExp): readonly number[] =>
      github.requests.flatMap(({ method, path }, index) => (isWrite(method, path) && end.test(path) ? [index] : []));
    const publishedAt = Math.min(...at(new RegExp(`/releases/${id}$`)));
    expect(at(new RegExp(`/releases/${id}/assets$`)).filter((index) => index < publishedAt).length).toBeGreaterThan(1);
  }
}

/** Two pushes; of each release the draft, two assets, and its publication. */
const writesOfRun = 2 + 4 * 4;

function writesOf({ github }: Surroundings): number {
  return github.requests.filter(({ method, path }) => isWrite(method, path)).length;
}

test("an undisturbed run makes each write once, and a second run none", async () => {
  const { a, folder } = await published("kill-none");
  const ended = await a.slipway(["tag", folder]);
  expect(ended.code, ended.stderr + ended.stdout).toBe(0);
  expectWhole(a);
  expect(writesOf(a)).toBe(writesOfRun);
  expect((await a.slipway(["tag", folder])).code).toBe(0);
  expect(writesOf(a)).toBe(writesOfRun);
});

test.each(["onRequest", "onDone"] as const)(
  "killed %s of each request in turn, the same command goes on until all is there",
  async (moment) => {
    const { a, folder } = await published(`kill-${moment.toLowerCase()}`);
    let killed = 0;
    // Each attempt brings one write about, so every one of them is the last of some attempt.
    for (let attempt = 0; attempt < writesOfRun * 2; attempt += 1) {
      const before = writesOf(a);
      const victim: { kill?: () => Promise<unknown> } = {};
      a.github.setHooks({
        async [moment]({ method, path }: { readonly method: string; readonly path: string }) {
          const allowed = moment === "onRequest" ? 1 : 0;
          if (isWrite(method, path) && writesOf(a) - before >= allowed) await victim.kill?.();
        },
      });
      const running = await a.start(["tag", folder]);
      victim.kill = () => running.kill("SIGKILL");
      const { code, signal } = await running.result;
      if (signal === "SIGKILL") killed += 1;
      else {
        expect(code).toBe(0);
        break;
      }
    }
    a.github.setHooks({});
    expect(killed).toBeGreaterThanOrEqual(writesOfRun - 1);
    const last = await a.slipway(["tag", folder, "--json"]);
    expect(last.code, last.stderr).toBe(0);
    expectWhole(a);
  },
  180_000,
);

function isWrite(method: string, path: string): boolean {
  return method !== "GET" && !path.endsWith("/git-upload-pack");
}
