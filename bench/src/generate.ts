/** Makes the workspace that every competitor publishes: layered packages of realistic text, the same for a seed. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { createRandom } from "./random.ts";
import type { Random } from "./random.ts";
import { writeModule } from "./source-text.ts";

export interface GenerateOptions {
  /** How many; at least one a layer. */
  readonly packages: number;
  readonly layers: number;
  readonly seed: number;
  /** Source text of one package, unpacked; sizes vary by a quarter around it. */
  readonly sizeBytes: number;
}

interface GeneratedFile {
  /** Posix path relative to the package. */
  readonly path: string;
  readonly text: string;
}

/** A package of the workspace, as all that measures it has to know it. */
export interface BenchPackage {
  readonly name: string;
  readonly version: string;
  /** From 0; a package depends on at least one of the layer below, and on lower ones only. */
  readonly layer: number;
  /** Names. */
  readonly dependencies: readonly string[];
  /** Posix path relative to the workspace root. */
  readonly dir: string;
}

export interface GeneratedPackage extends BenchPackage {
  readonly files: readonly GeneratedFile[];
}

/** The layer of each package, lowest first. What most workspaces look like: many packages below, few above. */
function assignLayers({ packages, layers }: GenerateOptions): readonly number[] {
  // One each, and of the others a share by the root of what is above: 50 in six layers are 11, 11, 9, 8, 6 and 5.
  const weights = Array.from({ length: layers }, (_, layer) => Math.sqrt(layers - layer));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const sizes = weights.map((weight) => 1 + Math.floor((weight / total) * (packages - layers)));
  const missing = packages - sizes.reduce((sum, size) => sum + size, 0);
  return sizes.flatMap((size, layer) => Array.from({ length: size + (layer < missing ? 1 : 0) }, () => layer));
}

function pickSome(random: Random, names: readonly string[], count: number): readonly string[] {
  return random.shuffle(names).slice(0, count);
}

/** Pure: equal options give equal packages. They are listed by name, which says nothing about their layers. */
export function generatePackages(options: GenerateOptions): readonly GeneratedPackage[] {
  if (options.packages < options.layers)
    throw new RangeError(`${options.packages} packages cannot fill ${options.layers} layers`);
  const random = createRandom(options.seed);
  const numbers = random.shuffle(Array.from({ length: options.packages }, (_, index) => index));
  const width = String(options.packages).length;
  const byLayer: string[][] = Array.from({ length: options.layers }, () => []);
  const packages: GeneratedPackage[] = [];
  for (const [index, layer] of assignLayers(options).entries()) {
    const number = numbers[index] ?? index;
    const short = `part-${String(number).padStart(width, "0")}`;
    const name = `@bench/${short}`;
    const below = pickSome(random, byLayer[layer - 1] ?? [], 1 + random.below(2));
    const deeper = pickSome(random, byLayer.slice(0, Math.max(0, layer - 1)).flat(), random.below(2));
    const dependencies = [...below, ...deeper].sort();
    byLayer[layer]?.push(name);
    const version = `1.${random.below(20)}.${random.below(20)}`;
    const sizeBytes = Math.round(options.sizeBytes * (0.75 + random.below(51) / 100));
    const files = writeFiles(random, { name, dependencies, sizeBytes });
    packages.push({ name, version, layer, dependencies, dir: `packages/${short}`, files });
  }
  return packages.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function writeFiles(
  random: Random,
  { name, dependencies, sizeBytes }: { name: string; dependencies: readonly string[]; sizeBytes: number },
): readonly GeneratedFile[] {
  const modules = 4 + random.below(6);
  const files = Array.from({ length: modules }, (_, index) => ({
    path: index === 0 ? "src/index.js" : `src/module-${index}.js`,
    text: writeModule(random, Math.floor(sizeBytes / modules), index === 0 ? dependencies : []),
  }));
  return [...files, { path: "README.md", text: `# ${name}\n\nA generated package of the benchmark.\n` }];
}

/** The manifest of a generated package, with plain ranges for its dependencies. */
export function manifestOf(item: GeneratedPackage, versions: ReadonlyMap<string, string>): object {
  const dependencies = Object.fromEntries(item.dependencies.map((name) => [name, `^${versions.get(name) ?? "0.0.0"}`]));
  return {
    name: item.name,
    version: item.version,
    description: "A generated package of the benchmark",
    license: "MIT",
    repository: { type: "git", url: "git+https://git.example/bench/workspace.git", directory: item.dir },
    type: "module",
    exports: "./src/index.js",
    files: ["src"],
    publishConfig: { access: "public" },
    dependencies,
  };
}

/** Writes the packages as a workspace of npm. The folder must be empty. */
export async function writeWorkspace(root: string, packages: readonly GeneratedPackage[]): Promise<void> {
  const versions = new Map(packages.map((item) => [item.name, item.version]));
  const files: GeneratedFile[] = [
    { path: "package.json", text: json({ name: "bench-workspace", private: true, workspaces: ["packages/*"] }) },
  ];
  for (const item of packages) {
    files.push({ path: `${item.dir}/package.json`, text: json(manifestOf(item, versions)) });
    for (const file of item.files) files.push({ path: `${item.dir}/${file.path}`, text: file.text });
  }
  for (const file of files) {
    const path = join(root, file.path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file.text);
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
