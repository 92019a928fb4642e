/**
 * Keeps a folder to one process at a time, also after an owner that died. Each process that wants the folder has a file of
 * its own in it, named for the process, and has the folder only while no other living process has one: what a file says
 * never changes, so a dead owner's can be removed by anybody without taking a living one's away. Waits for nobody.
 */
import { randomBytes } from "node:crypto";
import { open, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "@slipway/core";
import { failToWrite, isCode } from "./journal.ts";

interface Owner {
  readonly pid: number;
  /** Tells a process from a later one with the same pid; empty where the system does not say. */
  readonly startedAt: string;
}

/** Processes that come at the same time see each other and withdraw; the first by name comes again this often. */
const attemptsMax = 20;

/** Locks `dir` and returns what unlocks it. Throws SLIP_FOLDER_IN_USE while another process has it. */
export async function lockFolder(dir: string): Promise<() => Promise<void>> {
  const self = (await describeProcess(process.pid)) ?? { pid: process.pid, startedAt: "" };
  const name = `lock.${self.pid}.${self.startedAt}.${randomBytes(8).toString("hex")}`;
  const path = join(dir, name);
  const unlock = (): Promise<void> => rm(path, { force: true });
  for (let attempt = 1; ; attempt += 1) {
    try {
      await (await open(path, "wx", 0o600)).close();
    } catch (cause) {
      failToWrite(path, cause);
    }
    const others = await findOthers(dir, name);
    const [first] = others;
    if (first === undefined) return unlock;
    await unlock();
    if (attempt === attemptsMax || others.some((other) => other.name < name))
      fail("SLIP_FOLDER_IN_USE", `process ${first.owner.pid} has ${dir} open`);
  }
}

/** The files of other living processes; those of dead ones are removed. */
async function findOthers(
  dir: string,
  own: string,
): Promise<readonly { readonly name: string; readonly owner: Owner }[]> {
  const others: { readonly name: string; readonly owner: Owner }[] = [];
  for (const name of await readdir(dir)) {
    const owner = name === own ? undefined : parseName(name);
    if (owner === undefined) continue;
    if (isSame(owner, await describeProcess(owner.pid))) others.push({ name, owner });
    else await rm(join(dir, name), { force: true });
  }
  return others;
}

/** True unless the owner is known to be gone: nobody's lock is taken away on a guess. */
function isSame(owner: Owner, living: Owner | undefined): boolean {
  if (living === undefined) return false;
  return owner.startedAt === "" || living.startedAt === "" || owner.startedAt === living.startedAt;
}

function parseName(name: string): Owner | undefined {
  const [, pid, startedAt] = /^lock\.(\d+)\.(\d*)\.[0-9a-f]+$/.exec(name) ?? [];
  return pid === undefined || startedAt === undefined ? undefined : { pid: Number(pid), startedAt };
}

async function describeProcess(pid: number): Promise<Owner | undefined> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, under another user.
    if (!isCode(error, "EPERM")) return undefined;
  }
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // Field 22, counted after the command's closing parenthesis, which is field 2 and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { pid, startedAt: fields[0] === "Z" ? "gone" : (fields[19] ?? "") };
  } catch {
    // Not Linux, hidden from this user, or gone in between: the pid alone has to do.
    return { pid, startedAt: "" };
  }
}
