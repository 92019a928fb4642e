/** Release folders that were changed, belong to something else, or cannot be written. */
import { appendFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startFaultProxy } from "@slipway/testkit";
import type { BadInput, Run, World } from "./case.ts";

/** Packs the release and returns its folder. */
async function pack({ slipway }: World): Promise<string> {
  const { dir } = JSON.parse(await slipway(["pack", "--json"])) as { readonly dir: string };
  return dir;
}

/** A case on `slipway publish DIR`, after `spoil` has changed the packed folder. */
function folder(
  what: string,
  code: string,
  exit: 1 | 2,
  says: RegExp,
  spoil: (dir: string, world: World) => Promise<void>,
): BadInput {
  return {
    what,
    exit,
    codes: [code],
    says: [says],
    prepare: async (world) => {
      const dir = await pack(world);
      await spoil(dir, world);
      return { args: ["publish", dir] };
    },
  };
}

async function editPlan(dir: string, change: (plan: Record<string, unknown>) => void): Promise<void> {
  const path = join(dir, "plan.json");
  const file = JSON.parse(await readFile(path, "utf8")) as { digest: string; plan: Record<string, unknown> };
  change(file.plan);
  await writeFile(path, JSON.stringify(file));
}

/** Whole lines of a valid journal that say nothing, so many bytes that nothing more fits under the limit. */
async function fillJournal(dir: string, releaseId: string, sizeMin: number): Promise<void> {
  const common = { at: 1, planDigest: "0", toolVersion: "0.0.0", attempt: 1 };
  const opened = JSON.stringify({ type: "opened", schema: 1, releaseId, ...common });
  const line = JSON.stringify({ type: "resumed", ...common });
  const lines = Array.from({ length: Math.ceil(sizeMin / line.length) }, () => line);
  await writeFile(join(dir, "journal.ndjson"), `${[opened, ...lines].join("\n")}\n`);
}

async function journalWith(world: World, change: (dir: string, releaseId: string) => Promise<void>): Promise<void> {
  const { path, plan } = JSON.parse(await world.slipway(["plan", "--json"])) as {
    readonly path: string;
    readonly plan: { readonly releaseId: string };
  };
  await change(join(path, ".."), plan.releaseId);
}

function journal(what: string, says: RegExp, text: (releaseId: string) => string): BadInput {
  return {
    what,
    exit: 1,
    codes: ["SLIP_JOURNAL_INVALID"],
    says: [says],
    prepare: (world) =>
      journalWith(world, async (dir, releaseId) => {
        await writeFile(join(dir, "journal.ndjson"), text(releaseId));
      }),
  };
}

function opened(releaseId: string): string {
  return `${JSON.stringify({ type: "opened", at: 1, schema: 1, releaseId, planDigest: "0", toolVersion: "0", attempt: 1 })}\n`;
}

/** Publishes another version of `b` from a clone, as a stranger would between plan and publish. */
async function strangerPublishes(world: World, version: string): Promise<void> {
  const clone = await world.workspace.clone();
  await clone.edit("packages/b", (old) => ({ ...old, version }));
  await clone.commitAll("A stranger's release");
  await world.slipway(["publish", "--only", "*/b", "--cwd", clone.root]);
  await clone.dispose();
}

/** 1.0.0 is there, 1.1.0 of both is packed, and then somebody else publishes `version` of `b`. */
function overtaken(version: string, says: RegExp): BadInput {
  return {
    what: `a plan whose dist-tag somebody else has moved to ${version}`,
    exit: 1,
    codes: ["SLIP_PLAN_STALE"],
    says: [says],
    prepare: async (world): Promise<Run> => {
      const { workspace, scope, slipway } = world;
      await slipway(["publish"]);
      for (const name of ["a", "b"])
        await workspace.edit(`packages/${name}`, (old) => ({
          ...old,
          version: "1.1.0",
          ...(name === "b" ? { dependencies: { [`@${scope}/a`]: "^1.0.0" } } : {}),
        }));
      await workspace.commitAll("Bump");
      const dir = await pack(world);
      await strangerPublishes(world, version);
      return { args: ["publish", dir] };
    },
  };
}

export const folderCases: readonly BadInput[] = [
  folder("an edited tarball", "SLIP_TARBALL_CHANGED", 1, /\+b@1\.0\.0\.tgz is not what pack made/, (dir, { scope }) =>
    appendFile(join(dir, "tarballs", `@${scope}+b@1.0.0.tgz`), "x"),
  ),
  folder("a tarball that is gone", "SLIP_TARBALL_CHANGED", 1, /\+b@1\.0\.0\.tgz cannot be read/, (dir, { scope }) =>
    rm(join(dir, "tarballs", `@${scope}+b@1.0.0.tgz`)),
  ),
  folder("an edited plan", "SLIP_PLAN_CHANGED", 1, /plan\.json was edited/, (dir) =>
    editPlan(dir, (plan) => {
      plan["warnings"] = ["harmless"];
    }),
  ),
  folder("a plan that is not JSON", "SLIP_FOLDER_INVALID", 2, /plan\.json/, (dir) =>
    writeFile(join(dir, "plan.json"), "{"),
  ),
  folder("a plan.json that holds something else", "SLIP_FOLDER_INVALID", 2, /plan\.json does not hold a plan/, (dir) =>
    writeFile(join(dir, "plan.json"), "[]"),
  ),
  folder("a folder without a plan", "SLIP_FOLDER_INVALID", 2, /plan\.json does not exist/, (dir) =>
    rm(join(dir, "plan.json")),
  ),
  {
    what: "a folder that does not exist",
    exit: 2,
    codes: ["SLIP_FOLDER_INVALID"],
    says: [/nowhere/],
    args: ["publish", "nowhere"],
  },
  {
    what: "a plan that was not packed",
    exit: 2,
    codes: ["SLIP_FOLDER_INVALID"],
    says: [/is not packed/, /slipway pack/],
    prepare: async ({ slipway }) => {
      const { path } = JSON.parse(await slipway(["plan", "--json"])) as { readonly path: string };
      return { args: ["publish", join(path, "..")] };
    },
  },
  {
    what: "another plan than the one whose digest was given",
    exit: 1,
    codes: ["SLIP_PLAN_CHANGED"],
    says: [/0{64}/, /^hint: .*slipway pack printed/m],
    prepare: async (world) => ({ args: ["publish", await pack(world), "--plan-digest", "0".repeat(64)] }),
  },
  {
    what: "a plan of another commit given to pack",
    exit: 1,
    codes: ["SLIP_PLAN_STALE"],
    says: [/not of this workspace/, /^hint: plan again/m],
    prepare: async ({ slipway, workspace }) => {
      const { path } = JSON.parse(await slipway(["plan", "--json"])) as { readonly path: string };
      await workspace.write("packages/a/index.js", "export {};\n");
      await workspace.commitAll("Change it");
      return { args: ["pack", path] };
    },
  },
  journal("the journal of another release", /is not the journal of release [0-9a-f]{12}/, () => opened("0123456789ab")),
  journal("a broken line in the journal", /line 2 of .*journal\.ndjson is not JSON/, (id) => `${opened(id)}{"type":\n`),
  journal(
    "a line in the journal that this version does not know",
    /line 2 of .*journal\.ndjson is not an event/,
    (id) => `${opened(id)}{"type":"teleported","at":1}\n`,
  ),
  {
    what: "a file where the release folders go",
    exit: 1,
    codes: ["SLIP_DISK"],
    says: [/\.slipway/],
    prepare: ({ workspace }) => workspace.write(".slipway", "a file\n"),
  },
  {
    what: "a folder where the journal goes",
    exit: 1,
    codes: ["SLIP_JOURNAL_INVALID"],
    says: [/journal\.ndjson cannot be read: EISDIR/],
    prepare: (world) => journalWith(world, async (dir) => void (await mkdir(join(dir, "journal.ndjson")))),
  },
  {
    what: "a disk that is full when packing",
    exit: 1,
    codes: ["SLIP_DISK"],
    says: [/could not be written/, /free space/],
    prepare: async () => ({ fileSizeMaxKb: 0 }),
  },
  {
    what: "a disk that is full when the journal begins",
    exit: 1,
    codes: ["SLIP_DISK"],
    says: [/journal\.ndjson could not be written/, /free space/],
    prepare: async (world) => {
      await journalWith(world, (dir, releaseId) => fillJournal(dir, releaseId, 16 * 1024));
      return { fileSizeMaxKb: 16 };
    },
  },
  {
    what: "a registry that is down when the packed folder is published",
    exit: 3,
    codes: ["SLIP_REGISTRY_UNREACHABLE"],
    says: [/@[\w-]+\/b@1\.0\.0: connection refused/, /nothing is known to be wrong/],
    prepare: async ({ verdaccio, slipway }) => {
      const proxy = await startFaultProxy({ target: verdaccio.url });
      const packed = await slipway(["pack", "--json", "--registry", proxy.url]);
      await proxy.close();
      const { dir } = JSON.parse(packed) as { readonly dir: string };
      return { args: ["publish", dir, "--wait", "500ms"], registry: proxy.url };
    },
  },
  overtaken("1.0.5", /dist-tag latest of @[\w-]+\/b shows 1\.0\.5; the plan saw 1\.0\.0 and wants 1\.1\.0/),
  overtaken("2.0.0", /would move the dist-tag latest of @[\w-]+\/b back from 2\.0\.0/),
];
