/** Contracts for events: which payload an event of some type and version carries, checked where it is made and where it arrives. */
import {
  createEvent,
  type DomainEvent,
  err,
  type EventMetadata,
  type NewEvent,
  ok,
  type Result,
  unwrap,
  type ValidationError,
} from "@vextrus/kernel";
import { object, optional } from "./compounds.ts";
import { integer, oneOf, string, timestamp, uuid } from "./scalars.ts";
import { anything, type Schema } from "./schema.ts";

export interface EventContract<Type extends string, Payload> {
  readonly type: Type;
  readonly schemaVersion: number;
  readonly payload: Schema<Payload>;
  /** Makes an event. Throws the ValidationError for a payload that breaks the contract: that is a bug of its maker. */
  create(event: Omit<NewEvent<Type, Payload>, "type" | "schemaVersion">): DomainEvent<Type, Payload>;
  /** Reads an event from outside. */
  parse(value: unknown): Result<DomainEvent<Type, Payload>, ValidationError>;
}

export type EventOfContract<C> =
  C extends EventContract<infer Type, infer Payload> ? DomainEvent<Type, Payload> : never;

export function defineEvent<const Type extends string, Payload>(
  type: Type,
  schemaVersion: number,
  payload: Schema<Payload>,
): EventContract<Type, Payload> {
  const schema = object({
    id: uuid(),
    type: oneOf(type),
    schemaVersion: oneOf(schemaVersion),
    aggregateType: string({ minLength: 1 }),
    aggregateId: string({ minLength: 1 }),
    aggregateVersion: integer({ minimum: 1 }),
    occurredAt: timestamp(),
    payload: anything(),
    metadata: object({ correlationId: optional(string()), causationId: optional(string()) }),
  });
  const subject = `${type} (version ${schemaVersion})`;
  return {
    type,
    schemaVersion,
    payload,
    create: (event) =>
      createEvent({ ...event, type, schemaVersion, payload: unwrap(payload.parse(event.payload, subject)) }),
    parse: (value) => {
      const envelope = schema.parse(value, subject);
      if (!envelope.ok) return envelope;
      const content = payload.parse(envelope.value.payload, `payload of ${subject}`);
      if (!content.ok) return err(content.error);
      const metadata: EventMetadata = envelope.value.metadata;
      return ok({ ...envelope.value, type, payload: content.value, metadata });
    },
  };
}
