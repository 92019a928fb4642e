/**
 * The outbox: messages are stored in the transaction that made them necessary, and sent afterwards until they are accepted.
 * Each is delivered at least once, those of one key in their order.
 */
import { type DomainEvent, newUuid } from "@vextrus/kernel";
import {
  correlationHeaders,
  type Counter,
  currentCorrelation,
  delayAfter,
  type Logger,
  type Metrics,
  type RetryPolicy,
  sleepFor,
} from "@vextrus/utils";

export interface OutboxMessage {
  readonly id: string;
  readonly topic: string;
  /** Messages with the same key arrive in their order. */
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: unknown;
}

export interface StoredMessage extends OutboxMessage {
  /** Attempts that have failed. */
  readonly attempts: number;
}

/** A port. An implementation adds messages in the same transaction as what they tell of. */
export interface OutboxStore {
  add(messages: readonly OutboxMessage[]): Promise<void>;
  /**
   * Messages that may be sent now, oldest first. Where a message waits for its next attempt, later ones with its key wait too;
   * dead ones are passed over.
   */
  findDue(now: Date, limit: number): Promise<readonly StoredMessage[]>;
  markSent(id: string): Promise<void>;
  markFailed(id: string, reason: string, nextAttemptAt: Date): Promise<void>;
  /** Gives a message up. Somebody has to look. */
  markDead(id: string, reason: string): Promise<void>;
}

/** Messages of events, keyed by aggregate, with the correlation that each event or else the caller has. */
export function toMessages(topic: string, events: readonly DomainEvent[]): readonly OutboxMessage[] {
  return events.map((event) => {
    const correlationId = event.metadata.correlationId ?? currentCorrelation()?.correlationId ?? newUuid();
    return {
      id: event.id,
      topic,
      key: `${event.aggregateType}-${event.aggregateId}`,
      headers: correlationHeaders({ correlationId, causationId: event.id }),
      payload: event,
    };
  });
}

export interface RelayOptions {
  readonly store: OutboxStore;
  /** Hands a message to the broker; resolves once the broker has it for good. */
  readonly publish: (message: OutboxMessage) => Promise<void>;
  /** Read at once. Default 100. */
  readonly batchSize?: number;
  /** When to try again, and after how many attempts to give up. Default 12 attempts, from 1 s to 5 min. */
  readonly retry?: Pick<RetryPolicy, "attemptsMax" | "firstDelayMs" | "factor" | "delayMaxMs">;
  readonly logger?: Logger;
  /** Counts in `outbox_messages_total`. One relay for each set of metrics. */
  readonly metrics?: Metrics;
  readonly now?: () => Date;
}

export interface RelayReport {
  readonly sent: number;
  readonly failed: number;
  readonly dead: number;
}

export interface OutboxRelay {
  /** Sends what is due, batch after batch until a batch sends nothing. Rejects when the store does. */
  drain(): Promise<RelayReport>;
  /** Drains again and again until the signal is aborted; then resolves, after the message in flight. */
  run(signal: AbortSignal, intervalMs?: number): Promise<void>;
}

/** Makes a relay. One at a time may run on a store, or the order of messages is lost. */
export function createOutboxRelay(options: RelayOptions): OutboxRelay {
  const { store, batchSize = 100, now = () => new Date(), logger } = options;
  const counter = options.metrics?.counter({
    name: "outbox_messages_total",
    help: "Attempts to send messages, by outcome.",
    labels: ["outcome"],
  });
  const drain = async (signal?: AbortSignal): Promise<RelayReport> => {
    const totals = { sent: 0, failed: 0, dead: 0 };
    for (;;) {
      const before = totals.sent + totals.dead;
      const held = new Set<string>();
      for (const message of await store.findDue(now(), batchSize)) {
        if (signal?.aborted === true) return totals;
        if (held.has(message.key)) continue;
        const outcome = await send(message, options, now, counter);
        totals[outcome] += 1;
        if (outcome === "failed") held.add(message.key);
      }
      if (totals.sent + totals.dead === before) return totals;
    }
  };
  return {
    drain: () => drain(),
    run: async (signal, intervalMs = 1000) => {
      while (!signal.aborted) {
        const { sent, failed, dead } = await drain(signal);
        if (sent + failed + dead > 0) logger?.info("outbox drained", { sent, failed, dead });
        await sleepFor(intervalMs, signal).catch((reason: unknown) => {
          if (!signal.aborted) throw reason;
        });
      }
    },
  };
}

async function send(
  message: StoredMessage,
  { store, publish, logger, retry = {} }: RelayOptions,
  now: () => Date,
  counter: Counter | undefined,
): Promise<keyof RelayReport> {
  const { attemptsMax = 12, ...delays } = { firstDelayMs: 1000, delayMaxMs: 300_000, ...retry };
  const { id, topic, key, headers, payload, attempts } = message;
  try {
    await publish({ id, topic, key, headers, payload });
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const isDead = attempts + 1 >= attemptsMax;
    if (isDead) await store.markDead(id, reason);
    else await store.markFailed(id, reason, new Date(now().getTime() + delayAfter(attempts + 1, delays)));
    counter?.add({ outcome: isDead ? "dead" : "failed" });
    logger?.[isDead ? "error" : "warn"]("message not sent", {
      messageId: id,
      topic,
      attempts: attempts + 1,
      isDead,
      error: thrown,
    });
    return isDead ? "dead" : "failed";
  }
  // Outside of the try: a message that was sent must not count as failed because that could not be noted. It is sent again then.
  await store.markSent(id);
  counter?.add({ outcome: "sent" });
  return "sent";
}

interface Held extends StoredMessage {
  readonly dueAt: Date;
  readonly isDead: boolean;
  readonly reason: string | undefined;
}

/** An outbox that forgets everything with the process: for tests, and for trying things out. */
export interface InMemoryOutbox extends OutboxStore {
  /** Messages that were given up, with the reasons. */
  dead(): readonly { readonly id: string; readonly reason: string }[];
  /** Messages that are still to be sent. */
  pending(): readonly StoredMessage[];
}

export function createInMemoryOutbox(): InMemoryOutbox {
  const messages = new Map<string, Held>();
  const change = (id: string, changes: Partial<Held>): void => {
    const message = messages.get(id);
    if (message !== undefined) messages.set(id, { ...message, ...changes });
  };
  const alive = (): readonly Held[] => [...messages.values()].filter((message) => !message.isDead);
  return {
    add: async (added) => {
      for (const message of added)
        if (!messages.has(message.id))
          messages.set(message.id, { ...message, attempts: 0, dueAt: new Date(0), isDead: false, reason: undefined });
    },
    findDue: async (now, limit) => {
      const waiting = new Set<string>();
      const due: StoredMessage[] = [];
      for (const message of alive()) {
        if (message.dueAt > now) waiting.add(message.key);
        else if (!waiting.has(message.key) && due.length < limit) due.push(message);
      }
      return due;
    },
    markSent: async (id) => void messages.delete(id),
    markFailed: async (id, reason, dueAt) =>
      change(id, { reason, dueAt, attempts: (messages.get(id)?.attempts ?? 0) + 1 }),
    markDead: async (id, reason) => change(id, { reason, isDead: true }),
    dead: () => [...messages.values()].filter(({ isDead }) => isDead).map(({ id, reason = "" }) => ({ id, reason })),
    pending: alive,
  };
}
