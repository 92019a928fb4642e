/** Aggregates: the units of the domain that are loaded, decide, and are saved as a whole. Their state follows from events alone. */
import {
  createEvent,
  type DomainEvent,
  type EventMap,
  type EventMetadata,
  type EventOf,
  type EventPayloads,
} from "./domain-event.ts";
import { Entity } from "./entity.ts";
import { shareInstances } from "./shared-instances.ts";

/** What each event changes. A handler neither decides nor fails: what it is told has already happened. */
export type EventHandlers<Payloads extends EventPayloads> = {
  readonly [Type in keyof Payloads & string]: (event: DomainEvent<Type, Payloads[Type]>) => void;
};

/**
 * Base of aggregates. Methods of a subclass check the rules, then `raise` what happened; `handlers` change the state, both
 * when it happens and when it is read back.
 */
export abstract class AggregateRoot<Id extends string, Payloads extends EventPayloads> extends Entity<Id> {
  protected abstract readonly handlers: EventHandlers<Payloads>;
  /** Goes into the events that are raised from now on. */
  eventMetadata: EventMetadata = {};
  private readonly pending: EventOf<Payloads>[] = [];
  private currentVersion = 0;

  static {
    shareInstances(AggregateRoot, "@vextrus/kernel/AggregateRoot");
  }

  /** Number of events that made the state what it is, those not yet saved included. */
  get version(): number {
    return this.currentVersion;
  }

  /** Version that was loaded or saved last. A save succeeds only while the stored one is still this. */
  get committedVersion(): number {
    return this.currentVersion - this.pending.length;
  }

  /** Raised and not yet saved, oldest first. */
  get pendingEvents(): readonly EventOf<Payloads>[] {
    return [...this.pending];
  }

  /** Reads back what happened, oldest first. Throws when an event is not the next one of this aggregate. */
  replay(history: Iterable<EventOf<Payloads>>): void {
    if (this.pending.length > 0) throw new TypeError(`${this.type} ${this.id} has events that are not saved`);
    for (const event of history) {
      const { aggregateType, aggregateId, aggregateVersion } = event;
      if (aggregateType !== this.type || aggregateId !== this.id || aggregateVersion !== this.currentVersion + 1)
        throw new TypeError(
          `version ${aggregateVersion} of ${aggregateType} ${aggregateId} does not follow version ${this.currentVersion} of ${this.type} ${this.id}`,
        );
      this.handle(event);
    }
  }

  /** Says that the oldest `count` pending events have been saved; more may have been raised meanwhile. For repositories. */
  markCommitted(count: number): void {
    this.pending.splice(0, count);
  }

  /** Records what happened, and changes the state by it. */
  protected raise<Type extends keyof Payloads & string>(type: Type, payload: Payloads[Type], schemaVersion = 1): void {
    const event: EventMap<Payloads>[Type] = createEvent({
      type,
      payload,
      schemaVersion,
      aggregateType: this.type,
      aggregateId: this.id,
      aggregateVersion: this.currentVersion + 1,
      metadata: this.eventMetadata,
    });
    this.handle(event);
    this.pending.push(event);
  }

  private handle<Type extends keyof Payloads & string>(event: EventMap<Payloads>[Type]): void {
    const handler: EventHandlers<Payloads>[Type] | undefined = this.handlers[event.type];
    if (handler === undefined) throw new TypeError(`${this.type} ${this.id} does not know the event ${event.type}`);
    handler(event);
    this.currentVersion = event.aggregateVersion;
  }
}
