import { buildOrder, type DependencyKind, orderPackages, type WorkspacePackage } from "@slipway/core";
import * as fc from "fast-check";
import { expect, test } from "vitest";

type Needs = readonly (readonly [name: string, range?: string, kind?: DependencyKind | "optionalPeer"])[];

function makePackage(name: string, needs: Needs = [], version = "1.0.0"): WorkspacePackage {
  return {
    name,
    version,
    dir: `packages/${name}`,
    packDir: `packages/${name}`,
    isPrivate: false,
    dependencies: needs.map(([to, range = "^1.0.0", kind = "dependencies"]) => ({
      alias: to,
      name: to,
      range,
      declared: range,
      kind: kind === "optionalPeer" ? "peerDependencies" : kind,
      isOptional: kind === "optionalPeer" || kind === "optionalDependencies",
    })),
    publishConfig: {},
    scripts: {},
  };
}

test("dependencies come before what needs them, and the same workspace always gives the same order", () => {
  const packages = [
    makePackage("app", [["ui"], ["state"]]),
    makePackage("ui", [["state"]]),
    makePackage("alone"),
    makePackage("state"),
  ];
  const order = orderPackages(packages);
  expect(order.names).toEqual(["alone", "state", "ui", "app"]);
  expect(orderPackages(packages.toReversed()).names).toEqual(order.names);
  expect(Object.fromEntries(order.heights)).toEqual({ alone: 1, state: 3, ui: 2, app: 1 });
  expect(order.problems).toEqual([]);
});

test.each<readonly [what: string, version: string, needs: Needs[number], isEdge: boolean]>([
  ["a range that is satisfied", "1.2.0", ["b", "^1.0.0"], true],
  ["a range that is not", "2.0.0", ["b", "^1.0.0"], false],
  ["an optional dependency", "1.0.0", ["b", "^1.0.0", "optionalDependencies"], true],
  ["a peer", "1.0.0", ["b", ">=1", "peerDependencies"], true],
  ["an optional peer", "1.0.0", ["b", ">=1", "optionalPeer"], false],
  ["a dev dependency", "1.0.0", ["b", "^1.0.0", "devDependencies"], false],
  ["a star and a prerelease", "1.0.0-beta.1", ["b", "*"], true],
  ["an empty range and a prerelease", "1.0.0-beta.1", ["b", ""], true],
  ["a range of the same prerelease", "0.2.0-alpha.1", ["b", "^0.2.0-alpha.0"], true],
  ["a plain range and a prerelease of the next version", "1.1.0-beta.0", ["b", "^1.0.0"], false],
  ["a dist-tag", "3.0.0", ["b", "next"], true],
  ["workspace:*", "3.0.0", ["b", "workspace:*"], true],
  ["workspace:^", "3.0.0", ["b", "workspace:^"], true],
  ["workspace:^2.0.0", "3.0.0", ["b", "workspace:^2.0.0"], false],
  ["a file", "3.0.0", ["b", "file:../b"], true],
  ["a git address", "3.0.0", ["b", "git+https://host.example/b.git"], false],
  ["a tarball's address", "3.0.0", ["b", "https://host.example/b.tgz"], false],
])("%s orders publishing: %s against %j is %s", (_, version, need, isEdge) => {
  const order = orderPackages([makePackage("a", [need]), makePackage("b", [], version)]);
  expect(order.edges.map((edge) => `${edge.from} -> ${edge.to}`)).toEqual(isEdge ? ["a -> b"] : []);
});

test("devDependencies order builds only, and give way first in a cycle", () => {
  const packages = [
    makePackage("a", [["b", "^1.0.0", "devDependencies"]]),
    makePackage("b", [["c"]]),
    makePackage("c", [["a"]]),
  ];
  expect(orderPackages(packages).names).toEqual(["a", "c", "b"]);
  const built = buildOrder(packages);
  expect(built.names).toEqual(["a", "c", "b"]);
  expect(built.dropped).toEqual([{ from: "a", to: "b", kind: "devDependencies", range: "^1.0.0" }]);
  expect(buildOrder([makePackage("a", [["b", "^1.0.0", "devDependencies"]]), makePackage("b")]).names).toEqual([
    "b",
    "a",
  ]);
});

test("in a cycle peer edges give way, and are named", () => {
  const packages = [makePackage("plugin", [["host", "^1.0.0", "peerDependencies"]]), makePackage("host", [["plugin"]])];
  const order = orderPackages(packages);
  expect(order.names).toEqual(["plugin", "host"]);
  expect(order.dropped).toEqual([{ from: "plugin", to: "host", kind: "peerDependencies", range: "^1.0.0" }]);
  expect(order.problems).toEqual([]);
});

test("a peer edge inside a knot that closes no cycle is kept", () => {
  const packages = [
    makePackage("a", [["c"], ["b", "^1.0.0", "peerDependencies"]]),
    makePackage("b", [["a", "^1.0.0", "peerDependencies"]]),
    makePackage("c", [["b", "^1.0.0", "peerDependencies"]]),
  ];
  const order = orderPackages(packages);
  expect(order.problems).toEqual([]);
  expect(order.dropped.length).toBeGreaterThan(0);
  const place = new Map(order.names.map((name, index) => [name, index]));
  for (const edge of order.edges) expect(place.get(edge.to)).toBeLessThan(place.get(edge.from) ?? -1);
  expect(order.edges.length + order.dropped.length).toBe(4);
});

test("a cycle is named with its edges and a remedy", () => {
  const packages = [
    makePackage("a", [["b"]]),
    makePackage("b", [["c"], ["d", "^1.0.0", "optionalDependencies"]]),
    makePackage("c", [["a"]]),
    makePackage("d", [["b"]]),
    makePackage("e", [["a"]]),
  ];
  const { problems, names } = orderPackages(packages);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatchObject({
    code: "SLIP_CYCLE",
    message: "packages depend on each other in a circle: a -> b -> c -> a, and 1 more package hangs together with them",
    details: ["a needs b@^1.0.0 (dependencies)", "b needs c@^1.0.0 (dependencies)", "c needs a@^1.0.0 (dependencies)"],
  });
  expect(problems[0]?.hint).toMatch(/peer dependency/);
  expect(names).toHaveLength(5);
});

test("each knot of its own is a problem of its own; a package that names itself is none", () => {
  const packages = [
    makePackage("a", [["b"], ["a"]]),
    makePackage("b", [["a"]]),
    makePackage("x", [["y"]]),
    makePackage("y", [["x"]]),
  ];
  expect(orderPackages(packages).problems.map((item) => item.message.replace(/.*: /, ""))).toEqual([
    "a -> b -> a",
    "x -> y -> x",
  ]);
  expect(orderPackages([makePackage("self", [["self"]])]).problems).toEqual([]);
});

const numberOf = (name: string): number => Number(name.slice(1));

test("in any graph without cycles every edge is respected and heights fall along it", () => {
  const graph = fc
    .integer({ min: 1, max: 40 })
    .chain((size) =>
      fc.tuple(
        fc.constant(size),
        fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 150 }),
        fc.infiniteStream(
          fc.constantFrom("dependencies", "optionalDependencies", "peerDependencies") as fc.Arbitrary<DependencyKind>,
        ),
      ),
    );
  fc.assert(
    fc.property(graph, ([size, pairs, kinds]) => {
      const packages = Array.from({ length: size }, (_, index) => {
        const needs = pairs.filter(([from, to]) => Math.max(from, to) === index && from !== to);
        return makePackage(
          `p${index}`,
          needs.map(([from, to]) => [`p${Math.min(from, to)}`, "^1.0.0", kinds.next().value] as const),
        );
      });
      const order = orderPackages(packages);
      expect([...order.names].sort((a, b) => numberOf(a) - numberOf(b))).toEqual(packages.map((item) => item.name));
      expect([order.dropped, order.problems]).toEqual([[], []]);
      const place = new Map(order.names.map((name, index) => [name, index]));
      for (const item of packages)
        for (const { name } of item.dependencies) {
          expect(place.get(name)).toBeLessThan(place.get(item.name) ?? -1);
          expect(order.heights.get(name)).toBeGreaterThan(order.heights.get(item.name) ?? Infinity);
        }
    }),
  );
});

test("in any graph, cycles or not, each package stands in the order once and kept edges agree with it", () => {
  const kinds = fc.constantFrom<DependencyKind>("dependencies", "peerDependencies", "devDependencies");
  const edges = fc.array(fc.tuple(fc.nat(11), fc.nat(11), kinds), { maxLength: 60 });
  fc.assert(
    fc.property(edges, (list) => {
      const packages = Array.from({ length: 12 }, (_, index) =>
        makePackage(
          `p${index}`,
          list.filter(([from]) => from === index).map(([, to, kind]) => [`p${to}`, "^1.0.0", kind] as const),
        ),
      );
      for (const order of [orderPackages(packages), buildOrder(packages)]) {
        expect(new Set(order.names).size).toBe(12);
        if (order.problems.length > 0) continue;
        const place = new Map(order.names.map((name, index) => [name, index]));
        for (const edge of order.edges) expect(place.get(edge.to)).toBeLessThan(place.get(edge.from) ?? -1);
        for (const edge of order.dropped) expect(edge.kind).not.toBe("dependencies");
      }
    }),
  );
});

test("a chain of 20,000 packages and a knot of as many need neither a deep stack nor much time", () => {
  const size = 20_000;
  const chain = Array.from({ length: size }, (_, index) =>
    makePackage(`p${index}`, index === 0 ? [] : [[`p${index - 1}`]]),
  );
  const order = orderPackages(chain);
  expect(order.names[0]).toBe("p0");
  expect(order.heights.get("p0")).toBe(size);
  const knot = chain.with(0, makePackage("p0", [[`p${size - 1}`]]));
  expect(orderPackages(knot).problems).toHaveLength(1);
});
