/**
 * Consistency across services without a transaction over them: sagas that undo what they did, an outbox, and work that is done once.
 *
 * @packageDocumentation
 */
export {
  type Claim,
  createIdempotency,
  createInMemoryIdempotencyStore,
  fingerprint,
  type IdempotencyOptions,
  type IdempotencyStore,
  type Once,
} from "./idempotency.ts";
export {
  createOrchestrator,
  type Orchestrator,
  type OrchestratorOptions,
  type SagaError,
  type SagaOutcome,
  type StartOptions,
} from "./orchestrator.ts";
export {
  createInMemoryOutbox,
  createOutboxRelay,
  type InMemoryOutbox,
  type OutboxMessage,
  type OutboxRelay,
  type OutboxStore,
  type RelayOptions,
  type RelayReport,
  type StoredMessage,
  toMessages,
} from "./outbox.ts";
export { defineSaga, type Saga, type SagaStep, type StepCall } from "./saga.ts";
export {
  createInMemorySagaStore,
  type SagaFailure,
  type SagaRecord,
  type SagaStatus,
  type SagaStore,
} from "./saga-store.ts";
