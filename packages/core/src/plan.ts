/** The plan of a release: its type is its documentation. Made by `plan`, completed by `pack`, carried out by `publish`. */
import type { PendingChangeset, PreState } from "./changesets.ts";
import type { TagForm } from "./git-tags.ts";
import type { Limits } from "./limits.ts";
import type { PublishedSize } from "./packument.ts";
import type { Step } from "./step.ts";

export const planSchema = 1;

export interface Source {
  /** Normalised URL of the `origin` remote without credentials; undefined outside git. */
  readonly repository: string | undefined;
  /** Full object id of HEAD; undefined outside git or before the first commit. */
  readonly commit: string | undefined;
  /** True when the work tree has no changes and no untracked files that git does not ignore. */
  readonly isClean: boolean;
  /** The commit that `--base` resolved to. */
  readonly base?: string;
  /** Where that commit was known from, in a phrase. */
  readonly baseFrom?: string;
}

/** Weakest verdict that counts as this release's: same source, same files, or the same bytes only. */
export type IdentityLevel = "source" | "files" | "bytes";

export interface PlanOptions {
  readonly promote: "each";
  readonly identity: IdentityLevel;
  readonly newPackages: "allow" | "refuse";
  readonly ignoreScripts: boolean;
  /** Command run in the workspace root before packing, or undefined. */
  readonly build: string | undefined;
  /** `name@version` to the integrity a person accepted. */
  readonly accept: Readonly<Record<string, string>>;
  readonly limits: Limits;
  /** Which git tags are made once everything is shown; undefined leaves it to `slipway tag`. */
  readonly gitTags?: TagForm;
  /** Where releases are made of the tags. */
  readonly releases?: ReleaseHost;
}

export const releaseHosts = ["none", "github"] as const;
export type ReleaseHost = (typeof releaseHosts)[number];

export type KeptReason = "private" | "published" | "not-selected" | "unchanged" | "ignored";
export type Origin = "ours" | "unknown" | "foreign";

/** A package of the workspace that is not a step, and why. */
export interface Kept {
  readonly name: string;
  readonly version: string;
  readonly registry: string | undefined;
  readonly reason: KeptReason;
  readonly origin?: Origin;
  readonly integrity?: string;
  readonly gitHead?: string;
  /** Files of the package that changed since `gitHead` without a new version. */
  readonly changedFiles?: readonly string[];
  /** Of a package that `--base` leaves out: its registry lacks this version, too. */
  readonly isUnpublished?: true;
}

/** What pack made for a publish step. */
export interface Tarball {
  /** `name@version`. */
  readonly spec: string;
  /** Path relative to the release folder, posix. */
  readonly path: string;
  /** `sha512-…`. */
  readonly integrity: string;
  readonly sizeBytes: number;
  readonly unpackedSizeBytes: number;
  readonly fileCount: number;
}

/** A package of the workspace that has steps in the plan. */
export interface PlannedPackage {
  readonly name: string;
  readonly version: string;
  /** Posix path relative to the workspace root. */
  readonly dir: string;
  readonly registry: string;
  /** The registry had never heard of this name. */
  readonly isNew: boolean;
  /** Version the dist-tag showed when the plan was made. */
  readonly previous: string | undefined;
  /** What the new version's size is compared with: the version that the dist-tag showed, else `latest`. */
  readonly published?: PublishedSize & { readonly version: string };
  /** `publish` and `postpublish` scripts that slipway does not run. */
  readonly scriptsNotRun: readonly string[];
}

/** What Changesets' files say beside the steps; `publish DIR` answers changesets/action from it. */
export interface PlanChangesets {
  readonly pending: readonly PendingChangeset[];
  readonly pre?: PreState;
  readonly baseBranch: string;
  /** Names that `ignore` leaves out. */
  readonly ignored: readonly string[];
  readonly fixed: readonly (readonly string[])[];
  readonly linked: readonly (readonly string[])[];
  /** Private packages that are released as a git tag (`privatePackages.tag`). */
  readonly tagOnly: readonly { readonly name: string; readonly version: string }[];
  /** There is one package, at the root: its git tags are `v1.2.3` and not `name@1.2.3`. */
  readonly isSingle: boolean;
  readonly snapshotTemplate?: string;
  /** The package at the root of a workspace of several, which Changesets does not see. */
  readonly root?: string;
}

export interface Plan {
  readonly schema: number;
  /** 12 hex digits. */
  readonly releaseId: string;
  readonly source: Source;
  readonly options: PlanOptions;
  readonly packages: readonly PlannedPackage[];
  readonly steps: readonly Step[];
  readonly kept: readonly Kept[];
  readonly warnings: readonly string[];
  /** Undefined where there is no `.changeset/config.json`, or it is not gone by. */
  readonly changesets?: PlanChangesets;
  /** Undefined until pack has run. */
  readonly tarballs: readonly Tarball[] | undefined;
}
