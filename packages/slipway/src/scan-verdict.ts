/**
 * What has become of a scan, where the registry says so. It asks seldom, and only about what this release has sent: an answer other than
 * `blocked` changes nothing, because what counts is what reads show.
 */
import {
  type Clock,
  type EventOf,
  formatSpec,
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

/** The end of each step whose version the scan has blocked: it is never shown, and waiting for it is in vain. */
export async function findBlocked(
  port: RegistryPort,
  nodes: readonly StepState[],
  reading: Reading<Packument>,
  clock: Clock,
): Promise<readonly EventOf<"failed">[]> {
  const shown = reading.kind === "shown" ? reading.value.versions : undefined;
  const events: EventOf<"failed">[] = [];
  for (const { step } of nodes.filter((node) => isDue(node) && shown?.has(node.step.version) !== true)) {
    if ((await port.readStatus?.(step.name, step.version)) !== "blocked") continue;
    const spec = formatSpec(step.name, step.version);
    const why = problem("SLIP_VERSION_BLOCKED", `${port.url} took ${spec}, and its scan has blocked it`, { spec });
    events.push({ type: "failed", at: clock.now(), step: step.id, problem: why });
  }
  return events;
}
