/** Renders the page about the rules of the workflow linter. */
import type { Example, Rule } from "../packages/slipway/src/workflow-lint/rule.ts";
import { rules } from "../packages/slipway/src/workflow-lint/rules.ts";

const audits = "https://docs.zizmor.sh/audits/";

const introductions: Readonly<Record<Example["frame"], string>> = {
  workflow: "",
  steps: " (steps of the job that publishes)",
  gitlab: " (`.gitlab-ci.yml`)",
};

function block(text: string): string {
  return `\`\`\`yaml\n${text}\`\`\``;
}

function renderRule({ id, severity, title, why, fix, zizmor = [], isForAll = false, example }: Rule): string {
  const beside = example.beside === undefined ? [] : ["beside another workflow:", block(example.beside)];
  const facts = example.prereleases === undefined ? "" : `, in a workspace with ${example.prereleases.join(", ")}`;
  const links = zizmor.map((name) => `[${name}](${audits}#${name})`).join(", ");
  return [
    `## ${id}`,
    `**${severity}**: ${title}. ${why}`,
    [
      `- What to do: ${fix}.`,
      ...(isForAll ? ["- Looked for in every workflow, not only in those that publish."] : []),
      ...(links === "" ? [] : [`- zizmor: ${links}.`]),
    ].join("\n"),
    `Before${introductions[example.frame]}${facts}:`,
    block(example.before),
    ...beside,
    "After:",
    block(example.after),
  ].join("\n\n");
}

export function renderWorkflowRules(): string {
  const rows = rules.map(({ id, severity, title }) => `| [${id}](#${id}) | ${severity} | ${title} |`);
  return `\`slipway doctor\` reads the workflows in \`.github/workflows\`, the composite actions of the repository that they use and its shell scripts that they run, and says what in them endangers a release; on GitLab it looks at \`.gitlab-ci.yml\` and the files in \`.gitlab\`, for a few things only. Of workflows that publish
nothing it looks only at what strangers could use. Errors fail \`slipway doctor\` ([\`SLIP_WORKFLOW_UNSAFE\`](errors.md#slip_workflow_unsafe)), warnings do not; \`--json\` has all of them in \`workflows\`, each with file, line,
column and what to do.

A finding is accepted by a comment with a reason, at the end of its line or on a line of its own above it:

\`\`\`yaml
      - run: npm ci
      # slipway-ignore secret-with-code: one job until the action is allowed in this organisation
      - run: npx slipway publish
\`\`\`

A script is read for its commands and not executed: what it puts together at run time is not seen. The rules go for what concerns releases; for everything else there is
[zizmor](https://docs.zizmor.sh/), whose audits are named where they look for the same or nearly so, and [actionlint](https://github.com/rhysd/actionlint) for whether a workflow is one. In the examples, \`# <--\` marks the line
that is reported. Each example is run by the tests: before, this rule speaks, and after, none does.

| rule | | what it finds |
| --- | --- | --- |
${rows.join("\n")}

${rules.map(renderRule).join("\n\n")}
`;
}
