/** An old run that is started again after newer commits were released, through the whole command on a real registry. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWorkspace, runSlipway, startVerdaccio, type TestWorkspace, type Verdaccio } from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRemote, type Remote } from "./repository.ts";

let verdaccio: Verdaccio;
let remote: Remote;
let main: TestWorkspace;
let folder: string;

const publishConfig = { access: "public" };

beforeAll(async () => {
  verdaccio = await startVerdaccio();
  remote = await createRemote();
  folder = await mkdtemp(join(tmpdir(), "slipway-old-run-"));
  main = await createWorkspace({
    packages: [
      { name: "@old/plain", manifest: { publishConfig } },
      { name: "@old/next", manifest: { publishConfig: { ...publishConfig, tag: "next" } } },
      { name: "@old/user", dependencies: { "@old/plain": "^1.0.0" }, manifest: { publishConfig } },
    ],
  });
  await main.git("remote", "add", "origin", remote.url);
});

afterAll(async () => {
  await Promise.all([verdaccio.close(), remote.remove(), main.dispose(), rm(folder, { recursive: true })]);
});

async function bump(dir: string, version: string): Promise<void> {
  await main.edit(`packages/${dir}`, (manifest) => ({ ...manifest, version }));
}

async function publish(cwd: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const { url: registry, token } = verdaccio;
  return runSlipway(["publish", ...args], { cwd, registry, token, env });
}

/** A fresh machine, with what the first attempt of the run had: its commit, and its event. */
async function runAgain(before: string, commit: string, args: readonly string[]) {
  const ref = "refs/heads/main";
  const cwd = await remote.checkOut({ ref, commit });
  const path = join(folder, "event.json");
  await writeFile(path, JSON.stringify({ ref, before, after: commit, forced: false }));
  const env = { GITHUB_ACTIONS: "true", GITHUB_EVENT_NAME: "push", GITHUB_EVENT_PATH: path, GITHUB_REF: ref };
  return publish(cwd, args, env);
}

async function tagsOf(name: string): Promise<Readonly<Record<string, string>>> {
  const answer = await fetch(`${verdaccio.url}/-/package/@old%2f${name}/dist-tags`);
  return (await answer.json()) as Readonly<Record<string, string>>;
}

function countWrites(): number {
  return verdaccio.accessLog().filter((entry) => entry.isWrite).length;
}

test("releases what its state lacks under tags of its own, moves none back, and says that it is old; then there is nothing left to write", async () => {
  const first = main.commit();
  await main.git("push", "-q", "origin", "main");
  expect((await publish(main.root)).code).toBe(0);
  await bump("plain", "1.1.0");
  await bump("next", "2.0.0-beta.1");
  const old = await main.commitAll("a release that will fail");
  await bump("plain", "1.2.0");
  await bump("next", "2.0.0-beta.2");
  await bump("user", "1.1.0");
  await main.commitAll("the next one");
  await main.git("push", "-q", "origin", "main");
  expect((await publish(main.root)).code).toBe(0);
  const before = { plain: await tagsOf("plain"), next: await tagsOf("next"), user: await tagsOf("user") };
  expect(before.plain).toEqual({ latest: "1.2.0" });
  // A first version becomes latest, whatever tag it is sent with; the second went to next alone.
  expect(before.next).toEqual({ latest: "1.0.0", next: "2.0.0-beta.2" });

  const again = await runAgain(first, old, ["--base", "auto"]);
  expect(again.code, again.stderr).toBe(0);
  const said = again.stderr.replaceAll(/\s+/g, " ");
  expect(said).toContain("not the newest of main: 1 commit comes after it");
  expect(said).toContain("@old/plain@1.1.0 is older than 1.2.0, which is latest and was made from");
  expect(said).toContain(
    "@old/next@2.0.0-beta.1 does not become next although publishConfig.tag says so: next is at 2.0.0-beta.2",
  );
  expect(await tagsOf("plain")).toEqual({ ...before.plain, "latest-1.1": "1.1.0" });
  expect(await tagsOf("next")).toEqual({ ...before.next, "next-2.0": "2.0.0-beta.1" });
  expect(await tagsOf("user")).toEqual(before.user);

  const settled = countWrites();
  for (const args of [[], ["--base", "auto"]]) {
    const third = await runAgain(first, old, args);
    expect(third.code, third.stderr).toBe(0);
  }
  // The run of the first commit too, which had released everything.
  const oldest = await runAgain("0".repeat(40), first, []);
  expect(oldest.code, oldest.stderr).toBe(0);
  expect(oldest.stderr.replaceAll(/\s+/g, " ")).toContain(
    "latest of @old/plain is at 1.2.0 and is not moved down to 1.0.0",
  );
  expect(countWrites()).toBe(settled);
});

test("a tag that was asked for is moved down, and that is said", async () => {
  const commit = (await main.git("rev-parse", "HEAD~1")).trim();
  const first = await main.git("rev-parse", "HEAD~2");
  const latest = (await tagsOf("plain"))["latest"];
  const { code, stderr } = await runAgain(first, commit, ["--tag", "latest", "--only", "@old/plain"]);
  expect(code, stderr).toBe(0);
  expect(stderr.replaceAll(/\s+/g, " ")).toContain(
    `@old/plain@1.1.0 moves latest down, as --tag asks: latest is at ${latest}`,
  );
  expect((await tagsOf("plain"))["latest"]).toBe("1.1.0");
});
