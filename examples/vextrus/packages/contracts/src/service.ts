/**
 * Both ends of a contract: a server that lets nothing through that the contract does not say, and a client that believes
 * nothing else. What carries the messages between them is the caller's business.
 */
import { err, type Issue, type Result } from "@vextrus/kernel";
import { object, record } from "./compounds.ts";
import type { AnyOperation, CodeOf, Contract, InputOf, Operations, OutputOf } from "./contract.ts";
import { integer, string } from "./scalars.ts";
import { anything, type Infer } from "./schema.ts";

/** Failures that any call may meet, whatever its contract says. */
export type ProtocolCode =
  /** The request is not what the contract says. The client's mistake: it must not be sent again. */
  | "contract.bad-request"
  /** The server has no such contract, version or operation. */
  | "contract.unknown-operation"
  /** The answer is not what the contract says. It may have been done. */
  | "contract.bad-response"
  /** The server failed in a way that the contract does not know. It may have been done. */
  | "contract.internal"
  /** No answer came. It may have been done. */
  | "contract.unavailable";

/** Plain data, as it travels. */
export interface ServiceError<Code extends string = string> {
  readonly code: Code | ProtocolCode;
  readonly message: string;
  /** What is wrong with the request or the answer. */
  readonly issues?: readonly Issue[];
}

export interface ServiceRequest {
  readonly contract: string;
  readonly version: number;
  readonly operation: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly input: unknown;
}

export type ServiceResponse = Result<unknown, ServiceError>;

export interface CallContext {
  readonly headers: Readonly<Record<string, string>>;
}

export type Handlers<Ops extends Operations> = {
  readonly [Name in keyof Ops]: (
    input: InputOf<Ops[Name]>,
    context: CallContext,
  ) => Promise<Result<OutputOf<Ops[Name]>, { readonly code: CodeOf<Ops[Name]>; readonly message: string }>>;
};

export type Client<Ops extends Operations> = {
  readonly [Name in keyof Ops]: (
    input: InputOf<Ops[Name]>,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Result<OutputOf<Ops[Name]>, ServiceError<CodeOf<Ops[Name]>>>>;
};

const requestSchema = object({
  contract: string(),
  version: integer(),
  operation: string(),
  headers: record(string()),
  input: anything(),
});

export interface ServerOptions {
  /** Told what a handler threw, or that its answer breaks the contract. Callers only learn that something went wrong. */
  readonly onFault?: (operation: string, fault: unknown) => void;
}

/** Takes a request as it arrived, parsed from JSON and not yet trusted. Never rejects. */
export type Server = (request: unknown) => Promise<ServiceResponse>;

export function createServer<Ops extends Operations>(
  contract: Contract<Ops>,
  handlers: Handlers<Ops>,
  options: ServerOptions = {},
): Server {
  const { onFault = () => undefined } = options;
  return async (raw) => {
    const request = requestSchema.check(raw);
    if (!request.ok) return failure("contract.bad-request", "the request is not one", request.error);
    const { operation: name, headers } = request.value;
    const found = findOperation(contract, request.value);
    if (found === undefined)
      return failure("contract.unknown-operation", `${formatTarget(request.value)} is not offered here`);
    const input = found.input.check(request.value.input, ["input"]);
    if (!input.ok) return failure("contract.bad-request", `the input of ${name} is not valid`, input.error);
    try {
      // The input has just passed the schema of this very operation, which the compiler cannot see for a name it does not know.
      const answer = await handlers[name as keyof Ops](input.value as InputOf<Ops[keyof Ops]>, { headers });
      return checkAnswer(found, answer, (fault) => onFault(name, fault));
    } catch (thrown) {
      onFault(name, thrown);
      return failure("contract.internal", `${name} failed`);
    }
  };
}

function findOperation(contract: Contract<Operations>, request: Infer<typeof requestSchema>): AnyOperation | undefined {
  const { operations } = contract;
  const isOffered = request.contract === contract.name && request.version === contract.version;
  return isOffered && Object.hasOwn(operations, request.operation) ? operations[request.operation] : undefined;
}

function checkAnswer(
  operation: AnyOperation,
  answer: Result<unknown, { readonly code: string; readonly message: string }>,
  onFault: (fault: unknown) => void,
): ServiceResponse {
  if (!answer.ok) {
    const { code, message } = answer.error;
    if (operation.errors.includes(code)) return err({ code, message });
    onFault(new TypeError(`the error ${code} is not in the contract`));
    return failure("contract.internal", "the service failed in an unexpected way");
  }
  const output = operation.output.check(answer.value, ["output"]);
  if (output.ok) return output;
  onFault(new TypeError(`the output breaks the contract: ${JSON.stringify(output.error)}`));
  return failure("contract.internal", "the service gave an answer that breaks the contract");
}

/** Carries a request to a server and brings back what it answered, parsed from JSON and not yet trusted. Rejects without one. */
export type Transport = (request: ServiceRequest) => Promise<unknown>;

/** A client with a method for each operation. Its methods never reject: a transport that fails is `contract.unavailable`. */
export function createClient<Ops extends Operations>(contract: Contract<Ops>, transport: Transport): Client<Ops> {
  const methods = Object.entries(contract.operations).map(([name, operation]) => [
    name,
    async (input: unknown, headers: Readonly<Record<string, string>> = {}) => {
      const checked = operation.input.check(input, ["input"]);
      if (!checked.ok) return failure("contract.bad-request", `the input of ${name} is not valid`, checked.error);
      const request = {
        contract: contract.name,
        version: contract.version,
        operation: name,
        headers,
        input: checked.value,
      };
      let answer: unknown;
      try {
        answer = await transport(request);
      } catch (cause) {
        return failure("contract.unavailable", `no answer from ${formatTarget(request)}: ${messageOf(cause)}`);
      }
      return readAnswer(operation, name, answer);
    },
  ]);
  return Object.fromEntries(methods) as Client<Ops>;
}

const errorSchema = object({ code: string(), message: string() });

const protocolCodes: ReadonlySet<string> = new Set<ProtocolCode>([
  "contract.bad-request",
  "contract.unknown-operation",
  "contract.bad-response",
  "contract.internal",
  "contract.unavailable",
]);

function readAnswer(operation: AnyOperation, name: string, answer: unknown): ServiceResponse {
  if (typeof answer !== "object" || answer === null || !("ok" in answer))
    return failure("contract.bad-response", `what ${name} answered is no answer`);
  if (answer.ok === true) {
    const output = operation.output.check("value" in answer ? answer.value : undefined, ["output"]);
    return output.ok ? output : failure("contract.bad-response", `the output of ${name} is not valid`, output.error);
  }
  const error = errorSchema.check("error" in answer ? answer.error : undefined, ["error"]);
  if (!error.ok) return failure("contract.bad-response", `the error of ${name} is not valid`, error.error);
  const { code, message } = error.value;
  const isKnown = operation.errors.includes(code) || protocolCodes.has(code);
  return isKnown
    ? err({ code, message })
    : failure("contract.bad-response", `${name} answered the unknown error ${code}: ${message}`);
}

function failure(code: ProtocolCode, message: string, issues?: readonly Issue[]): ServiceResponse {
  return err({ code, message, ...(issues === undefined ? {} : { issues }) });
}

function formatTarget(target: Pick<ServiceRequest, "contract" | "version" | "operation">): string {
  return `${target.contract}/${target.version}/${target.operation}`;
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** A transport to a server in the same process, through JSON as it would be on a wire. For tests. */
export function createLocalTransport(server: Server): Transport {
  return async (request) => {
    const response: unknown = await server(JSON.parse(JSON.stringify(request)));
    return JSON.parse(JSON.stringify(response));
  };
}
