/** The files that a release on a host carries: the tarballs that registries serve, byte for byte, and the report. */
import { readFile } from "node:fs/promises";
import { formatSpec, parseSpec, type Plan, type Spec, type Verification } from "@slipway/core";
import type { ReleaseAsset } from "./hosting/github-releases.ts";
import { isCode } from "./journal.ts";
import { createTarballStore } from "./release-folder.ts";

export interface AssetsRequest {
  /** The release folder. */
  readonly dir: string;
  readonly plan: Plan;
  readonly specs: readonly Spec[];
  readonly verifications: readonly Verification[];
  readonly reportPath: string;
}

/** Of a version that is bound to other bytes than were packed here there is no tarball to attach. */
export async function readReleaseAssets(request: AssetsRequest): Promise<readonly ReleaseAsset[]> {
  const { dir, plan, specs, verifications, reportPath } = request;
  const served = new Map(verifications.map((item) => [formatSpec(item.name, item.version), item.integrity]));
  const packed = new Map((plan.tarballs ?? []).map(({ spec, integrity }) => [spec, integrity]));
  const tarballs = createTarballStore(dir, plan);
  const assets: ReleaseAsset[] = [];
  for (const spec of specs) {
    const integrity = packed.get(spec);
    if (integrity === undefined || served.get(spec) !== integrity) continue;
    const { name, version = "" } = parseSpec(spec);
    const { bytes } = await tarballs.read(name, version);
    assets.push({ name: fileNameOf(name, version), bytes, contentType: "application/gzip" });
  }
  const report = assets.length === 0 ? undefined : await readIfThere(reportPath);
  if (report !== undefined)
    assets.push({ name: "slipway-report.json", bytes: report, contentType: "application/json" });
  return assets;
}

/** As `npm pack` names it; a host may rename what has other characters. */
function fileNameOf(name: string, version: string): string {
  return `${name.replace(/^@/, "").replace("/", "-")}-${version}.tgz`.replaceAll(/[^\w.-]/g, "-");
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
