/** Errors that the domain knows: each has a code to decide by and details to show, and can be written as JSON. */
import { shareInstances } from "./shared-instances.ts";

export interface DomainErrorOptions {
  /** What the message is about, as data that can be written as JSON. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** True when the same call may succeed later without anything being changed. Default false. */
  readonly isRetryable?: boolean;
  readonly cause?: unknown;
}

/** A failure that callers are meant to tell apart by its `code`, as `order.not-found`. */
export class DomainError extends Error {
  override readonly name: string = "DomainError";
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly isRetryable: boolean;

  static {
    shareInstances(DomainError, "@vextrus/kernel/DomainError");
  }

  constructor(code: string, message: string, options: DomainErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.details = options.details ?? {};
    this.isRetryable = options.isRetryable ?? false;
  }

  /** Without stack and cause, which are for logs and not for callers. */
  toJSON(): Readonly<Record<string, unknown>> {
    const { name, code, message, details, isRetryable } = this;
    return { name, code, message, details, isRetryable };
  }
}

/** One thing that is wrong with a value, and where: `["items", 0, "quantity"]`. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A value from outside is not what it should be. All that is wrong with it is listed. */
export class ValidationError extends DomainError {
  override readonly name: string = "ValidationError";
  readonly issues: readonly Issue[];

  static {
    shareInstances(ValidationError, "@vextrus/kernel/ValidationError");
  }

  constructor(subject: string, issues: readonly Issue[]) {
    const shown = issues.map(({ path, message }) => `${formatPath(path)} ${message}`).join("; ");
    super("validation", `${subject} is not valid: ${shown}`, { details: { issues } });
    this.issues = issues;
  }
}

/** `items[0].quantity`, or `value` for the whole. */
export function formatPath(path: Issue["path"]): string {
  if (path.length === 0) return "value";
  return path.map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`)).join("");
}

export class NotFoundError extends DomainError {
  override readonly name: string = "NotFoundError";

  static {
    shareInstances(NotFoundError, "@vextrus/kernel/NotFoundError");
  }

  constructor(type: string, id: string) {
    super("not-found", `there is no ${type} ${id}`, { details: { type, id } });
  }
}

/** Somebody else has changed what was about to be changed. Load it again, decide again, save again. */
export class ConcurrencyError extends DomainError {
  override readonly name: string = "ConcurrencyError";

  static {
    shareInstances(ConcurrencyError, "@vextrus/kernel/ConcurrencyError");
  }

  constructor(subject: string, expectedVersion: number, actualVersion: number) {
    super("concurrency", `${subject} is at version ${actualVersion}, not ${expectedVersion}`, {
      details: { subject, expectedVersion, actualVersion },
      isRetryable: true,
    });
  }
}
