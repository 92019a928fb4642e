/** Contracts: what a service offers, as data that its server, its clients and its documentation are all made of. */
import type { JsonSchema, Schema } from "./schema.ts";

export interface Operation<Input, Output, Code extends string> {
  readonly input: Schema<Input>;
  readonly output: Schema<Output>;
  /** Codes of the failures that callers have to expect. */
  readonly errors: readonly Code[];
  /** True when doing it twice is the same as doing it once, so that a client may call again. Default false. */
  readonly isIdempotent: boolean;
}

/** Some operation. Its schemas are only asked what they let through, never given a value of a narrower type. */
export type AnyOperation = Operation<unknown, unknown, string>;

export type Operations = Readonly<Record<string, AnyOperation>>;

export interface Contract<Ops extends Operations> {
  readonly name: string;
  /** Grows whenever a client of the old one could no longer call. */
  readonly version: number;
  readonly operations: Ops;
}

export type InputOf<Op> = Op extends Operation<infer Input, unknown, string> ? Input : never;
export type OutputOf<Op> = Op extends Operation<unknown, infer Output, string> ? Output : never;
export type CodeOf<Op> = Op extends Operation<unknown, unknown, infer Code> ? Code : never;

export interface OperationOptions<Input, Output, Code extends string> {
  readonly input: Schema<Input>;
  readonly output: Schema<Output>;
  readonly errors?: readonly Code[];
  readonly isIdempotent?: boolean;
}

export function operation<Input, Output, const Code extends string = never>(
  options: OperationOptions<Input, Output, Code>,
): Operation<Input, Output, Code> {
  const { input, output, errors = [], isIdempotent = false } = options;
  return { input, output, errors, isIdempotent };
}

export function defineContract<const Ops extends Operations>(contract: Contract<Ops>): Contract<Ops> {
  if (!Number.isSafeInteger(contract.version) || contract.version < 1)
    throw new TypeError(`the version of contract ${contract.name} is ${contract.version}, not a whole number from 1`);
  return contract;
}

/** A contract as JSON, for documentation and for clients in other languages. */
export interface ContractDescription {
  readonly name: string;
  readonly version: number;
  readonly operations: Readonly<
    Record<
      string,
      {
        readonly input: JsonSchema;
        readonly output: JsonSchema;
        readonly errors: readonly string[];
        readonly isIdempotent: boolean;
      }
    >
  >;
}

export function describeContract(contract: Contract<Operations>): ContractDescription {
  const operations = Object.entries(contract.operations).map(([name, { input, output, errors, isIdempotent }]) => [
    name,
    { input: input.jsonSchema, output: output.jsonSchema, errors: [...errors], isIdempotent },
  ]);
  return { name: contract.name, version: contract.version, operations: Object.fromEntries(operations) };
}
