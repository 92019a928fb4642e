/** What is said at the manifests of packages that something is wrong with. Decides what; `log` writes it. */
import { exitCodeOf, formatSpec, isFailed, isShown, type Plan, type Problem } from "@slipway/core";
import type { Annotation } from "./log.ts";
import { findManifest, type Places } from "./manifest-place.ts";
import type { Known } from "./step-record.ts";

/** Problems that stopped the verb, then those of single versions, then the plan's warnings. Those that wait for another are not repeated. */
export async function describeTrouble(
  { plan, report, verifications, tagging, planDigest }: Known,
  problems: readonly Problem[],
  places: Places | undefined,
): Promise<readonly Annotation[]> {
  const ofVersions = (report?.versions ?? []).flatMap(({ name, version, status, tag, problems: own }) =>
    isFailed(status) || !isShown(status) || (tag !== undefined && isFailed(tag.status))
      ? own
          .filter(({ code }) => code !== "SLIP_DEPENDENCY_FAILED")
          .map((item) => ({ spec: formatSpec(name, version), ...item }))
      : [],
  );
  const ofChecks = (verifications ?? []).flatMap(({ checks }) => checks.flatMap(({ problem }) => problem ?? []));
  const all = [...problems, ...ofVersions, ...ofChecks, ...(tagging?.problems ?? [])];
  const annotations = await Promise.all(all.map((item) => annotationOf(item, plan, places)));
  // Once is enough: the plan is made again by the jobs behind, or carried out.
  const warnings = report === undefined && planDigest === undefined ? (plan?.warnings ?? []) : [];
  return [...annotations, ...warnings.map((message): Annotation => ({ level: "warning", title: "Slipway", message }))];
}

async function annotationOf(item: Problem, plan: Plan | undefined, places: Places | undefined): Promise<Annotation> {
  const found =
    item.spec === undefined || plan === undefined || places === undefined
      ? undefined
      : await findManifest(plan, item.spec, places);
  return {
    level: exitCodeOf(item.code) === 3 ? "warning" : "error",
    title: item.code,
    message: [item.message, ...(item.details ?? []), `hint: ${item.hint}`].join("\n"),
    file: found?.file,
    line: found?.line,
  };
}
