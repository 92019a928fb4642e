/** What waits for what in a plan, between packages. Pure; how it is drawn is the views' business. */
import { formatSpec, isPublishStep, parseSpec, type Plan, type Spec } from "@slipway/core";

export interface ReleaseGraph {
  /** Packages by the number of packages that have to be there before them, one after the other; the first wait for none. */
  readonly layers: readonly (readonly Spec[])[];
  /** What a package waits for itself; not what those wait for in turn. Kept versions are there already. */
  readonly after: ReadonlyMap<Spec, readonly Spec[]>;
  /** No release of these packages can take fewer steps one after the other. */
  readonly longestChain: readonly Spec[];
}

export function graphRelease(plan: Plan): ReleaseGraph {
  const steps = plan.steps.filter(isPublishStep);
  const specs = new Set(steps.map((step) => formatSpec(step.name, step.version)));
  const known = new Map<string, Spec>();
  const specOfId = (id: string): Spec => {
    const spec = known.get(id) ?? specOf(id.replace(/^[a-z-]+:/, ""));
    known.set(id, spec);
    return spec;
  };
  const direct = new Map(
    steps.map((step) => {
      // A tag that is waited for is that of a version in the plan, which comes before its tag.
      const wanted = new Set(step.after.map(specOfId).filter((spec) => specs.has(spec)));
      return [formatSpec(step.name, step.version), [...wanted]] as const;
    }),
  );
  const layers = layer([...specs], direct);
  return { layers, after: withoutShortcuts(layers, direct), longestChain: findLongestChain(layers, direct) };
}

/** `@a/b@1.0.0` of `@a/b@1.0.0:latest`, which is what a dist-tag step has behind its kind. */
function specOf(text: string): Spec {
  const { name, version = "" } = parseSpec(text);
  return formatSpec(name, version.split(":", 1)[0] ?? version);
}

type Edges = ReadonlyMap<Spec, readonly Spec[]>;

/** A plan has no cycles: core refuses them. A node of one would be in no layer. */
function layer(specs: readonly Spec[], after: Edges): readonly (readonly Spec[])[] {
  const dependents = new Map<Spec, Spec[]>(specs.map((spec) => [spec, []]));
  const waiting = new Map<Spec, number>();
  for (const [spec, wanted] of after) {
    waiting.set(spec, wanted.length);
    for (const one of wanted) dependents.get(one)?.push(spec);
  }
  const layers: (readonly Spec[])[] = [];
  let current = specs.filter((spec) => waiting.get(spec) === 0);
  while (current.length > 0) {
    layers.push(current);
    const next: Spec[] = [];
    for (const spec of current)
      for (const dependent of dependents.get(spec) ?? []) {
        const left = (waiting.get(dependent) ?? 0) - 1;
        waiting.set(dependent, left);
        if (left === 0) next.push(dependent);
      }
    current = next;
  }
  return layers;
}

function has(bits: Uint32Array, at: number): boolean {
  return ((bits[at >> 5] ?? 0) & (1 << (at & 31))) !== 0;
}

/** Leaves out what is waited for anyway through another: a thousand packages in layers have a hundred thousand edges. */
function withoutShortcuts(layers: readonly (readonly Spec[])[], after: Edges): Edges {
  const order = layers.flat();
  const index = new Map(order.map((spec, at) => [spec, at]));
  const words = Math.ceil(order.length / 32);
  /** All that comes before a package, near and far, a bit each. */
  const before = new Map<Spec, Uint32Array>();
  const kept = new Map<Spec, readonly Spec[]>();
  for (const spec of order) {
    const wanted = after.get(spec) ?? [];
    const through = new Uint32Array(words);
    for (const one of wanted) {
      // What is before a package that is itself before another of them was added with that one.
      if (has(through, index.get(one) ?? 0)) continue;
      const bits = before.get(one) ?? new Uint32Array(words);
      for (let word = 0; word < words; word++) through[word] = (through[word] ?? 0) | (bits[word] ?? 0);
    }
    kept.set(
      spec,
      wanted.filter((one) => !has(through, index.get(one) ?? 0)),
    );
    for (const one of wanted) {
      const at = index.get(one) ?? 0;
      through[at >> 5] = (through[at >> 5] ?? 0) | (1 << (at & 31));
    }
    before.set(spec, through);
  }
  return kept;
}

function findLongestChain(layers: readonly (readonly Spec[])[], after: Edges): readonly Spec[] {
  const depth = new Map(layers.flatMap((specs, at) => specs.map((spec) => [spec, at] as const)));
  const chain: Spec[] = [];
  let spec = layers.at(-1)?.[0];
  while (spec !== undefined) {
    chain.unshift(spec);
    const wantedDepth = (depth.get(spec) ?? 0) - 1;
    spec = after.get(spec)?.find((one) => depth.get(one) === wantedDepth);
  }
  return chain;
}
