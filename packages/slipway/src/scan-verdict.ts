/**
 * What has become of an upload that is not shown, where the registry says so: it may be scanning it. It asks seldom, and only about what
 * this release has sent; what counts in the end is what reads show.
 */
import {
  type Clock,
  type EventOf,
  formatSpec,
  isBeforeResend,
  type Limits,
  type Packument,
  problem,
  type Reading,
  type RegistryPort,
  type StepState,
} from "@slipway/core";

/** Of the looks for a version that is being scanned, every fourth asks: once a minute, later on. */
const asksEvery = 4;

function isDue({ step, isAsync, isKept, writes, polls }: StepState): boolean {
  return step.goal.kind === "publish" && isAsync && !isKept && writes > 0 && polls % asksEvery === asksEvery - 1;
}

/**
 * `failed` for a version that the scan has blocked: it is never shown, and waiting for it is in vain. `status-told` where an upload whose
 * answer got lost turns out to have been taken, before the same bytes are sent again. Anything else, a 404 above all, proves nothing.
 */
export async function askForStatus(
  port: RegistryPort,
  nodes: readonly StepState[],
  reading: Reading<Packument>,
  { limits, clock }: { readonly limits: Limits; readonly clock: Clock },
): Promise<readonly EventOf<"failed" | "status-told">[]> {
  if (reading.kind === "unavailable") return [];
  const shown = reading.kind === "shown" ? reading.value.versions : undefined;
  const events: EventOf<"failed" | "status-told">[] = [];
  for (const node of nodes) {
    const { step } = node;
    const isResend = isBeforeResend(node, limits, reading.at);
    if (shown?.has(step.version) === true || !(isDue(node) || isResend)) continue;
    const status = await port.readStatus?.(step.name, step.version);
    if (status === "blocked") {
      const spec = formatSpec(step.name, step.version);
      const why = problem("SLIP_VERSION_BLOCKED", `${port.url} took ${spec}, and its scan has blocked it`, { spec });
      events.push({ type: "failed", at: clock.now(), step: step.id, problem: why });
    } else if (isResend && (status === "published" || status === "validating" || status === "staged"))
      events.push({ type: "status-told", at: clock.now(), step: step.id, status });
  }
  return events;
}
