/** Where aggregates are kept, as the domain sees it; and a repository over a store of events. */
import { ConcurrencyError, NotFoundError } from "./domain-error.ts";
import type { DomainEvent } from "./domain-event.ts";
import { err, ok, type Result } from "./result.ts";

/** A port: the domain calls it, infrastructure implements it. */
export interface Repository<Id extends string, Aggregate> {
  find(id: Id): Promise<Aggregate | undefined>;
  /** Saves all that is pending or nothing; returns the events saved. */
  save(aggregate: Aggregate): Promise<Result<readonly DomainEvent[], ConcurrencyError>>;
}

/** Loads an aggregate that must be there. */
export async function findOrFail<Id extends string, Aggregate>(
  repository: Repository<Id, Aggregate>,
  type: string,
  id: Id,
): Promise<Result<Aggregate, NotFoundError>> {
  const found = await repository.find(id);
  return found === undefined ? err(new NotFoundError(type, id)) : ok(found);
}

/** A port: streams of events, one for each aggregate. */
export interface EventStore {
  /** Oldest first; empty for a stream that does not exist. */
  read(stream: string): Promise<readonly DomainEvent[]>;
  /** Appends all or nothing, and only if the stream holds `expectedVersion` events. */
  append(
    stream: string,
    expectedVersion: number,
    events: readonly DomainEvent[],
  ): Promise<Result<void, ConcurrencyError>>;
}

/** An event store that forgets everything with the process: for tests, and for trying things out. */
export function createInMemoryEventStore(): EventStore {
  const streams = new Map<string, readonly DomainEvent[]>();
  return {
    read: async (stream) => streams.get(stream) ?? [],
    append: async (stream, expectedVersion, events) => {
      const stored = streams.get(stream) ?? [];
      if (stored.length !== expectedVersion) return err(new ConcurrencyError(stream, expectedVersion, stored.length));
      streams.set(stream, [...stored, ...events]);
      return ok(undefined);
    },
  };
}

/** What a repository over events needs of an aggregate; every AggregateRoot has it. */
export interface EventSourced<Event extends DomainEvent> {
  readonly type: string;
  readonly id: string;
  readonly committedVersion: number;
  readonly pendingEvents: readonly Event[];
  replay(history: Iterable<Event>): void;
  markCommitted(count: number): void;
}

export interface EventSourcedRepositoryOptions<Id extends string, Event extends DomainEvent, Aggregate> {
  readonly store: EventStore;
  /** Makes an empty aggregate, which is then told its history. */
  readonly create: (id: Id) => Aggregate & EventSourced<Event>;
  /** Says which of the aggregate's events a stored one is; throws for one that it does not know. */
  readonly read: (event: DomainEvent) => Event;
}

/** A repository that keeps of each aggregate what happened to it. */
export function createEventSourcedRepository<
  Id extends string,
  Event extends DomainEvent,
  Aggregate extends EventSourced<Event>,
>(options: EventSourcedRepositoryOptions<Id, Event, Aggregate>): Repository<Id, Aggregate> {
  const { store, create, read } = options;
  const streamOf = ({ type, id }: EventSourced<Event>): string => `${type}-${id}`;
  return {
    find: async (id) => {
      const aggregate = create(id);
      const history = await store.read(streamOf(aggregate));
      if (history.length === 0) return undefined;
      aggregate.replay(history.map(read));
      return aggregate;
    },
    save: async (aggregate) => {
      const events = aggregate.pendingEvents;
      if (events.length === 0) return ok([]);
      const appended = await store.append(streamOf(aggregate), aggregate.committedVersion, events);
      if (!appended.ok) return appended;
      aggregate.markCommitted(events.length);
      return ok(events);
    },
  };
}
