/**
 * The loop: events are folded into a state, the state decides actions, performing them gives events. It owns no rule:
 * rules are core's. It sees to order (durable before applied), to the number of requests at once, and to the end.
 */
import {
  type Action,
  applyEvent,
  type Clock,
  createRun,
  deadlineOf,
  decide as decideByRules,
  type Decision,
  type Event,
  isComplete,
  type JournalPort,
  journalSchema,
  learnWaits,
  type Limits,
  type Plan,
  packageKey,
  type Packument,
  type Reading,
  type RegistryPort,
  type RunState,
  type TarballStore,
} from "@slipway/core";
import { observation, perform } from "./perform.ts";

export interface ReleaseRun {
  readonly plan: Plan;
  /** sha256 of the plan, hex. */
  readonly planDigest: string;
  readonly toolVersion: string;
  readonly limits: Limits;
  readonly registries: (url: string) => RegistryPort;
  readonly journal: JournalPort;
  /** What the journal held when it was opened. */
  readonly history: readonly Event[];
  /** `--repair`: a person allows this attempt to repair wedges that no upload of this release explains. */
  readonly mayRepair?: boolean;
  /** Readings made just before, while planning: saves looking a second time. */
  readonly readings?: readonly {
    readonly registry: string;
    readonly name: string;
    readonly reading: Reading<Packument>;
  }[];
  readonly clock: Clock;
  readonly tarballs: TarballStore;
  /** Stops the run: writes in flight are awaited and journalled, nothing new is begun. */
  readonly signal?: AbortSignal;
  /** Called after each event was applied. Must not throw. */
  readonly onEvent?: (event: Event, state: RunState) => void;
  /** Replaced by tests only, to prove that a wrong decision is caught. */
  readonly decide?: (state: RunState, now: number) => Decision;
}

/** Appends events in the order given; several that are due together share one write. */
function createRecorder(run: ReleaseRun, state: RunState, wake: () => void) {
  let queue: Event[] = [];
  let flushing: Promise<void> | undefined;

  async function flush(): Promise<void> {
    // Everything that happens before the next turn of the event loop shares the same fsync.
    await Promise.resolve();
    try {
      while (queue.length > 0) {
        const batch = queue;
        queue = [];
        await run.journal.append(batch);
        for (const event of batch) {
          applyEvent(state, event);
          run.onEvent?.(event, state);
        }
      }
    } finally {
      // In the same turn as the last look at the queue: later, a line added in between would count as durable unwritten.
      flushing = undefined;
      wake();
    }
  }

  return function record(events: readonly Event[]): Promise<void> {
    queue.push(...events);
    flushing ??= flush();
    return flushing;
  };
}

/**
 * Carries the plan out as far as the registries allow, and returns the state it reached. Throws only for bugs and for
 * a journal that cannot be written; what registries answer ends up in the state.
 */
export async function runRelease(run: ReleaseRun): Promise<RunState> {
  const state = createRun(run.plan, run.limits);
  learnWaits(state, run.history);
  for (const event of run.history) if (outlastsItsAttempt(event)) applyEvent(state, event);
  let wake: (() => void) | undefined;
  const record = createRecorder(run, state, () => wake?.());
  const nodesOf = (key: string) => state.byPackage.get(key) ?? [];
  // What was read before a long build says nothing about what a stranger has done meanwhile.
  const oldest = run.clock.now() - run.limits.lookMaxAgeMs;
  const seen = (run.readings ?? []).flatMap(({ registry, name, reading }) => {
    const nodes = nodesOf(packageKey(registry, name));
    return nodes.length === 0 || reading.at < oldest
      ? []
      : [observation(nodes, { registry, name, reading, kind: "fresh" })];
  });
  await record([beginning(run, state), ...seen]);

  const inFlight = new Map<string, Action>();
  const failures: unknown[] = [];
  const start = (action: Action): void => {
    inFlight.set(action.key, action);
    perform(action, { ...run, nodesOf, record })
      .catch((error: unknown) => failures.push(error))
      .finally(() => {
        inFlight.delete(action.key);
        wake?.();
      });
  };

  const reason = await runUntilEnd({ run, state, inFlight, start, failures, setWake: (listener) => (wake = listener) });
  if (failures.length > 0) throw failures[0];
  await record([{ type: "ended", at: run.clock.now(), reason, isComplete: isComplete(state) }]);
  return state;
}

/**
 * What an earlier attempt sent and bound still counts. What it read does not: it was judged against that attempt's plan, and
 * against this one (other tags, other bytes) it could make steps stale and so hide the writes that follow it.
 */
function outlastsItsAttempt(event: Event): boolean {
  const { type } = event;
  return (
    type === "opened" || type === "resumed" || type === "write-started" || type === "write-ended" || type === "bound"
  );
}

function beginning(run: ReleaseRun, state: RunState): Event {
  const { planDigest, toolVersion, plan } = run;
  const at = run.clock.now();
  const attempt = state.attempt + 1;
  const begun = { at, planDigest, toolVersion, attempt, ...(run.mayRepair === true ? { mayRepair: true } : {}) };
  return run.history.length === 0
    ? { type: "opened", schema: journalSchema, releaseId: plan.releaseId, ...begun }
    : { type: "resumed", ...begun };
}

interface Turning {
  readonly run: ReleaseRun;
  readonly state: RunState;
  readonly inFlight: ReadonlyMap<string, Action>;
  readonly start: (action: Action) => void;
  readonly failures: readonly unknown[];
  readonly setWake: (listener: () => void) => void;
}

/** Starts what may run until nothing is left to do, the time is out, or the run is interrupted. */
async function runUntilEnd(turning: Turning): Promise<"finished" | "out-of-time" | "interrupted"> {
  const { run, state, inFlight, start, failures, setWake } = turning;
  const { clock, limits, signal } = run;
  const decide = run.decide ?? decideByRules;
  for (;;) {
    let isWoken = false;
    let listener: (() => void) | undefined;
    setWake(() => {
      isWoken = true;
      listener?.();
    });
    const now = clock.now();
    const deadline = deadlineOf(state);
    const stopping =
      failures.length > 0 || signal?.aborted === true ? "interrupted" : now >= deadline ? "out-of-time" : undefined;
    const decision = stopping === undefined ? decide(state, now) : { actions: [], wakeAt: undefined };
    for (const action of decision.actions) {
      if (inFlight.size >= limits.concurrency) break;
      if (!inFlight.has(action.key)) start(action);
    }
    if (inFlight.size === 0) {
      if (stopping !== undefined) return stopping;
      if (decision.wakeAt === undefined) return "finished";
      // A pause that outlasts the deadline would only be waited for in vain.
      if (decision.wakeAt >= deadline) return "out-of-time";
    }
    const until = Math.min(decision.wakeAt ?? Number.POSITIVE_INFINITY, deadline);
    await waitForChange({
      clock,
      untilMs: stopping === undefined ? until - now : undefined,
      signal,
      isWoken: () => isWoken,
      onListen: (wakeUp) => (listener = wakeUp),
    });
  }
}

interface Waiting {
  readonly clock: Clock;
  /** Undefined: only a change ends the wait. */
  readonly untilMs: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly isWoken: () => boolean;
  readonly onListen: (wakeUp: () => void) => void;
}

/** Until something changed, the time has come, or the run is interrupted. */
async function waitForChange({ clock, untilMs, signal, isWoken, onListen }: Waiting): Promise<void> {
  if (isWoken()) return;
  const sleeping = new AbortController();
  const changed = new Promise<void>((resolve) => {
    onListen(resolve);
    if (signal?.aborted === false)
      signal.addEventListener("abort", () => resolve(), { once: true, signal: sleeping.signal });
  });
  await Promise.race(untilMs === undefined ? [changed] : [changed, clock.sleep(Math.max(1, untilMs), sleeping.signal)]);
  // A reason of one's own spares the exception, with its stack, that Node would make for each turn.
  sleeping.abort("woken");
}
