/** The state of a workspace for people, one line a package. */
import { formatSpec } from "@slipway/core";
import type { PackageStatus, StatusData } from "../workspace-status.ts";
import { count } from "./quantities.ts";
import type { Terminal, Tone } from "./terminal.ts";

const words: Readonly<Record<PackageStatus["state"], readonly [Tone, string]>> = {
  private: ["quiet", "Private"],
  published: ["good", "Published"],
  unpublished: ["busy", "To publish"],
  new: ["busy", "New"],
  unknown: ["warn", "Unknown"],
};

function noteOf(item: PackageStatus): string {
  const tags = Object.entries(item.distTags).map(([tag, version]) =>
    version === item.version ? tag : `${tag}: ${version}`,
  );
  return [
    ...(item.reason === undefined ? [] : [item.reason]),
    ...(tags.length === 0 ? [] : [tags.join(", ")]),
    ...(item.hasGitTag ? ["git tag"] : []),
    ...(item.gitHead === undefined ? [] : [`commit ${item.gitHead.slice(0, 12)}`]),
    ...(item.changedFiles.length === 0 ? [] : [`${count(item.changedFiles.length, "file")} changed since`]),
  ].join(" · ");
}

export function formatStatus(data: StatusData, terminal: Pick<Terminal, "paint">): string {
  const width = Math.max(20, ...data.packages.map((item) => formatSpec(item.name, item.version).length));
  const lines = data.packages.map((item) => {
    const [tone, word] = words[item.state];
    return `${terminal.paint(tone, word.padStart(12))}  ${formatSpec(item.name, item.version).padEnd(width)}  ${terminal.paint("quiet", noteOf(item))}`.trimEnd();
  });
  const releasable = data.packages.filter((item) => item.state === "new" || item.state === "unpublished").length;
  const unknown = data.packages.filter((item) => item.state === "unknown").length;
  const where =
    data.commit === undefined
      ? "outside git"
      : `commit ${data.commit.slice(0, 12)}${data.isClean ? "" : ", with changes that are not committed"}`;
  lines.push(
    `${terminal.paint("good", "Status".padStart(12))}  ${count(data.packages.length, "package")}, ${releasable} to release${unknown > 0 ? `, ${unknown} unknown` : ""}, ${where}`,
  );
  return lines.join("\n");
}
