/** One release of five packages with one fault, and the same command again: what each run said, and what was true. */
import {
  createWorkspace,
  type ProcessResult,
  type ProxyLogEntry,
  startFaultProxy,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";
import type { FaultCase } from "./fault-list.ts";
import { pathOf, servedIntegrity, uploadsOf } from "./registry-truth.ts";

/** Four packages in a chain and one beside it. */
const letters = ["a", "b", "c", "d", "e"] as const;
export type Letter = (typeof letters)[number];
export const trialPackages: readonly Letter[] = letters;

/** Releases the workspace to a registry, as its user would. */
export type Publisher = (workspace: TestWorkspace, registry: string, token: string) => Promise<ProcessResult>;

export interface TrialRun {
  readonly result: ProcessResult;
  /** Integrity of what the registry serves after it, by package name; undefined where a version cannot be installed. */
  readonly served: ReadonlyMap<string, string | undefined>;
  readonly isComplete: boolean;
  /** Uploads that reached the registry in this run. */
  readonly uploads: number;
}

export interface Trial {
  readonly first: TrialRun;
  /** The same command again, made only where the first did not end with 0. */
  readonly again: TrialRun | undefined;
  /** How many uploads of each package the registry accepted, in both runs. */
  readonly accepted: ReadonlyMap<string, number>;
  /** Requests that the fault struck. */
  readonly strikes: number;
}

export interface TrialRequest {
  readonly fault: FaultCase;
  /** The package whose requests are struck. */
  readonly letter: Letter;
  /** Unused on this registry, without the @. */
  readonly scope: string;
  readonly verdaccio: Verdaccio;
  readonly publish: Publisher;
  /** Further fields of the root's package.json. */
  readonly root: Readonly<Record<string, unknown>>;
  /** Called before the workspace is removed. */
  readonly inspect?: (workspace: TestWorkspace) => Promise<void>;
}

export async function runTrial(request: TrialRequest): Promise<Trial> {
  const { fault, letter, scope, verdaccio, publish } = request;
  const nameOf = (of: Letter): string => `@${scope}/${of}`;
  const packages = letters.map((of, index) => {
    const below = of === "e" || index === 0 ? undefined : letters[index - 1];
    const common = { name: nameOf(of), manifest: { publishConfig: { access: "public" } } };
    return below === undefined ? common : { ...common, dependencies: [nameOf(below)] };
  });
  const workspace = await createWorkspace({ packages, root: request.root });
  const proxy = await startFaultProxy({ target: verdaccio.url, rules: fault.rules(`/${nameOf(letter)}`) });
  const names = letters.map(nameOf);
  const run = async (): Promise<TrialRun> => {
    const before = uploadsOf(verdaccio, names).length;
    const result = await publish(workspace, proxy.url, verdaccio.token);
    const served = new Map<string, string | undefined>();
    for (const name of names) served.set(name, await servedIntegrity(verdaccio, name, "1.0.0"));
    const isComplete = [...served.values()].every((integrity) => integrity !== undefined);
    return { result, served, isComplete, uploads: uploadsOf(verdaccio, names).length - before };
  };
  try {
    const first = await run();
    if (fault.isLasting === true) proxy.setRules([]);
    const again = first.result.code === 0 ? undefined : await run();
    await request.inspect?.(workspace);
    const taken = uploadsOf(verdaccio, names).filter((entry) => entry.status === 201);
    const accepted = names.map((name) => [name, taken.filter((entry) => pathOf(entry) === `/${name}`).length] as const);
    const strikes = proxy.log().filter((entry) => entry.fault?.startsWith("delay") || isStruck(entry)).length;
    return { first, again, accepted: new Map(accepted), strikes };
  } finally {
    await proxy.close();
    await workspace.dispose();
  }
}

/** A rule that found nothing to serve stale, for example, lets the request pass. */
function isStruck(entry: ProxyLogEntry): boolean {
  return entry.fault !== undefined && entry.outcome !== "passed";
}
