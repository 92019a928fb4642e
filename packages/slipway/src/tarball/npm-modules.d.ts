/** The parts of npm's untyped modules that packing calls. */

declare module "@npmcli/arborist" {
  export interface ArboristNode {
    readonly name: string;
    readonly isRoot: boolean;
    readonly inBundle: boolean;
    readonly inDepBundle: boolean;
    readonly overridden: boolean;
  }
  export interface ArboristTree extends ArboristNode {
    readonly inventory: ReadonlyMap<string, ArboristNode>;
  }
  export default class Arborist {
    constructor(options: { readonly path: string });
    loadActual(): Promise<ArboristTree>;
  }
}

declare module "npm-packlist" {
  import type { ArboristTree } from "@npmcli/arborist";
  export default function packlist(
    tree: ArboristTree,
    options?: { readonly path?: string; readonly prefix?: string; readonly workspaces?: readonly string[] },
  ): Promise<string[]>;
}

declare module "@npmcli/run-script" {
  export interface RunScriptOptions {
    readonly event: string;
    readonly path: string;
    readonly pkg: Readonly<Record<string, unknown>>;
    readonly stdio: "pipe";
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly scriptShell?: string;
  }
  export interface RunScriptResult {
    readonly code: number;
    readonly stdout?: string;
    readonly stderr?: string;
  }
  export default function runScript(options: RunScriptOptions): Promise<RunScriptResult>;
}
