/**
 * Building blocks of a domain model. It depends on nothing, does no I/O, and is the same in Node and in a browser.
 *
 * @packageDocumentation
 */
export { AggregateRoot, type EventHandlers } from "./aggregate-root.ts";
export {
  ConcurrencyError,
  DomainError,
  type DomainErrorOptions,
  formatPath,
  type Issue,
  NotFoundError,
  ValidationError,
} from "./domain-error.ts";
export {
  causedBy,
  createEvent,
  type DomainEvent,
  type EventMap,
  type EventMetadata,
  type EventOf,
  type EventPayloads,
  type NewEvent,
} from "./domain-event.ts";
export { Entity } from "./entity.ts";
export { isEqual } from "./equality.ts";
export { type Identifier, type Identifiers, identifiers, isUuid, newUuid } from "./identifier.ts";
export {
  createEventSourcedRepository,
  createInMemoryEventStore,
  type EventSourced,
  type EventSourcedRepositoryOptions,
  type EventStore,
  findOrFail,
  type Repository,
} from "./repository.ts";
export {
  andThen,
  attempt,
  collect,
  err,
  type Err,
  mapError,
  mapResult,
  ok,
  type Ok,
  type Result,
  unwrap,
  valueOr,
} from "./result.ts";
export { type AnyClass, shareInstances } from "./shared-instances.ts";
export { ValueObject } from "./value-object.ts";
