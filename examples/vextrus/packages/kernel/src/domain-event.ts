/** Facts of the domain, as plain data: what happened to which aggregate, when, and because of what. */
import { newUuid } from "./identifier.ts";

export interface EventMetadata {
  /** Shared by all that one request from outside set off. */
  readonly correlationId?: string;
  /** Id of the command or event that this one follows from. */
  readonly causationId?: string;
}

/** Survives JSON unchanged as long as its payload does. */
export interface DomainEvent<Type extends string = string, Payload = unknown> {
  readonly id: string;
  readonly type: Type;
  /** Version of the payload's shape, from 1. */
  readonly schemaVersion: number;
  readonly aggregateType: string;
  readonly aggregateId: string;
  /** Version of the aggregate once this has happened; the first event makes version 1. */
  readonly aggregateVersion: number;
  /** ISO 8601, UTC. */
  readonly occurredAt: string;
  readonly payload: Payload;
  readonly metadata: EventMetadata;
}

/** Payloads by event type: all that can happen to one kind of aggregate. */
export type EventPayloads = Readonly<Record<string, unknown>>;

/** The events of an aggregate, by type. */
export type EventMap<Payloads extends EventPayloads> = {
  readonly [Type in keyof Payloads & string]: DomainEvent<Type, Payloads[Type]>;
};

/** Any of the events of an aggregate. */
export type EventOf<Payloads extends EventPayloads> = EventMap<Payloads>[keyof Payloads & string];

export interface NewEvent<Type extends string, Payload> {
  readonly type: Type;
  readonly aggregateType: string;
  readonly aggregateId: string;
  readonly aggregateVersion: number;
  readonly payload: Payload;
  /** Default 1. */
  readonly schemaVersion?: number;
  readonly metadata?: EventMetadata;
  /** Default now. */
  readonly occurredAt?: Date;
}

export function createEvent<Type extends string, Payload>(event: NewEvent<Type, Payload>): DomainEvent<Type, Payload> {
  const { occurredAt = new Date(), schemaVersion = 1, metadata = {}, ...rest } = event;
  return Object.freeze({
    id: newUuid(occurredAt.getTime()),
    ...rest,
    schemaVersion,
    occurredAt: occurredAt.toISOString(),
    metadata,
  });
}

/** Metadata of what follows from an event: the same correlation, and the event as its cause. */
export function causedBy(event: DomainEvent): EventMetadata {
  return { ...event.metadata, causationId: event.id };
}
