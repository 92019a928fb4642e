/** What is released: generated workspaces of some sizes, and the corpus of really published packages. */
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { prepareCorpus } from "./corpus/corpus.ts";
import { generatePackages, writeWorkspace } from "./generate.ts";
import type { BenchPackage } from "./generate.ts";
import { makeFlavour, packAll } from "./prepare.ts";
import type { Flavour } from "./prepare.ts";
import { getProgram } from "./programs.ts";
import type { Program, ProgramId } from "./programs.ts";
import type { UploadItem } from "./raw-upload.ts";

export const corpusId = "corpus";
export const sizes: readonly string[] = ["10", "50", "200", "1000"];
/** Of generated packages, as `--n` names them. */
export const layers = 6;

export interface Input {
  /** How many were generated, or `corpus`. */
  readonly id: string;
  readonly packages: readonly BenchPackage[];
  readonly items: readonly UploadItem[];
  /** The workspace in the flavour of each package manager that was asked for. */
  readonly workspaces: ReadonlyMap<Flavour, string>;
  readonly layersFile: string;
  readonly ignoreScripts: boolean;
}

/** The layer of each package: from 0, one above the highest that it depends on. Throws for a circle. */
export function findLayers(
  packages: readonly Pick<BenchPackage, "name" | "dependencies">[],
): ReadonlyMap<string, number> {
  const byName = new Map(packages.map((item) => [item.name, item]));
  const found = new Map<string, number>();
  const open = new Set<string>();
  function layerOf(name: string): number {
    const known = found.get(name);
    if (known !== undefined) return known;
    if (open.has(name)) throw new Error(`${name} depends on itself`);
    open.add(name);
    const layer = Math.max(-1, ...(byName.get(name)?.dependencies ?? []).map(layerOf)) + 1;
    found.set(name, layer);
    return layer;
  }
  for (const { name } of packages) layerOf(name);
  return found;
}

async function writePackages(
  folder: string,
  id: string,
  say: (text: string) => void,
): Promise<{ readonly root: string; readonly packages: readonly BenchPackage[] }> {
  if (id === corpusId) {
    const corpus = await prepareCorpus(folder, { say });
    const found = findLayers(corpus.packages);
    const packages = corpus.packages.map((item) => ({ ...item, layer: found.get(item.name) ?? 0 }));
    return { root: corpus.root, packages };
  }
  const packages = generatePackages({ packages: Number(id), layers, seed: 20261121, sizeBytes: 60_000 });
  const root = join(folder, "workspace");
  await mkdir(root, { recursive: true });
  await writeWorkspace(root, packages);
  return { root, packages };
}

/** Makes all that competitors need of an input, in an empty folder. */
export async function prepareInput(
  folder: string,
  id: string,
  flavours: ReadonlySet<Flavour>,
  programs: ReadonlyMap<ProgramId, Program>,
  say: (text: string) => void,
): Promise<Input> {
  await mkdir(folder, { recursive: true });
  const { root, packages } = await writePackages(folder, id, say);
  const workspaces = new Map<Flavour, string>();
  for (const flavour of ["npm", ...flavours] as const)
    if (!workspaces.has(flavour)) workspaces.set(flavour, await makeFlavour(root, flavour, programs));
  const layersFile = join(folder, "layers.json");
  const layerOfFolder = packages.map(({ dir, layer }) => [basename(dir), layer] as const);
  await writeFile(layersFile, JSON.stringify(Object.fromEntries(layerOfFolder)));
  const npmWorkspace = workspaces.get("npm") ?? root;
  const items = await packAll(npmWorkspace, packages, getProgram(programs, "npm"));
  return { id, packages, items, workspaces, layersFile, ignoreScripts: id === corpusId };
}
