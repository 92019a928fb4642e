/** What `doctor` says of the version numbers that a release wants: taken back before, or waiting to be approved. */
import { formatSpec, isPublishStep, type Plan, problem } from "@slipway/core";
import { type Check, failed, passed, unknown, warned } from "./doctor-check.ts";
import type { Planning } from "./planning.ts";
import type { StagedReading } from "./registry/staged-versions.ts";
import { count } from "./views/quantities.ts";

/** Versions that were published once and taken back: npm never takes such a number again. */
export function checkNumbers({ plan, readings }: Planning): Check {
  const burnt: string[] = [];
  const unclear: string[] = [];
  for (const { name, version, registry } of plan.packages) {
    const found = readings.find((item) => item.name === name && item.registry === registry)?.reading;
    if (found?.kind !== "shown" || found.value.versions.has(version)) continue;
    if (found.value.time === undefined) unclear.push(formatSpec(name, version));
    else if (found.value.time.has(version)) burnt.push(formatSpec(name, version));
  }
  if (burnt.length > 0)
    return warned(
      "numbers",
      "versions",
      `${count(burnt.length, "version")} published and taken back before`,
      burnt.map((spec) => `${spec}: the npm registry refuses the number for ever; bump the version`),
    );
  if (unclear.length > 0)
    return unknown("numbers", "versions", "the registry does not say when its versions were published", unclear);
  return passed("numbers", "versions", "none was published and taken back before");
}

/** The versions that would be sent to a registry. */
function uploadsTo(plan: Plan, url: string): readonly { readonly name: string; readonly version: string }[] {
  return plan.steps.filter(
    (step) => isPublishStep(step) && step.from === undefined && new URL(step.registry).href === new URL(url).href,
  );
}

/** A staged version holds its number: an upload of it is answered 409 until it is approved or rejected. */
export function checkStaged(plan: Plan, url: string, reading: StagedReading): Check {
  const uploads = uploadsTo(plan, url);
  if (reading.kind === "absent") return passed("staged", url, "this registry stages no versions");
  if (uploads.length === 0) return passed("staged", url, "nothing is to be published");
  if (reading.kind === "unknown")
    return unknown("staged", url, `its staged versions cannot be listed: ${reading.reason}`, [
      "`npm stage list` of somebody who may publish these packages shows them",
    ]);
  const problems = uploads.flatMap(({ name, version }) => {
    const found = reading.versions.find((item) => item.name === name && item.version === version);
    if (found === undefined) return [];
    const spec = formatSpec(name, version);
    const tag = found.tag === undefined ? "" : ` under ${found.tag}`;
    return [
      problem("SLIP_VERSION_STAGED", `${spec} waits at ${url}${tag} to be approved`, {
        spec,
        url,
        hint: `look at it with \`npm stage view ${found.id}\`, then \`npm stage approve ${found.id}\` or \`npm stage reject ${found.id}\``,
      }),
    ];
  });
  if (problems.length > 0) return failed("staged", url, problems);
  if (!reading.isWhole)
    return unknown("staged", url, `only the first ${reading.versions.length} staged versions were read`);
  return passed("staged", url, `none of ${count(uploads.length, "version")} waits to be approved`);
}
