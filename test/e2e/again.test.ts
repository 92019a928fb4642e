/** What a second command may and may not conclude from what an earlier one left behind. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createWorkspace,
  runSlipway,
  startNode,
  startVerdaccio,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

const killer = fileURLToPath(new URL("./publish-and-die.ts", import.meta.url));

let verdaccio: Verdaccio;

beforeAll(async () => {
  verdaccio = await startVerdaccio();
});

afterAll(() => verdaccio.close());

interface ReportJson {
  readonly isComplete: boolean;
  readonly versions: readonly { readonly name: string; readonly status: string }[];
}

const optionsOf = (workspace: TestWorkspace) => ({
  cwd: workspace.root,
  registry: verdaccio.url,
  token: verdaccio.token,
});

test("a report of a part says nothing about what a later, killed run has sent", async () => {
  const workspace = await createWorkspace({ packages: [{ name: "part-a" }, { name: "part-b" }] });
  const options = optionsOf(workspace);
  const part = await runSlipway(["publish", "--only", "part-a"], options);
  expect(part.code, part.stderr).toBe(0);
  // It dies once the second package was uploaded, before its tarball was downloaded.
  const { result } = await startNode(killer, ["5", "publish"], options);
  expect((await result).signal).toBe("SIGKILL");
  expect(verdaccio.accessLog()).toContainEqual(expect.objectContaining({ method: "PUT", url: "/part-b", status: 201 }));
  const again = await runSlipway(["publish", "--json"], options);
  expect(again.code, again.stderr).toBe(0);
  const report = JSON.parse(again.stdout) as ReportJson;
  expect(report.versions.map(({ name, status }) => [name, status])).toContainEqual(["part-b", "done"]);
  await workspace.dispose();
});

test("a completed release is not looked at again", async () => {
  const workspace = await createWorkspace({ packages: [{ name: "whole-a" }] });
  const options = optionsOf(workspace);
  expect((await runSlipway(["publish"], options)).code).toBe(0);
  const again = await runSlipway(["publish", "--json"], options);
  expect(again.code, again.stderr).toBe(0);
  expect((JSON.parse(again.stdout) as ReportJson).versions).toEqual([]);
  await workspace.dispose();
});

test("a plan made after a completed release does not take the place of its plan", async () => {
  const workspace = await createWorkspace({ packages: [{ name: "planned-a" }] });
  const options = optionsOf(workspace);
  expect((await runSlipway(["publish"], options)).code).toBe(0);
  const plan = await runSlipway(["plan"], options);
  expect(plan.code, plan.stderr).toBe(0);
  expect(plan.stdout).toMatch(/Not written +this release is finished, and its plan stays/);
  const [id = ""] = await readdir(join(workspace.root, ".slipway"));
  const verified = await runSlipway(["verify", join(".slipway", id)], options);
  expect(verified.stdout).toContain("Verified  1 of 1 version");
  await workspace.dispose();
});

test.each([
  ["--tag", "next"],
  ["--accept", `flags-a@1.0.0=sha512-${"A".repeat(86)}==`],
  ["--only", "flags-a"],
  ["--ignore-scripts"],
  ["--registry", "http://127.0.0.1:9/"],
])("publish DIR refuses what the plan has decided already: %s", async (...flag) => {
  const workspace = await createWorkspace({ packages: [{ name: "flags-a" }] });
  const options = optionsOf(workspace);
  const packed = await runSlipway(["pack", "--json"], options);
  const { dir } = JSON.parse(packed.stdout) as { readonly dir: string };
  const refused = await runSlipway(["publish", dir, ...flag], options);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(`${flag[0]} has no effect on a packed release`);
  expect(verdaccio.accessLog().filter((entry) => entry.method === "PUT" && entry.url.includes("flags-a"))).toEqual([]);
  await workspace.dispose();
});

test("events and what went wrong are one JSON value a line", async () => {
  const workspace = await createWorkspace({ packages: [{ name: "lines-a" }] });
  const options = optionsOf(workspace);
  for (const args of [["publish"], ["publish", "no-such-folder"]]) {
    const { stdout } = await runSlipway([...args, "--json=events"], options);
    const lines = stdout.trim().split("\n");
    expect(lines.map((line) => typeof JSON.parse(line))).toEqual(lines.map(() => "object"));
  }
  await workspace.dispose();
});

test("a digest without the folder that it belongs to is refused", async () => {
  const workspace = await createWorkspace({ packages: [{ name: "digest-a" }] });
  const refused = await runSlipway(["publish", "--plan-digest", "0".repeat(64)], optionsOf(workspace));
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("--plan-digest");
  await workspace.dispose();
});
