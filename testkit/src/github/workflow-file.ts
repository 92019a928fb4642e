/**
 * A workflow file as GitHub's own parser reads it, reduced to what running it takes. Reusable workflows, matrices, containers and services
 * are refused: a job that would be run otherwise than on GitHub must not look as if it had passed.
 */
import type { TemplateToken } from "@actions/workflow-parser/templates/tokens/template-token";
import { asText, type Contexts, evaluate, type JobStatus } from "./expressions.ts";
import { allowJsonImports } from "./json-imports.ts";

allowJsonImports();
const { convertWorkflowTemplate, isBasicExpression, isMapping, isSequence, NoOperationTraceWriter, parseWorkflow } =
  await import("@actions/workflow-parser");

export interface WorkflowStep {
  readonly id: string | undefined;
  readonly name: string | undefined;
  readonly condition: string;
  readonly uses: string | undefined;
  readonly run: TemplateToken | undefined;
  readonly with: TemplateToken | undefined;
  readonly env: TemplateToken | undefined;
  readonly continueOnError: TemplateToken | undefined;
}

export interface WorkflowJob {
  readonly id: string;
  readonly needs: readonly string[];
  readonly condition: string;
  /** Scope to `read`, `write` or `none`; undefined where neither job nor workflow says, which gives the repository's default. */
  readonly permissions: Readonly<Record<string, string>> | undefined;
  readonly environment: string | undefined;
  readonly env: TemplateToken | undefined;
  readonly outputs: TemplateToken | undefined;
  readonly steps: readonly WorkflowStep[];
}

export interface WorkflowFile {
  readonly path: string;
  /** In the order of the file. */
  readonly jobs: readonly WorkflowJob[];
  readonly env: TemplateToken | undefined;
  readonly events: readonly string[];
}

/** What GitHub's parser and its schema say against a workflow, as `line:column message`; empty for one that GitHub would take. */
export async function findWorkflowFaults(path: string, content: string): Promise<readonly string[]> {
  const { context, value } = parseWorkflow({ name: path, content }, new NoOperationTraceWriter());
  if (value !== undefined) await convertWorkflowTemplate(context, value);
  return context.errors.getErrors().map((error) => error.message);
}

/** Reads a workflow to be run. Throws for one that GitHub would refuse and for what cannot be run here. */
export async function readWorkflowFile(path: string, content: string): Promise<WorkflowFile> {
  const faults = await findWorkflowFaults(path, content);
  if (faults.length > 0) throw new Error(`GitHub would refuse ${path}:\n${faults.join("\n")}`);
  const { value } = parseWorkflow({ name: path, content }, new NoOperationTraceWriter());
  const root = fields(value);
  const permissions = readPermissions(root.get("permissions"));
  const jobs = [...fields(root.get("jobs"))].map(([id, job]) => readJob(id, fields(job), permissions));
  return { path, jobs, env: root.get("env"), events: readEvents(root.get("on")) };
}

type Fields = ReadonlyMap<string, TemplateToken>;

function fields(token: TemplateToken | undefined): Fields {
  if (token === undefined || !isMapping(token)) return new Map();
  return new Map([...token].map(({ key, value }) => [key.toString(), value]));
}

function text(token: TemplateToken | undefined): string | undefined {
  return token?.isScalar === true ? token.toString() : undefined;
}

function texts(token: TemplateToken | undefined): readonly string[] {
  if (token === undefined) return [];
  if (isSequence(token)) return Array.from({ length: token.count }, (_, index) => token.get(index).toString());
  return [token.toString()];
}

function readEvents(on: TemplateToken | undefined): readonly string[] {
  return on !== undefined && isMapping(on) ? [...fields(on).keys()] : texts(on);
}

function readPermissions(token: TemplateToken | undefined): Readonly<Record<string, string>> | undefined {
  if (token === undefined) return undefined;
  if (!isMapping(token)) throw new Error(`permissions: ${text(token)} is not run here: name each one`);
  return Object.fromEntries([...fields(token)].map(([scope, level]) => [scope, level.toString()]));
}

function readJob(id: string, job: Fields, inherited: WorkflowJob["permissions"]): WorkflowJob {
  for (const key of ["uses", "strategy", "container", "services"])
    if (job.has(key)) throw new Error(`job ${id}: ${key} is not run here`);
  const steps = job.get("steps");
  if (steps === undefined || !isSequence(steps)) throw new Error(`job ${id} has no steps`);
  const environment = job.get("environment");
  return {
    id,
    needs: texts(job.get("needs")),
    condition: readCondition(job.get("if")),
    permissions: readPermissions(job.get("permissions")) ?? inherited,
    environment: text(environment) ?? text(fields(environment).get("name")),
    env: job.get("env"),
    outputs: job.get("outputs"),
    steps: Array.from({ length: steps.count }, (_, index) => readStep(fields(steps.get(index)))),
  };
}

/** The expression of an `if:`, with `success() &&` before one that asks for no status, as GitHub reads it. */
function readCondition(token: TemplateToken | undefined): string {
  if (token === undefined) return "success()";
  const expression = isBasicExpression(token) ? token.expression : token.toString();
  return /\b(always|success|failure|cancelled)\s*\(/.test(expression) ? expression : `success() && (${expression})`;
}

function readStep(step: Fields): WorkflowStep {
  return {
    id: text(step.get("id")),
    name: text(step.get("name")),
    condition: readCondition(step.get("if")),
    uses: text(step.get("uses")),
    run: step.get("run"),
    with: step.get("with"),
    env: step.get("env"),
    continueOnError: step.get("continue-on-error"),
  };
}

/** A scalar with its expressions evaluated. */
export function resolveText(token: TemplateToken | undefined, contexts: Contexts, status: JobStatus): string {
  if (token === undefined) return "";
  return isBasicExpression(token) ? asText(evaluate(token.expression, contexts, status)) : token.toString();
}

/** A mapping with its expressions evaluated. */
export function resolveFields(
  token: TemplateToken | undefined,
  contexts: Contexts,
  status: JobStatus,
): Readonly<Record<string, string>> {
  return Object.fromEntries([...fields(token)].map(([key, value]) => [key, resolveText(value, contexts, status)]));
}
