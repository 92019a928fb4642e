/** Plans as small as they can be, for tests of what is decided from them. Data only. */
import { defaultLimits, type Plan, type PlanOptions, type Step } from "@slipway/core";

/** What a plan has when nobody asked for anything. */
export const plainOptions: PlanOptions = {
  promote: "each",
  identity: "source",
  newPackages: "allow",
  ignoreScripts: false,
  build: undefined,
  accept: {},
  limits: defaultLimits,
};

/** A plan of a clean work tree without a commit, in which nothing is to be done. */
export const emptyPlan: Plan = {
  schema: 1,
  releaseId: "0123456789ab",
  source: { repository: undefined, commit: undefined, isClean: true },
  options: plainOptions,
  packages: [],
  steps: [],
  kept: [],
  warnings: [],
  tarballs: [],
};

export const smallPlan: { readonly registry: string; readonly integrity: string } = {
  registry: "http://registry.test/",
  integrity: "sha512-ours",
};

export interface StepsOptions {
  /** Ids of steps that the version waits for. */
  readonly after?: readonly string[];
  /** What the plan saw under `latest`. */
  readonly from?: string | undefined;
}

/** Version 1.0.0 of a package, published under `latest`: the version's step and its tag's. */
export function stepsOf(name: string, { after = [], from }: StepsOptions = {}): readonly Step[] {
  const { registry, integrity } = smallPlan;
  const id = `publish:${name}@1.0.0`;
  const common = { registry, name, version: "1.0.0" };
  const goal = { kind: "publish", integrity, access: undefined, sendTag: "latest" } as const;
  return [
    { ...common, id, after, from: undefined, goal },
    {
      ...common,
      id: `dist-tag:${name}@1.0.0:latest`,
      after: [id],
      from,
      goal: { kind: "dist-tag", tag: "latest", to: "1.0.0" },
    },
  ];
}

/** Version 1.0.0 of each name, none waiting for another. */
export function planOf(...names: readonly string[]): Plan {
  return { ...emptyPlan, steps: names.flatMap((name) => stepsOf(name)) };
}
