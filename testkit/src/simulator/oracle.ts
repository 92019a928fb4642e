/**
 * Judges a finished simulation by what could be seen from outside: requests, changes of the registry, lines on disk, exit
 * codes. It shares no code with what it judges, and knows the rules from the design alone.
 */
import { safetyChecks } from "./oracle-safety.ts";
import { readChecks } from "./oracle-reads.ts";
import { writeChecks } from "./oracle-writes.ts";
import type { Judged, Rule, Violation } from "./oracle-view.ts";

export const checks: readonly Rule[] = [...writeChecks, ...readChecks, ...safetyChecks];

/** Everything that broke a rule, in the order of the rules. */
export function judgeHistory(judged: Judged): readonly Violation[] {
  return checks.flatMap((rule) => rule.check(judged).map((message) => ({ rule: rule.id, message })));
}
