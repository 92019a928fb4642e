/**
 * Evaluates the expressions of a workflow (`${{ … }}`, `if:`) with GitHub's own lexer, parser and evaluator. What it does not know, it refuses:
 * a misspelt context must not become an empty string here, as it does on a runner.
 */
import { data, Evaluator, Lexer, Parser } from "@actions/expressions";

/** Plain data by context name: `github`, `needs`, `steps`, `env`, `secrets`, `inputs`, `vars`, `runner`. */
export type Contexts = Readonly<Record<string, unknown>>;

/** `skipped`, of the jobs before: none failed and not all succeeded. What `success()`, `failure()` and `cancelled()` answer. */
export type JobStatus = "success" | "failure" | "cancelled" | "skipped";

interface FunctionDefinition {
  readonly name: string;
  readonly minArgs: number;
  readonly maxArgs: number;
  readonly call: (...values: data.ExpressionData[]) => data.ExpressionData;
}

function statusFunctions(status: JobStatus): readonly FunctionDefinition[] {
  const answers: Readonly<Record<string, boolean>> = {
    always: true,
    success: status === "success",
    failure: status === "failure",
    cancelled: status === "cancelled",
  };
  return Object.entries(answers).map(([name, answer]) => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(answer),
  }));
}

/** `hashFiles` has no files to look at here; a workflow that uses it only for a cache key gets a constant. */
const hashFiles: FunctionDefinition = {
  name: "hashFiles",
  minArgs: 1,
  maxArgs: 255,
  call: () => new data.StringData("0".repeat(64)),
};

function toContext(contexts: Contexts): data.Dictionary {
  const dictionary: unknown = JSON.parse(JSON.stringify(contexts), data.reviver);
  if (!(dictionary instanceof data.Dictionary)) throw new TypeError("contexts are an object");
  return dictionary;
}

/** The value of an expression without its `${{ }}`, as plain data. Throws for a context or function that there is none of. */
export function evaluate(expression: string, contexts: Contexts, status: JobStatus): unknown {
  const functions = [...statusFunctions(status), hashFiles];
  const { tokens } = new Lexer(expression).lex();
  const tree = new Parser(tokens, Object.keys(contexts), [...functions]).parse();
  const known = new Map(functions.map((item) => [item.name.toLowerCase(), item]));
  const value = new Evaluator(tree, toContext(contexts), known).evaluate();
  return JSON.parse(JSON.stringify(value, data.replacer) ?? "null");
}

/** As a condition counts it: false, 0, NaN, "" and null do not hold. */
export function holds(value: unknown): boolean {
  return Boolean(value);
}

/** As a runner writes a value into text. */
export function asText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
