/** What a case of bad input is, and the world it is run in. */
import type { Environment, PackageSpec, TestWorkspace, Verdaccio } from "@slipway/testkit";

export interface World {
  readonly workspace: TestWorkspace;
  readonly verdaccio: Verdaccio;
  /** Unused on the registry, without the @. */
  readonly scope: string;
  /** Runs slipway in the workspace, as somebody with every right; throws unless it ends with `code`. */
  readonly slipway: (args: readonly string[], code?: number) => Promise<string>;
}

/** What the case changes of the run; the rest is as it should be. */
export interface Run {
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly registry?: string | undefined;
  readonly token?: string | undefined;
  readonly npmrc?: string;
  readonly env?: Environment;
  /** Kilobytes that the process may write to one file. */
  readonly fileSizeMaxKb?: number;
  readonly cleanUp?: () => Promise<void>;
}

export interface BadInput {
  readonly what: string;
  readonly exit: 1 | 2 | 3;
  /** Codes of the problems, in any order, each at least once and no others; what merely waits for them is not listed. */
  readonly codes: readonly string[];
  /** What the output has to name: the place, the value. */
  readonly says: readonly RegExp[];
  readonly args?: readonly string[];
  /** Default: `a`, and `b` which depends on it. */
  readonly packages?: (scope: string) => readonly PackageSpec[];
  readonly prepare?: (world: World) => Promise<Run | void>;
}

export function twoPackages(scope: string): readonly PackageSpec[] {
  const manifest = { publishConfig: { access: "public" } };
  return [
    { name: `@${scope}/a`, manifest },
    { name: `@${scope}/b`, dependencies: [`@${scope}/a`], manifest },
  ];
}
