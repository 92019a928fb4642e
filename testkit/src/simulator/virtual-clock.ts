/**
 * A clock whose time passes only when nothing else can run, so that a release of three hours is simulated in
 * milliseconds and one seed gives one history. It knows nothing of registries or releases.
 */
import type { AbortSignalLike, Clock } from "@slipway/core";

/** Somebody whose timers can be dropped all at once: a process that dies, for example. */
export interface TimerOwner {
  readonly isAlive: () => boolean;
}

/** The simulation can never end: something waits and no timer is left. `waiting` says for what. */
export class StuckError extends Error {
  constructor(waiting: string, at: number) {
    super(`${waiting} waits for ever: no timer is left at ${at} ms`);
    this.name = "StuckError";
  }
}

export interface VirtualClock extends Clock {
  /** Calls `callback` when `ms` have passed, unless `owner` is dead by then. Equal instants go in order of calling. */
  after(ms: number, callback: () => void, owner?: TimerOwner): void;
  /** A clock for one process: its sleeps never end once it is dead. */
  ownedBy(owner: TimerOwner): Clock;
  /** Lets this much time pass at once: for worlds that nothing of the simulation waits in, such as one behind a server. */
  advance(ms: number): void;
  /** Lets time pass until `promise` settles. Throws StuckError when it cannot, or when `untilMs` passes first. */
  run<T>(promise: Promise<T>, what: string, untilMs?: number): Promise<T>;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
  readonly owner: TimerOwner | undefined;
  /** Lets go of what the timer would have woken. */
  readonly forget: (() => void) | undefined;
}

/** A binary heap by instant, then by order of calling. */
interface TimerQueue {
  push(timer: Timer): void;
  pop(): Timer | undefined;
  /** The first, which stays. */
  peek(): Timer | undefined;
  /** In no order. */
  readonly all: readonly Timer[];
}

function isEarlier(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function createTimerQueue(): TimerQueue {
  const heap: Timer[] = [];
  function siftUp(timer: Timer): void {
    let index = heap.length;
    heap.push(timer);
    while (index > 0) {
      const up = (index - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || !isEarlier(timer, parent)) break;
      heap[index] = parent;
      index = up;
    }
    heap[index] = timer;
  }
  function siftDown(timer: Timer): void {
    let index = 0;
    for (;;) {
      let down = 2 * index + 1;
      let child = heap[down];
      const other = heap[down + 1];
      if (child !== undefined && other !== undefined && isEarlier(other, child)) {
        child = other;
        down += 1;
      }
      if (child === undefined || !isEarlier(child, timer)) break;
      heap[index] = child;
      index = down;
    }
    heap[index] = timer;
  }
  return {
    all: heap,
    push: siftUp,
    peek: () => heap[0],
    pop() {
      const first = heap[0];
      const last = heap.pop();
      if (first !== undefined && last !== undefined && heap.length > 0) siftDown(last);
      return first;
    },
  };
}

/** Every promise reaction that can run without time passing has run when this resolves. */
function drainMicrotasks(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** `startAt` is in milliseconds since the epoch. */
export function createVirtualClock(startAt: number = Date.UTC(2026, 0, 1)): VirtualClock {
  const queue = createTimerQueue();
  let now = startAt;
  let ordered = 0;

  function after(ms: number, callback: () => void, owner?: TimerOwner, forget?: () => void): void {
    ordered += 1;
    queue.push({ at: now + Math.max(0, ms), order: ordered, callback, owner, forget });
  }

  function sleep(ms: number, signal: AbortSignalLike | undefined, owner: TimerOwner | undefined): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const wake = (): void => {
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      signal?.addEventListener("abort", wake, { once: true });
      after(ms, wake, owner, () => signal?.removeEventListener("abort", wake));
    });
  }

  function popLiving(): Timer | undefined {
    for (;;) {
      const timer = queue.pop();
      if (timer === undefined || timer.owner === undefined || timer.owner.isAlive()) return timer;
      timer.forget?.();
    }
  }

  /** Node keeps an abandoned signal and all it would wake for ever: tens of thousands of dead runs fill the memory. */
  function forgetTheDead(): void {
    for (const { owner, forget } of queue.all) if (owner?.isAlive() === false) forget?.();
  }

  async function advanceUntilSettled<T>(promise: Promise<T>, what: string, untilMs: number): Promise<T> {
    const endsAt = now + untilMs;
    let isSettled = false;
    const settle = (): void => {
      isSettled = true;
    };
    promise.then(settle, settle);
    for (;;) {
      await drainMicrotasks();
      if (isSettled) return promise;
      const timer = popLiving();
      if (timer === undefined) throw new StuckError(what, now);
      if (timer.at > endsAt) throw new StuckError(`${what} has not ended after ${untilMs} ms and perhaps`, now);
      now = timer.at;
      timer.callback();
    }
  }

  function advance(ms: number): void {
    const endsAt = now + ms;
    for (;;) {
      const next = queue.peek();
      if (next === undefined || next.at > endsAt) break;
      queue.pop();
      now = Math.max(now, next.at);
      if (next.owner === undefined || next.owner.isAlive()) next.callback();
      else next.forget?.();
    }
    now = Math.max(now, endsAt);
  }

  return {
    now: () => now,
    advance,
    sleep: (ms, signal) => sleep(ms, signal, undefined),
    after: (ms, callback, owner) => after(ms, callback, owner),
    ownedBy: (owner) => ({ now: () => now, sleep: (ms, signal) => sleep(ms, signal, owner) }),
    async run<T>(promise: Promise<T>, what: string, untilMs = Number.POSITIVE_INFINITY): Promise<T> {
      try {
        return await advanceUntilSettled(promise, what, untilMs);
      } finally {
        forgetTheDead();
      }
    },
  };
}
