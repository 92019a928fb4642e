/**
 * What services promise each other, checked at run time on both sides: schemas, operations, events.
 *
 * @packageDocumentation
 */
export {
  array,
  type ArrayOptions,
  nullable,
  object,
  type ObjectOf,
  type ObjectOptions,
  type ObjectSchema,
  optional,
  type OptionalKeys,
  type OptionalSchema,
  record,
  type Shape,
  variant,
  type VariantOf,
  type Variants,
} from "./compounds.ts";
export {
  type AnyOperation,
  type CodeOf,
  type Contract,
  type ContractDescription,
  defineContract,
  describeContract,
  type InputOf,
  operation,
  type Operation,
  type OperationOptions,
  type Operations,
  type OutputOf,
} from "./contract.ts";
export { defineEvent, type EventContract, type EventOfContract } from "./event-contract.ts";
export {
  boolean,
  integer,
  number,
  type NumberOptions,
  oneOf,
  string,
  type StringOptions,
  timestamp,
  uuid,
} from "./scalars.ts";
export {
  anything,
  type Check,
  createSchema,
  type Infer,
  type JsonSchema,
  type Path,
  type Schema,
  type StandardProps,
} from "./schema.ts";
export {
  type CallContext,
  type Client,
  createClient,
  createLocalTransport,
  createServer,
  type Handlers,
  type ProtocolCode,
  type Server,
  type ServerOptions,
  type ServiceError,
  type ServiceRequest,
  type ServiceResponse,
  type Transport,
} from "./service.ts";
