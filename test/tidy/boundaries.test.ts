/** Which part may import which. docs/ARCHITECTURE.md tells why. */
import { expect, test } from "vitest";
import { listFiles, packageOf, readSource, resolveRelative, type SourceFile } from "./source-files.ts";

const areas = ["packages/core/src", "packages/slipway/src", "packages/action/src", "testkit/src", "bench/src"] as const;
type Area = (typeof areas)[number];

function areaOf(path: string): Area | undefined {
  return areas.find((area) => path.startsWith(`${area}/`));
}

const sources: readonly SourceFile[] = listFiles()
  .filter((path) => path.endsWith(".ts") && areaOf(path) !== undefined)
  .map((path) => readSource(path));

/** Every import, as the area or the package that it means. */
const edges = sources.flatMap((source) =>
  source.imports.map(({ specifier, isType }) => {
    const target = resolveRelative(source.path, specifier);
    const to = target === undefined ? packageOf(specifier) : (areaOf(target) ?? target);
    return { path: source.path, area: areaOf(source.path), to, isType };
  }),
);

function outside(area: Area, allowed: readonly string[]): readonly string[] {
  return edges
    .filter((edge) => edge.area === area && edge.to !== area && !allowed.includes(edge.to))
    .map((edge) => `${edge.path} imports ${edge.to}`);
}

test("every area has sources, and imports were found in them", () => {
  for (const area of areas) expect(edges.filter((edge) => edge.area === area).length, area).toBeGreaterThan(0);
});

test("core imports semver and itself, nothing else", () => {
  expect(outside("packages/core/src", ["semver"])).toEqual([]);
});

test("slipway imports nothing of testkit or bench, and core only by its name", () => {
  const wrong = edges.filter(
    (edge) =>
      edge.area === "packages/slipway/src" &&
      ["packages/core/src", "testkit/src", "bench/src", "@slipway/testkit", "@slipway/bench"].includes(edge.to),
  );
  expect(wrong).toEqual([]);
});

test("the action imports slipway and core by their names, and nobody imports the action", () => {
  const own = ["packages/core/src", "packages/slipway/src", "testkit/src", "@slipway/testkit", "bench/src"];
  expect(edges.filter(({ area, to }) => area === "packages/action/src" && own.includes(to))).toEqual([]);
  expect(edges.filter(({ area, to }) => area !== "packages/action/src" && to.includes("action/src"))).toEqual([]);
});

test("testkit imports nothing of bench", () => {
  expect(edges.filter((edge) => edge.area === "testkit/src" && edge.to.includes("bench"))).toEqual([]);
});

test("verdaccio is imported by testkit and the demonstration only", () => {
  const importers = edges
    .filter((edge) => edge.to === "verdaccio" || edge.to.startsWith("@verdaccio/"))
    .map((edge) => edge.path);
  expect(importers.length).toBeGreaterThan(0);
  const allowed = /^(testkit\/src\/|packages\/slipway\/src\/(commands\/demo|demo\/))/;
  expect(importers.filter((path) => !allowed.test(path))).toEqual([]);
});

test("every relative import names a file that is there", () => {
  const paths = new Set(listFiles());
  const missing = sources.flatMap(({ path, imports }) =>
    imports.flatMap(({ specifier }) => {
      const target = resolveRelative(path, specifier);
      return target === undefined || paths.has(target) ? [] : [`${path}: ${specifier}`];
    }),
  );
  expect(missing).toEqual([]);
});

/** The first circle found by following imports, as a list of paths, or undefined. */
function findCircle(graph: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] | undefined => {
    const start = trail.indexOf(path);
    if (start !== -1) return [...trail.slice(start), path];
    if (finished.has(path)) return undefined;
    for (const next of graph.get(path) ?? []) {
      const circle = visit(next, [...trail, path]);
      if (circle !== undefined) return circle;
    }
    finished.add(path);
    return undefined;
  };
  for (const path of graph.keys()) {
    const circle = visit(path, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

test("modules do not import each other in a circle", () => {
  const graph = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports
        .filter(({ isType }) => !isType)
        .map(({ specifier }) => resolveRelative(path, specifier))
        .filter((target) => target !== undefined),
    ]),
  );
  expect(findCircle(graph)).toBeUndefined();
  expect(
    findCircle(
      new Map([
        ["a", ["b"]],
        ["b", ["c"]],
        ["c", ["b"]],
      ]),
    ),
  ).toEqual(["b", "c", "b"]);
});
