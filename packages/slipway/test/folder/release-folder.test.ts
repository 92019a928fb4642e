/** The lock of a release folder: one process at a time, whoever died with it open. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openReleaseFolder, type ReleaseFolder, tarballPath } from "../../src/release-folder.ts";

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "slipway-folder-"));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

const moduleUrl = new URL("../../src/release-folder.ts", import.meta.url).href;

/** Another process opens the folder and is killed before it can close it. */
async function dieWithFolderOpen(): Promise<void> {
  const script = `
    const { openReleaseFolder } = await import(${JSON.stringify(moduleUrl)});
    await openReleaseFolder(${JSON.stringify(dir)});
    process.stdout.write("open");
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ["--conditions=slipway-source", "--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  await expect(openReleaseFolder(dir)).rejects.toThrow(`SLIP_FOLDER_IN_USE: process ${child.pid} has`);
  child.kill("SIGKILL");
  await exited;
}

/** How many of several that open the folder at the same time get it; those close it again. */
async function openAtOnce(count: number): Promise<number> {
  const results = await Promise.allSettled(Array.from({ length: count }, () => openReleaseFolder(dir)));
  const opened: ReleaseFolder[] = [];
  for (const result of results)
    if (result.status === "fulfilled") opened.push(result.value);
    else expect(String(result.reason)).toContain("SLIP_FOLDER_IN_USE");
  for (const folder of opened) await folder.close();
  return opened.length;
}

test.each([
  ["a", "1.0.0", "a-1.0.0", "0.0.0"],
  ["a", "1.0.0-b-2.0.0", "a-1.0.0-b", "2.0.0"],
  ["@a/b", "1.0.0", "a-b", "1.0.0"],
  ["@a-b/c", "1.0.0", "@a/b-c", "1.0.0"],
])("the tarballs of %s@%s and %s@%s are two files", (name, version, otherName, otherVersion) => {
  const path = tarballPath(name, version);
  expect(path.split("/").length).toBe(2);
  expect(tarballPath(otherName, otherVersion)).not.toBe(path);
});

test("a folder is open once, and free again after it was closed", async () => {
  const first = await openReleaseFolder(dir);
  await expect(openReleaseFolder(dir)).rejects.toThrow("SLIP_FOLDER_IN_USE");
  await first.close();
  const second = await openReleaseFolder(dir);
  await second.close();
  expect((await readdir(dir)).sort()).toEqual([".gitignore", "tarballs"]);
});

test("of several that open a folder at the same time, one at most gets it", async () => {
  for (let round = 0; round < 30; round += 1) expect(await openAtOnce(4)).toBeLessThanOrEqual(1);
});

test("of several that find the lock of a dead process at the same time, one at most gets the folder", async () => {
  for (let round = 0; round < 3; round += 1) {
    await dieWithFolderOpen();
    expect(await openAtOnce(6)).toBeLessThanOrEqual(1);
  }
  const after = await openReleaseFolder(dir);
  await after.close();
  expect((await readdir(dir)).sort()).toEqual([".gitignore", "tarballs"]);
});

test("closing does not take away the lock that another holds", async () => {
  const first = await openReleaseFolder(dir);
  await first.close();
  const second = await openReleaseFolder(dir);
  await first.close();
  await expect(openReleaseFolder(dir)).rejects.toThrow("SLIP_FOLDER_IN_USE");
  await second.close();
});
