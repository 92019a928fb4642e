/** The state of a workspace for people, one line a package; of many that are published, only those with something to say. */
import { formatSpec } from "@slipway/core";
import type { PackageStatus, StatusData } from "../workspace-status.ts";
import { count } from "./quantities.ts";
import { formatRows, type Row } from "./rows.ts";
import type { Painter, Tone } from "./terminal.ts";

const words: Readonly<Record<PackageStatus["state"], readonly [Tone, string]>> = {
  private: ["quiet", "Private"],
  published: ["good", "Published"],
  unpublished: ["busy", "To publish"],
  new: ["busy", "New"],
  unknown: ["warn", "Unknown"],
};

/** A workspace of more packages than this shows only those in which something is to be done or seen. */
const packagesShownMax = 60;

function noteOf(item: PackageStatus, commit: string | undefined): string {
  const byVersion = Map.groupBy(Object.entries(item.distTags), ([, version]) => version);
  const tags = [...byVersion].map(([version, entries]) => {
    const names = entries.map(([tag]) => tag).join(", ");
    return version === item.version ? names : `${names}: ${version}`;
  });
  return [
    ...(item.reason === undefined ? [] : [item.reason]),
    ...(tags.length === 0 ? [] : [tags.join(" · ")]),
    ...(item.hasGitTag ? ["git tag"] : []),
    ...(item.gitHead === undefined
      ? []
      : [item.gitHead === commit ? "this commit" : `commit ${item.gitHead.slice(0, 12)}`]),
    ...(item.changedFiles.length === 0 ? [] : [`${count(item.changedFiles.length, "file")} changed since`]),
  ].join(" · ");
}

function isQuiet(item: PackageStatus): boolean {
  return item.state === "private" || (item.state === "published" && item.changedFiles.length === 0);
}

function packageRows({ packages, commit }: StatusData): readonly Row[] {
  const isLong = packages.length > packagesShownMax;
  const shown = isLong ? packages.filter((item) => !isQuiet(item)).slice(0, packagesShownMax) : packages;
  const rows = shown.map((item): Row => {
    const [tone, verb] = words[item.state];
    return { tone, verb, what: formatSpec(item.name, item.version), note: noteOf(item, commit) };
  });
  const isListed = new Set(shown);
  const left = packages.filter((item) => !isListed.has(item));
  const rest = [...Map.groupBy(left, (item) => item.state)].map(([state, items]): Row => {
    const [tone, verb] = words[state];
    return { tone, verb, what: `${shown.some((item) => item.state === state) ? "and " : ""}${items.length} more` };
  });
  const [first, ...others] = rest;
  return first === undefined ? rows : [...rows, { ...first, note: "--json lists all of them" }, ...others];
}

export function formatStatus(data: StatusData, painter: Painter): string {
  const releasable = data.packages.filter((item) => item.state === "new" || item.state === "unpublished").length;
  const unknown = data.packages.filter((item) => item.state === "unknown").length;
  const where =
    data.commit === undefined
      ? "outside git"
      : `commit ${data.commit.slice(0, 12)}${data.isClean ? "" : ", with changes that are not committed"}`;
  const what = `${count(data.packages.length, "package")}, ${releasable} to release${unknown > 0 ? `, ${unknown} unknown` : ""}, ${where}`;
  return [
    ...formatRows(packageRows(data), painter),
    ...formatRows([{ tone: unknown > 0 ? "warn" : "good", verb: "Status", what }], painter),
  ].join("\n");
}
