/**
 * Explains every field in which a registry's entry differs from the package.json in its tarball, by the rules of npm and
 * of the registry. What no rule leads to is unexplained. Pure; must not repair anything.
 */
import { isDeepStrictEqual } from "node:util";

import { publishedFieldNames } from "@slipway/core";

import { rules } from "./npm-rules.ts";
import type { Draft, ExplainContext } from "./npm-rules.ts";
import type { Manifest } from "./pins.ts";

export interface Explanation {
  readonly field: string;
  /** True for the fields of invariant I3, by which an install goes. */
  readonly isInstallField: boolean;
  /** Ids of the rules that touched the field, in order; none when it is unexplained. */
  readonly rules: readonly string[];
}

const installFields: ReadonlySet<string> = new Set([
  ...publishedFieldNames.map((field) => field.replace(/\..*/, "")),
  "bundledDependencies",
  "typings",
]);

/** One explanation for each field in which `entry` differs from `packageJson`. */
export function explainDifferences(
  packageJson: Manifest,
  entry: Manifest,
  context: ExplainContext,
): readonly Explanation[] {
  let draft: Draft = { ...packageJson };
  const touched = new Map<string, string[]>();
  for (const rule of rules) {
    const next = { ...draft };
    rule.apply(next, context);
    for (const field of differingFields(draft, next)) touched.set(field, [...(touched.get(field) ?? []), rule.id]);
    draft = next;
  }
  const unexplained = new Set(differingFields(draft, entry));
  // A rule that changed what the registry shows unchanged is as wrong as a difference without a rule.
  return [...new Set([...differingFields(packageJson, entry), ...unexplained])].map((field) => ({
    field,
    isInstallField: installFields.has(field),
    rules: unexplained.has(field) ? [] : (touched.get(field) ?? []),
  }));
}

function differingFields(a: Manifest, b: Manifest): readonly string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((field) => !isDeepStrictEqual(a[field], b[field]));
}
