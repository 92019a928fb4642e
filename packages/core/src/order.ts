/**
 * The order that the packages of a workspace impose on each other. Pure and linear in packages and edges; nothing here
 * recurses, because a chain of a thousand packages is a thousand frames deep.
 */
import semver from "semver";
import { type Problem, problem } from "./problem.ts";
import { findTagFault } from "./spec.ts";
import type { Dependency, DependencyKind, WorkspacePackage } from "./workspace.ts";

/** `from` needs `to`: both are names of packages of the workspace. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly kind: DependencyKind;
  readonly range: string;
}

export interface Order {
  /** Names, dependencies first; packages in cycles that nothing could break come last. */
  readonly names: readonly string[];
  /** The edges that `names` respects. */
  readonly edges: readonly Edge[];
  /** Edges given up because they closed a cycle. */
  readonly dropped: readonly Edge[];
  /** Packages in the longest chain of dependents that begins with the package itself, by name: 1 or more. */
  readonly heights: ReadonlyMap<string, number>;
  /** One SLIP_CYCLE for each knot that is left once the droppable edges are gone. */
  readonly problems: readonly Problem[];
}

/** What a range asks of a sibling: a set of versions, a dist-tag, or something a registry cannot answer. */
export type RangeKind = "versions" | "tag" | "protocol" | "elsewhere";

/** `workspace:`, `catalog:`, `link:`, `portal:` and `file:` name places on this machine, or rules of another package manager. */
const protocolPattern = /^(workspace|catalog|link|portal|file):/;

export function rangeKindOf(range: string): RangeKind {
  if (protocolPattern.test(range)) return "protocol";
  if (semver.validRange(range, { loose: true }) !== null) return "versions";
  return findTagFault(range) === undefined ? "tag" : "elsewhere";
}

/** True when `version` is in `range` as npm sees it: `*` takes every version, other ranges no foreign prerelease. */
export function satisfies(version: string, range: string): boolean {
  const trimmed = range.trim();
  return trimmed === "" || trimmed === "*" || semver.satisfies(version, trimmed, { loose: true });
}

/** True when npm links the sibling for this dependency, so that a release of both has to keep their order. */
export function isMetBy(dependency: Dependency, sibling: WorkspacePackage): boolean {
  const { range } = dependency;
  switch (rangeKindOf(range)) {
    case "versions":
      return satisfies(sibling.version, range);
    case "tag":
      return true;
    case "protocol":
      return isMetByProtocol(range, sibling.version);
    case "elsewhere":
      return false;
  }
}

function isMetByProtocol(range: string, version: string): boolean {
  if (!range.startsWith("workspace:")) return true;
  const inner = range.slice("workspace:".length);
  if (inner === "^" || inner === "~" || semver.validRange(inner, { loose: true }) === null) return true;
  return satisfies(version, inner);
}

/** Edges between the given packages; the first of several of one pair wins, in the order of `dependencyKinds`. */
export function findEdges(packages: readonly WorkspacePackage[], kinds: ReadonlySet<DependencyKind>): readonly Edge[] {
  const byName = new Map(packages.map((item) => [item.name, item]));
  const edges: Edge[] = [];
  for (const item of packages) {
    const seen = new Set<string>();
    for (const dependency of item.dependencies) {
      if (!kinds.has(dependency.kind) || seen.has(dependency.name)) continue;
      if (dependency.kind === "peerDependencies" && dependency.isOptional) continue;
      const sibling = byName.get(dependency.name);
      if (sibling === undefined || sibling.name === item.name || !isMetBy(dependency, sibling)) continue;
      seen.add(dependency.name);
      edges.push({ from: item.name, to: sibling.name, kind: dependency.kind, range: dependency.range });
    }
  }
  return edges;
}

/** The order in which packages may become visible. In a cycle peer edges give way; what is left is a problem. */
export function orderPackages(packages: readonly WorkspacePackage[]): Order {
  const kinds = new Set<DependencyKind>(["dependencies", "optionalDependencies", "peerDependencies"]);
  return sortGraph(packages, findEdges(packages, kinds), ["peerDependencies"]);
}

/**
 * The order in which packages are built and packed, devDependencies included. In a cycle dev edges give way first, then
 * peer edges. Its problems repeat those of `orderPackages` and are not reported a second time.
 */
export function buildOrder(packages: readonly WorkspacePackage[]): Order {
  const kinds = new Set<DependencyKind>([
    "dependencies",
    "optionalDependencies",
    "peerDependencies",
    "devDependencies",
  ]);
  return sortGraph(packages, findEdges(packages, kinds), ["devDependencies", "peerDependencies"]);
}

function sortGraph(
  packages: readonly WorkspacePackage[],
  edges: readonly Edge[],
  droppable: readonly DependencyKind[],
): Order {
  const names = packages.map((item) => item.name).sort();
  let kept = edges;
  let dropped: Edge[] = [];
  let knots = findKnots(names, kept);
  for (const kind of droppable) {
    if (knots.length === 0) break;
    const knotOf = new Map(knots.flatMap((knot, index) => knot.map((name) => [name, index] as const)));
    const isInKnot = (edge: Edge): boolean =>
      edge.kind === kind && knotOf.has(edge.from) && knotOf.get(edge.from) === knotOf.get(edge.to);
    dropped.push(...kept.filter(isInKnot));
    kept = kept.filter((edge) => !isInKnot(edge));
    knots = findKnots(names, kept);
  }
  const sorted = sortTopologically(names, kept);
  if (dropped.length > 0 && knots.length === 0) {
    // Not every edge inside a knot closes a cycle: those that agree with the order found are kept after all.
    const place = new Map(sorted.map((name, index) => [name, index]));
    const agrees = (edge: Edge): boolean => (place.get(edge.to) ?? 0) < (place.get(edge.from) ?? 0);
    kept = [...kept, ...dropped.filter(agrees)];
    dropped = dropped.filter((edge) => !agrees(edge));
  }
  return {
    names: sorted,
    edges: kept,
    dropped,
    heights: measureHeights(sorted, kept),
    problems: knots.map((knot) => describeCycle(knot, kept)),
  };
}

function groupTargets(names: readonly string[], edges: readonly Edge[], by: "from" | "to"): Map<string, string[]> {
  const groups = new Map<string, string[]>(names.map((name) => [name, []]));
  const other = by === "from" ? "to" : "from";
  for (const edge of edges) groups.get(edge[by])?.push(edge[other]);
  for (const targets of groups.values()) targets.sort();
  return groups;
}

/** Kahn's algorithm, first come first served from a sorted start; names left in cycles follow in their own order. */
function sortTopologically(names: readonly string[], edges: readonly Edge[]): readonly string[] {
  const dependents = groupTargets(names, edges, "to");
  const waiting = new Map(names.map((name) => [name, 0]));
  for (const edge of edges) waiting.set(edge.from, (waiting.get(edge.from) ?? 0) + 1);
  const sorted = names.filter((name) => waiting.get(name) === 0);
  for (let index = 0; index < sorted.length; index++) {
    const name = sorted[index];
    if (name === undefined) break;
    for (const dependent of dependents.get(name) ?? []) {
      const left = (waiting.get(dependent) ?? 0) - 1;
      waiting.set(dependent, left);
      if (left === 0) sorted.push(dependent);
    }
  }
  if (sorted.length === names.length) return sorted;
  return [...sorted, ...names.filter((name) => (waiting.get(name) ?? 0) > 0)];
}

function measureHeights(sorted: readonly string[], edges: readonly Edge[]): ReadonlyMap<string, number> {
  const dependents = groupTargets(sorted, edges, "to");
  const heights = new Map<string, number>();
  for (let index = sorted.length - 1; index >= 0; index--) {
    const name = sorted[index];
    if (name === undefined) break;
    let height = 1;
    for (const dependent of dependents.get(name) ?? []) height = Math.max(height, 1 + (heights.get(dependent) ?? 0));
    heights.set(name, height);
  }
  return heights;
}

interface Frame {
  readonly name: string;
  next: number;
}

/** Strongly connected components of two or more packages (Tarjan's algorithm with a stack of its own), each sorted. */
function findKnots(names: readonly string[], edges: readonly Edge[]): readonly (readonly string[])[] {
  const targets = groupTargets(names, edges, "from");
  const indexOf = new Map<string, number>();
  const low = new Map<string, number>();
  const onStack = new Set<string>();
  const stack: string[] = [];
  const knots: string[][] = [];
  const enter = (name: string): Frame => {
    low.set(name, indexOf.size);
    indexOf.set(name, indexOf.size);
    stack.push(name);
    onStack.add(name);
    return { name, next: 0 };
  };
  const lower = (name: string, candidate: number | undefined): void => {
    if (candidate !== undefined && candidate < (low.get(name) ?? 0)) low.set(name, candidate);
  };
  for (const start of names) {
    if (indexOf.has(start)) continue;
    const frames = [enter(start)];
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      const target = targets.get(frame.name)?.[frame.next++];
      if (target !== undefined) {
        if (!indexOf.has(target)) frames.push(enter(target));
        else if (onStack.has(target)) lower(frame.name, indexOf.get(target));
        continue;
      }
      frames.pop();
      const parent = frames.at(-1);
      if (parent !== undefined) lower(parent.name, low.get(frame.name));
      if (low.get(frame.name) === indexOf.get(frame.name)) {
        const members = stack.splice(stack.lastIndexOf(frame.name));
        for (const member of members) onStack.delete(member);
        if (members.length > 1) knots.push(members.sort());
      }
    }
  }
  return knots.sort((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1));
}

/** The shortest way from the knot's first name back to itself, breadth first. */
function findCycle(knot: readonly string[], edges: readonly Edge[]): readonly string[] {
  const members = new Set(knot);
  const inside = edges.filter((edge) => members.has(edge.from) && members.has(edge.to));
  const targets = groupTargets(knot, inside, "from");
  const start = knot[0] ?? "";
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let index = 0; index < queue.length; index++) {
    const name = queue[index] ?? "";
    for (const target of targets.get(name) ?? []) {
      if (target === start) {
        const path = [start];
        for (let at: string | undefined = name; at !== undefined; at = cameFrom.get(at)) path.unshift(at);
        return path;
      }
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, name);
      queue.push(target);
    }
  }
  return knot;
}

function describeCycle(knot: readonly string[], edges: readonly Edge[]): Problem {
  const cycle = findCycle(knot, edges);
  const details = cycle.slice(0, -1).flatMap((from, index) => {
    const edge = edges.find((candidate) => candidate.from === from && candidate.to === cycle[index + 1]);
    return edge === undefined ? [] : [`${from} needs ${edge.to}@${edge.range} (${edge.kind})`];
  });
  const rest = knot.length - new Set(cycle).size;
  const more =
    rest === 0 ? "" : `, and ${rest} more ${rest === 1 ? "package hangs" : "packages hang"} together with them`;
  return problem("SLIP_CYCLE", `packages depend on each other in a circle: ${cycle.join(" -> ")}${more}`, {
    spec: knot[0] ?? "",
    details,
  });
}
