/** Text of others that becomes part of a script: GitHub puts the value of `${{ }}` into the script before the shell reads it. */
import { placeIn, type Text } from "../document.ts";
import { findExpressions } from "../expressions.ts";
import { findCredential } from "../release-steps.ts";
import type { Found, Rule } from "../rule.ts";
import type { Job, Workflow } from "../workflow.ts";

/** Last parts of paths into `github.event` that hold what anybody may write. */
const freeText =
  /\.(title|body|ref|label|message|name|email|page_name|display_title|head_branch|default_branch|description|homepage)$/;
/** Written by people who may push, or by GitHub. */
const trusted =
  /^github\.event\.(repository|organization|sender|release|inputs|installation|workflow|ref$|base_ref$|pull_request\.base\.|.*\.(base|user|owner|milestone|creator)\.(?!.*(title|body)))/;

function isAttackerControlled(path: string): boolean {
  if (path === "github.head_ref") return true;
  return path.startsWith("github.event.") && freeText.test(path) && !trusted.test(path);
}

interface Use {
  readonly path: string;
  readonly script: Text;
  readonly offset: number;
}

function findUses(job: Job): readonly Use[] {
  return job.steps.flatMap((step) =>
    step.scripts.flatMap((script) =>
      findExpressions(script.text).flatMap(({ contexts, offset }) =>
        contexts.map((path) => ({ path, script, offset })),
      ),
    ),
  );
}

export const templateInjection: Rule = {
  id: "template-injection",
  severity: "error",
  title: "text that anybody can write becomes part of a script",
  why: "GitHub replaces `${{ }}` before the shell reads the script. A branch called `` `curl …|sh` `` or a title with a quote in it then runs as code, with everything the job may do.",
  fix: "pass the value in `env:` and use the variable in quotes: the shell then never reads it as code",
  zizmor: ["template-injection"],
  isForAll: true,
  example: {
    frame: "workflow",
    before: `on: pull_request
permissions: {}
jobs:
  greet:
    runs-on: ubuntu-latest
    steps:
      - run: echo "\${{ github.event.pull_request.title }}" # <--
`,
    after: `on: pull_request
permissions: {}
jobs:
  greet:
    runs-on: ubuntu-latest
    steps:
      - run: echo "$TITLE"
        env:
          TITLE: \${{ github.event.pull_request.title }}
`,
  },
  check: ({ jobs }) =>
    jobs.flatMap(findUses).flatMap(({ path, script, offset }): readonly Found[] =>
      isAttackerControlled(path)
        ? [
            {
              place: placeIn(script, offset),
              message: `anybody can write ${path}, and it becomes part of this script`,
            },
          ]
        : [],
    ),
};

/** Names of outputs that carry text from manifests; `has-changes`, counts and digests do not. */
const carriesNames =
  /pack(age|ed|ing)|names?\b|versions?\b|\btags?\b|spec|publish|skipp|releases?\b|changed|matrix|message|title|branch/;
const fixedForm = /^(has|is|should)[-_]|count|digest|sha\b|cache-hit|result|outcome/;

function findOutput(path: string): string | undefined {
  const name = /^(?:needs|steps)\.[\w-]+\.outputs\.([\w-]+)$/.exec(path)?.[1];
  if (name === undefined || fixedForm.test(name)) return undefined;
  return carriesNames.test(name.replaceAll("_", "-")) ? path : undefined;
}

function judgeOutputs(job: Job, workflow: Workflow): readonly Found[] {
  const credential = findCredential(job, workflow);
  return findUses(job).flatMap(({ path, script, offset }): readonly Found[] => {
    if (findOutput(path) === undefined) return [];
    const place = placeIn(script, offset);
    return credential === undefined
      ? [
          {
            place,
            severity: "warning",
            message: `${path} carries names from manifests and becomes part of this script`,
          },
        ]
      : [
          {
            place,
            message: `${path} carries names from manifests and becomes part of a script that has ${credential}`,
          },
        ];
  });
}

export const outputInjection: Rule = {
  id: "output-injection",
  severity: "error",
  title: "an output with package names or versions becomes part of a script",
  why: "A name or version comes from a manifest that a pull request can change. `1.0.0'; curl …; '` as a version runs in the job that holds the credential. A warning where the job holds none.",
  fix: "pass the output in `env:` and use the variable in quotes",
  zizmor: ["template-injection"],
  example: {
    frame: "steps",
    before: `- id: detect
  run: ./detect.sh
- run: |
    for name in \${{ steps.detect.outputs.packages }}; do # <--
      npm publish --workspace "$name" --tag latest
    done
  env:
    NODE_AUTH_TOKEN: \${{ secrets.GITHUB_TOKEN }}
`,
    after: `- id: detect
  run: ./detect.sh
- run: |
    for name in $PACKAGES; do
      npm publish --workspace "$name" --tag latest
    done
  env:
    PACKAGES: \${{ steps.detect.outputs.packages }}
    NODE_AUTH_TOKEN: \${{ secrets.GITHUB_TOKEN }}
`,
  },
  check: (workflow) => workflow.jobs.flatMap((job) => judgeOutputs(job, workflow)),
};
