/**
 * Whether the contents a registry shows are this release's. Bytes decide; evidence only decides which bytes are this
 * release's (rule 1). Judged once per version, by the first line that holds.
 */
import type { IdentityLevel } from "./plan.ts";
import type { TarballContents, TarballEntry } from "./tarball.ts";
import { diffPublishedFields, isGypFile, publishedFields } from "./manifest.ts";

/** `refused`: the evidence would hold, but the configured identity level asks for more. */
export type Verdict = "same" | "same-files" | "same-source" | "foreign" | "corrupt" | "refused";

export interface IdentityInput {
  readonly level: IdentityLevel;
  /** Integrity the registry's metadata shows. */
  readonly shownIntegrity: string | undefined;
  /** Computed from the bytes the registry serves. */
  readonly servedIntegrity: string;
  readonly ourIntegrity: string;
  /** Undefined when the served bytes cannot be listed. */
  readonly served: TarballContents | undefined;
  readonly ours: TarballContents;
  /** Integrities that the journal of this release records as sent for this version. */
  readonly writtenIntegrities: ReadonlySet<string>;
  /** Integrity of this version's verified attestation naming the plan's repository and commit, when there is one. */
  readonly attestedIntegrity: string | undefined;
  readonly asksProvenance: boolean;
  readonly gitHead: string | undefined;
  readonly planCommit: string | undefined;
  readonly isPlanClean: boolean;
  /** Integrity that a person accepted for this version. */
  readonly acceptedIntegrity: string | undefined;
  /** Integrity that was bound before: from then on this version's contents, whatever we have built. */
  readonly boundIntegrity?: string | undefined;
}

export interface Judgement {
  readonly verdict: Verdict;
  /** Why, in a phrase. */
  readonly evidence: string;
  /** Paths that differ, for a person to look at. */
  readonly files: readonly string[];
}

/** Paths that only one side has, or whose type, executable bit or contents differ. */
export function diffEntries(ours: readonly TarballEntry[], served: readonly TarballEntry[]): readonly string[] {
  const byPath = new Map(ours.map((entry) => [entry.path, entry]));
  const differing: string[] = [];
  for (const entry of served) {
    const own = byPath.get(entry.path);
    byPath.delete(entry.path);
    if (
      own === undefined ||
      own.type !== entry.type ||
      own.isExecutable !== entry.isExecutable ||
      own.integrity !== entry.integrity
    )
      differing.push(entry.path);
  }
  return [...differing, ...byPath.keys()].sort();
}

function findSourceEvidence(input: IdentityInput): string | undefined {
  if (!input.isPlanClean || input.planCommit === undefined) return undefined;
  if (input.writtenIntegrities.has(input.servedIntegrity))
    return "the journal of this release records the upload of these bytes";
  if (input.attestedIntegrity === input.servedIntegrity) return "its attestation names this repository and commit";
  if (!input.asksProvenance && input.gitHead === input.planCommit) return "its gitHead is this commit";
  return undefined;
}

function hasGypFile(contents: TarballContents): boolean {
  return contents.entries.some((entry) => isGypFile(entry.path));
}

export function judge(input: IdentityInput): Judgement {
  // Metadata without a sha512 (old or foreign registries) cannot contradict the bytes.
  const isSelfConsistent = input.shownIntegrity === undefined || input.shownIntegrity === input.servedIntegrity;
  if (!isSelfConsistent)
    return { verdict: "corrupt", evidence: "the served tarball does not hash to its own integrity", files: [] };
  const own = input.boundIntegrity ?? input.ourIntegrity;
  if (input.servedIntegrity === own) return { verdict: "same", evidence: "the bytes are equal", files: [] };
  if (input.served === undefined)
    return { verdict: "corrupt", evidence: "the served tarball cannot be read", files: [] };
  const files = diffEntries(input.ours.entries, input.served.entries);
  if (input.acceptedIntegrity === input.servedIntegrity)
    return { verdict: "same-source", evidence: "a person accepted this integrity", files };
  if (input.boundIntegrity !== undefined) {
    const evidence = `this release took ${input.boundIntegrity} for this version, and the registry has changed it since`;
    return { verdict: "foreign", evidence, files };
  }
  if (files.length === 0)
    return input.level === "bytes"
      ? { verdict: "refused", evidence: "the files are equal, the bytes are not, and identity asks for bytes", files }
      : { verdict: "same-files", evidence: "every file is equal; only the archive's bytes differ", files };
  const fields = diffPublishedFields(
    publishedFields(input.ours.manifest, { hasGypFile: hasGypFile(input.ours) }),
    publishedFields(input.served.manifest, { hasGypFile: hasGypFile(input.served) }),
  );
  if (fields.length > 0) return { verdict: "foreign", evidence: `its manifest differs in ${fields.join(", ")}`, files };
  const evidence = findSourceEvidence(input);
  if (evidence === undefined) return { verdict: "foreign", evidence: "nothing shows that this commit made it", files };
  if (input.level !== "source")
    return { verdict: "refused", evidence: `${evidence}, but identity asks for ${input.level}`, files };
  return { verdict: "same-source", evidence, files };
}
