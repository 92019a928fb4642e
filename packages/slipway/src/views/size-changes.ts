/** How large the tarballs of a plan are, beside what is published. Registries tell little of the latter: what they do not tell is called unknown. Pure. */
import { formatSpec, type Plan, type PlannedPackage, type Tarball } from "@slipway/core";
import { code } from "./markdown.ts";
import { count, formatSize } from "./quantities.ts";

export interface SizeChanges {
  /** Of all tarballs. */
  readonly summary: string;
  /** Package, compared with, packed, unpacked, files. No rows before pack has run. */
  readonly rows: readonly (readonly string[])[];
}

export function describeSizes({ packages, tarballs = [] }: Plan): SizeChanges {
  const bySpec = new Map(tarballs.map((tarball) => [tarball.spec, tarball]));
  const rows = packages.flatMap((item) => {
    const tarball = bySpec.get(formatSpec(item.name, item.version));
    return tarball === undefined ? [] : [describeSize(item, tarball)];
  });
  const packed = tarballs.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  return { summary: `${formatSize(packed)} in ${count(tarballs.length, "tarball")}`, rows };
}

function describeSize(item: PlannedPackage, tarball: Tarball): readonly string[] {
  const { published } = item;
  const compare = (now: number, before: number | undefined, format: (number: number) => string): string =>
    published === undefined ? format(now) : describeChange(now, before, format);
  return [
    code(item.name),
    published === undefined ? "" : code(published.version),
    compare(tarball.sizeBytes, published?.sizeBytes, formatSize),
    compare(tarball.unpackedSizeBytes, published?.unpackedSizeBytes, formatSize),
    compare(tarball.fileCount, published?.fileCount, String),
  ];
}

function describeChange(now: number, before: number | undefined, format: (number: number) => string): string {
  if (before === undefined) return `${format(now)} (before: unknown)`;
  const change = now - before;
  if (change === 0) return `${format(now)} (as before)`;
  return `${format(now)} (${change > 0 ? "+" : "−"}${format(Math.abs(change))})`;
}
