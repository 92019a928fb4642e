/** Workspaces for simulations: three in a chain and one beside it, or whatever a seed makes. */
import { type Source, isJsonObject, parseManifest } from "@slipway/core";
import type { Random } from "./random.ts";
import type { SimPackage, SimSource } from "./machine.ts";

export interface PackageShape {
  readonly name: string;
  readonly version: string;
  /** Dependencies by name: a range, always of `dependencies`. */
  readonly needs: Readonly<Record<string, string>>;
}

export const commit = "c0ffee".padEnd(40, "0");

export function makeSource(shapes: readonly PackageShape[], source: Partial<Source> = {}): SimSource {
  return {
    packages: shapes.map(makePackage),
    source: { repository: "git+ssh://git.invalid/simulated.git", commit, isClean: true, ...source },
  };
}

function makePackage({ name, version, needs }: PackageShape): SimPackage {
  const manifest = { name, version, main: "index.js", dependencies: needs };
  const dir = `packages/${name.replace(/^@.*\//, "")}`;
  const parsed = parseManifest(manifest, dir, `${dir}/package.json`);
  if (parsed.value === undefined || !isJsonObject(manifest))
    throw new Error(`a simulated package is not valid: ${parsed.problems.map(({ message }) => message).join("; ")}`);
  return { item: parsed.value, manifest, files: [{ path: "index.js", text: `exports.name = "${name}";` }] };
}

/** a <- b <- c in a chain, d beside it. */
export const chainAndOne: readonly PackageShape[] = [
  { name: "a", version: "1.0.0", needs: {} },
  { name: "b", version: "1.0.0", needs: { a: "^1.0.0" } },
  { name: "c", version: "1.0.0", needs: { b: "^1.0.0" } },
  { name: "d", version: "1.0.0", needs: {} },
];

export const pair: readonly PackageShape[] = chainAndOne.slice(0, 2);

const versions = ["0.1.0", "1.0.0", "1.2.3", "2.0.0", "2.1.0-beta.1"];

/** One to eight packages whose dependencies point backwards, so there is never a cycle. */
export function randomShapes(random: Random): PackageShape[] {
  const shapes: PackageShape[] = [];
  const count = random.integer(1, 8);
  const density = random.next();
  for (let index = 0; index < count; index += 1) {
    const needs: Record<string, string> = {};
    for (const { name, version } of shapes) {
      if (!random.chance(density / 2)) continue;
      // `*` leaves prereleases out.
      const any = version.includes("-") ? version : "*";
      needs[name] = random.pick([version, `^${version}`, any]);
    }
    const name = random.chance(0.3) ? `@sim/p${index}` : `p${index}`;
    shapes.push({ name, version: random.pick(versions), needs });
  }
  return shapes;
}
