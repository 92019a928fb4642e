/** The tables of docs/package-managers.md, made of what was measured. No I/O. */
import { declared, rangeOf, released, textOf } from "./fixture.ts";
import { type ManagerName, managers } from "./tools.ts";

export interface Measured {
  readonly manager: ManagerName;
  /** Undefined for npm, which is the machine's. */
  readonly version: string | undefined;
  /** Packages whose tarball is, byte for byte, the one that the manager's own pack makes at another time. */
  readonly sameBytes: number;
  readonly sameEntries: number;
  /** Fields of publishConfig that took effect. */
  readonly applied: readonly string[];
  /** The scripts of `base` that ran. */
  readonly scripts: readonly string[];
  /** Packages that could be installed and loaded, by whoever installed them. */
  readonly loaded: Readonly<Record<ManagerName, number>>;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function table(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n");
}

function nameOf({ manager, version }: Measured): string {
  return version === undefined ? manager : `${manager} ${version}`;
}

export function renderInstalls(measured: readonly Measured[]): string {
  const rows = measured.map((item) => [
    nameOf(item),
    ...managers.map((installer) => `${item.loaded[installer]} of ${released.length}`),
  ]);
  return table([["packed by", ...managers.map((name) => `installed by ${name}`)], ...rows]);
}

function share(count: number): string {
  return count === released.length ? "all" : `${count} of ${released.length}`;
}

function code(text: string): string {
  return `\`${text.replaceAll("SCOPE", "@x")}\``;
}

export function renderPacking(measured: readonly Measured[]): string {
  const rows = measured.map((item) => [
    nameOf(item),
    share(item.sameBytes),
    share(item.sameEntries),
    item.applied.map((field) => `\`${field}\``).join(", ") || "none",
    item.scripts.map((name) => `\`${name}\``).join(", "),
  ]);
  return table([
    ["packed by", "same bytes as its own pack", "same files", "`publishConfig` that takes effect", "scripts that run"],
    ...rows,
  ]);
}

export function renderRanges(): string {
  const rows = declared.map((item) => [
    item.kind,
    code(item.on),
    ...managers.slice(1).map((name) => code(textOf(item, name))),
    managers.slice(1).every((name) => rangeOf(item, name) === rangeOf(item, "pnpm"))
      ? code(rangeOf(item, "pnpm"))
      : managers
          .slice(1)
          .map((name) => `${name} ${code(rangeOf(item, name))}`)
          .join(", "),
  ]);
  return table([["field", "dependency", "pnpm", "yarn", "bun", "published, where the sibling is 1.2.3"], ...rows]);
}
