/**
 * Releases the corpus with the command line, twice, to a registry that holds nothing but the externals. What the second
 * run writes is counted by the registry, not asked of Slipway.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { isJsonObject } from "@slipway/core";
import { runSlipway } from "@slipway/testkit";
import type { Verdaccio } from "@slipway/testkit";

import { countWrites } from "../check-registry.ts";
import type { Corpus } from "./corpus.ts";
import { startRecordingProxy } from "./recording-proxy.ts";

const timeoutMs = 10 * 60_000;

export interface ReleaseRun {
  readonly exitCode: number | null;
  readonly wallMs: number;
  /** Requests that reached the registry, and those of them that can have changed packages. */
  readonly requests: number;
  readonly writes: number;
  readonly counts: Readonly<Record<string, number>>;
  /** What it said, for a run that failed. */
  readonly stderr: string;
}

export interface Release {
  /** The commit that Slipway planned from. */
  readonly commit: string;
  readonly first: ReleaseRun;
  readonly second: ReleaseRun;
  /** The publish documents as they were sent, by package name. */
  readonly documents: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Slipway's tarballs by package name. */
  readonly tarballs: ReadonlyMap<string, ReleasedTarball>;
}

export interface ReleasedTarball {
  /** Absolute path. */
  readonly path: string;
  readonly bytes: Buffer;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return isJsonObject(value) ? value : {};
}

/** Runs `slipway publish` twice. Throws when there was no release at all; a release that failed is in the result. */
export async function releaseCorpus(corpus: Corpus, registry: Verdaccio): Promise<Release> {
  const proxy = await startRecordingProxy(registry.url);
  try {
    const run = async (): Promise<{ readonly run: ReleaseRun; readonly report: Readonly<Record<string, unknown>> }> => {
      const before = registry.accessLog().length;
      const args = ["publish", "--yes", "--ignore-scripts", "--json"];
      const result = await runSlipway(args, {
        cwd: corpus.root,
        registry: proxy.url,
        token: registry.token,
        timeoutMs,
      });
      const log = registry.accessLog().slice(before);
      const report = objectOf(result.stdout.trim() === "" ? undefined : JSON.parse(result.stdout));
      const counts = Object.entries(objectOf(report["counts"])).map(([key, count]) => [key, Number(count)] as const);
      return {
        report,
        run: {
          exitCode: result.code,
          wallMs: result.durationMs,
          requests: log.length,
          writes: countWrites(log),
          counts: Object.fromEntries(counts),
          stderr: result.stderr,
        },
      };
    };
    const first = await run();
    const { releaseId } = first.report;
    if (typeof releaseId !== "string") throw new Error(`slipway made no release: ${first.run.stderr}`);
    const tarballs = await readTarballs(corpus.root, releaseId);
    const second = await run();
    const commit = String(first.report["commit"]);
    return { commit, first: first.run, second: second.run, documents: documentsByName(proxy.documents), tarballs };
  } finally {
    await proxy.close();
  }
}

function documentsByName(
  documents: ReadonlyMap<string, Buffer>,
): ReadonlyMap<string, Readonly<Record<string, unknown>>> {
  return new Map(
    [...documents.values()]
      .map((body) => objectOf(JSON.parse(body.toString("utf8"))))
      .filter((document) => "_attachments" in document)
      .map((document) => [String(document["name"]), document]),
  );
}

/** The plan names the tarballs of the release folder, and they are read before anything can change them. */
async function readTarballs(root: string, releaseId: string): Promise<ReadonlyMap<string, ReleasedTarball>> {
  const folder = join(root, ".slipway", releaseId);
  const plan = objectOf(objectOf(JSON.parse(await readFile(join(folder, "plan.json"), "utf8")))["plan"]);
  const tarballs = Array.isArray(plan["tarballs"]) ? plan["tarballs"].map(objectOf) : [];
  const entries = await Promise.all(
    tarballs.map(async (tarball) => {
      const path = join(folder, String(tarball["path"]));
      return [String(tarball["spec"]).replace(/(?<=.)@.*$/, ""), { path, bytes: await readFile(path) }] as const;
    }),
  );
  return new Map(entries);
}
