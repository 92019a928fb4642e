/** What each rule says of workflows that differ in one point: that it speaks, and that it is silent where nothing is wrong. */
import { expect, test } from "vitest";
import { lintWorkflows } from "../../src/workflow-lint/lint.ts";

const path = ".github/workflows/release.yml";

/** A release workflow without findings whose publishing job has these steps and lines. */
function release(steps: string, jobLines = "permissions: { contents: read, packages: write }", top = ""): string {
  const indented = steps.replaceAll(/^(?=.)/gm, "      ");
  return `on: { push: { branches: [main] } }
permissions: {}
concurrency: { group: release, cancel-in-progress: false }
${top}jobs:
  publish:
    runs-on: ubuntu-latest
    environment: npm
    ${jobLines}
    steps:
${indented}
      - run: npx --yes slipway publish folder
`;
}

async function find(text: string, extra: Omit<Parameters<typeof lintWorkflows>[0], "workflows"> = {}) {
  const findings = await lintWorkflows({ workflows: [{ path, text }], ...extra });
  return findings.map(({ rule, severity }) => `${rule} ${severity}`);
}

const checkout =
  "- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1\n  with: { persist-credentials: false }\n";
const secretEnv = "  env: { NPM_TOKEN: '${{ secrets.NPM_TOKEN }}' }";
const selfHosted = "permissions: {}";

test.each<readonly [what: string, text: string, found: readonly string[]]>([
  ["a context in brackets", release("- run: echo ${{ github.event.issue['title'] }}"), ["template-injection error"]],
  ["a list of commits", release("- run: echo ${{ github.event.commits[0].message }}"), ["template-injection error"]],
  ["inside a function", release("- run: echo ${{ format('{0}', github.head_ref) }}"), ["template-injection error"]],
  [
    "in github-script",
    release(
      "- uses: actions/github-script@3d3c42e5aac5ba805825da76410c181273ba90b1\n  with:\n    script: f('${{ github.event.comment.body }}')",
    ),
    ["template-injection error"],
  ],
  ["only named in a text", release("- run: echo ${{ 'github.head_ref' }}"), []],
  ["the number of an issue", release("- run: echo ${{ github.event.issue.number }}"), []],
  ["the base's branch", release("- run: echo ${{ github.event.pull_request.base.ref }}"), []],
  ["who sent it", release("- run: echo ${{ github.event.sender.name }}"), []],
  ["the repository's name", release("- run: echo ${{ github.event.repository.name }}"), []],
  [
    "in an input, which no shell reads",
    release("- uses: a/b@3d3c42e5aac5ba805825da76410c181273ba90b1\n  with: { title: '${{ github.head_ref }}' }"),
    [],
  ],
  ["in a condition", release("- run: echo\n  if: ${{ github.head_ref == 'x' }}"), []],
  [
    "an output that is a flag",
    release("- run: echo ${{ steps.a.outputs.has_changes }} ${{ steps.a.outputs.plan-digest }}"),
    [],
  ],
  ["an output with a version", release("- run: echo ${{ steps.a.outputs.version }}"), ["output-injection error"]],
  [
    "an output with a version, no credential",
    release("- run: echo ${{ steps.a.outputs.version }}", selfHosted),
    ["output-injection warning"],
  ],
  ["an image without digest", release("- uses: docker://alpine:3"), ["unpinned-action error"]],
  ["an image with digest", release(`- uses: docker://alpine@sha256:${"a".repeat(64)}`), []],
  ["somebody's action by branch", release("- uses: a/b@main"), ["unpinned-action error"]],
  ["somebody's action by branch, no credential", release("- uses: a/b@main", selfHosted), ["unpinned-action warning"]],
  ["an action of the repository", release("- uses: ./.github/actions/x"), []],
  ["a short commit", release("- uses: actions/checkout@3d3c42e"), ["unpinned-action warning"]],
  [
    "setup-node that caches by itself",
    release(`${checkout}- uses: actions/setup-node@v6`),
    ["cache-with-credential warning", "unpinned-action warning"],
  ],
  ["setup-node that has no package.json", release("- uses: actions/setup-node@v6"), ["unpinned-action warning"]],
  ["setup-node of before", release("- uses: actions/setup-node@v4"), ["unpinned-action warning"]],
  [
    "a cache without a credential",
    release("- uses: actions/cache@3d3c42e5aac5ba805825da76410c181273ba90b1", selfHosted),
    [],
  ],
  [
    "a cache beside a credential",
    release("- uses: actions/cache@3d3c42e5aac5ba805825da76410c181273ba90b1"),
    ["cache-with-credential error"],
  ],
  [
    "an empty cache input",
    release("- uses: actions/setup-node@v4\n  with: { cache: '' }"),
    ["unpinned-action warning"],
  ],
  [
    "a cache that somebody chooses",
    release("- uses: actions/setup-node@v4\n  with: { cache: \"${{ inputs.cache && 'npm' || '' }}\" }"),
    ["unpinned-action warning"],
  ],
  ["write-all", release("- run: echo", "permissions: write-all"), ["excessive-permissions error"]],
  ["read-all", release("- run: echo", "permissions: read-all"), []],
  ["an installation without scripts", release(`${checkout}- run: npm ci --ignore-scripts`), []],
  ["an installation with scripts", release(`${checkout}- run: npm ci`), ["write-with-code warning"]],
  ["an installation without a checkout", release("- run: npm ci"), []],
  [
    "a checkout that the job pushes with",
    release(
      "- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1\n- run: npm ci --ignore-scripts\n- run: npm test\n- run: git push",
      "permissions: { contents: write }",
    ),
    [],
  ],
  [
    "a checkout that is uploaded",
    release(
      "- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1\n- uses: actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f",
      selfHosted,
    ),
    ["persisted-credentials warning"],
  ],
  [
    "the token handed to the installation",
    release(`${checkout}- run: npm ci\n${secretEnv}`, selfHosted),
    ["long-lived-token warning", "secret-with-code error"],
  ],
  [
    "the token handed to the job",
    release(`${checkout}- run: npm ci`, `permissions: {}\n  ${secretEnv}`),
    ["long-lived-token warning", "secret-with-code error"],
  ],
  [
    "the token handed to all jobs",
    release(`${checkout}- run: npm ci`, selfHosted, "env: { NPM_TOKEN: '${{ secrets.NPM_TOKEN }}' }\n"),
    ["long-lived-token warning", "secret-with-code error"],
  ],
  [
    "a token that only reads",
    release(`${checkout}- run: npm ci\n  env: { NODE_AUTH_TOKEN: '\${{ secrets.NPM_READ_TOKEN }}' }`, selfHosted),
    [],
  ],
  [
    "a token for another registry",
    release(
      `- uses: actions/setup-node@v4\n  with: { registry-url: 'https://npm.example' }\n- run: npm publish a.tgz\n${secretEnv}`,
      selfHosted,
    ),
    ["unpinned-action warning"],
  ],
  [
    "a variable with a token in the clear",
    release("- run: echo\n  env: { NPM_TOKEN: abcdefgh }"),
    ["credential-in-file error"],
  ],
  ["a variable that names a variable", release("- run: echo\n  env: { NPM_TOKEN: $OTHER_TOKEN }"), []],
  ["continue-on-error elsewhere", release("- run: npm audit\n  continue-on-error: true"), []],
  ["a publish whose failure is swallowed", release("- run: npm publish a.tgz || true"), ["masked-failure error"]],
  ["a publish whose failure is told", release('- run: npm publish a.tgz || { echo "no"; exit 1; }'), []],
  ["a look at a package's newest version", release("- run: npm view example dist-tags"), []],
  ["a pause before anything is sent", release("- run: sleep 5"), []],
  [
    "a shallow clone that compares nothing",
    release(`${checkout}- run: git diff\n- run: git log -1\n- run: git status`),
    [],
  ],
  ["a shallow clone that compares", release(`${checkout}- run: git diff main --stat`), ["missing-history warning"]],
  ["a shallow clone that is deepened", release(`${checkout}- run: git fetch --unshallow\n- run: git describe`), []],
  ["HEAD alone, and a branch called so", release("- run: git rev-parse HEAD refs/heads/OVERHEAD~1x"), []],
  ["HEAD^", release("- run: git rev-parse HEAD^"), ["stale-base warning"]],
  ["a doubled slash that is only read", release('- run: for d in packages/*/; do cat "$d/README.md"; done'), []],
  ["a tag of another kind of push", release("- run: git push origin main"), []],
  ["a release before the packages", release("- run: gh release create v1"), ["tag-before-publish warning"]],
  ["pnpm's own checks of git, which a tag's checkout fails", release("- run: pnpm publish --no-git-checks"), []],
  ["a commit past its hooks", release("- run: git commit --no-verify -m x"), ["skipped-checks warning"]],
  ["one package by name", release("- run: npm publish -w a"), []],
  [
    "a list of packages by name",
    release("- run: npm publish -w a && npm publish --workspace=b"),
    ["hand-kept-order warning"],
  ],
  [
    "a workflow that releases nothing",
    "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: a/b@main\n      - run: git diff HEAD~1\n",
    [],
  ],
  ["no YAML", "on: [\n", ["not-a-workflow error"]],
])("%s", async (_what, text, found) => {
  expect((await find(text)).sort()).toEqual([...found].sort());
});

test.each([
  ["npm_config_//npm.acme.example/:_authToken", [], []],
  ["NPM_TOKEN", ["https://npm.acme.example/"], []],
  ["NPM_TOKEN", [], ["long-lived-token warning"]],
])("a token in %s, packages going to %j", async (variable, registries, found) => {
  const text = release(`- run: npm publish a.tgz\n  env: { "${variable}": "\${{ secrets.NPM_TOKEN }}" }`, selfHosted);
  expect(await find(text, { registries })).toEqual(found);
});

test("what a job that publishes waits for counts: a tag in an earlier job comes before the packages", async () => {
  const text = `${release("- run: echo")}  tag:\n    runs-on: x\n    steps:\n      - run: git push --tags\n`;
  expect(await find(text)).toEqual([]);
  expect(await find(text.replace("    environment: npm\n", "    environment: npm\n    needs: tag\n"))).toEqual([
    "tag-before-publish warning",
  ]);
});

test.each([
  ["release on a tag and on a push", "on: push\n", "on: release\n", true],
  ["one of them by hand only", "on: push\n", "on: workflow_dispatch\n", false],
  ["branches that do not meet", "on: { push: { branches: [main] } }\n", "on: { push: { branches: [next] } }\n", false],
])("two workflows that publish, %s", async (_what, one, other, isFound) => {
  const [, ...rest] = release("- run: echo").split("\n");
  const text = (on: string): string => `${on}${rest.join("\n")}`;
  const findings = await lintWorkflows({
    workflows: [
      { path, text: text(one) },
      { path: "other.yml", text: text(other) },
    ],
  });
  expect(findings.map(({ rule, place }) => `${place.path} ${rule}`)).toEqual(
    isFound ? [`${path} competing-publishers`, "other.yml competing-publishers"] : [],
  );
});

test("a canary of another workflow goes to a dist-tag of its own, and competes with nothing", async () => {
  const one = release("- run: npm publish a.tgz --tag latest").replace("npx --yes slipway publish folder", "echo");
  const other = one.replace("--tag latest", "--tag canary");
  for (const [text, count] of [
    [other, 0],
    [one, 2],
  ] as const) {
    const workflows = [
      { path, text: one },
      { path: "other.yml", text },
    ];
    expect(await lintWorkflows({ workflows })).toHaveLength(count);
  }
});

test("a called workflow names its own environment", async () => {
  const call = "    uses: ./.github/workflows/publish.yml\n    secrets: { NPM_TOKEN: '${{ secrets.NPM_TOKEN }}' }\n";
  expect(await find(`on: push\npermissions: {}\njobs:\n  publish:\n${call}`)).toEqual([]);
});

/** A job that may publish, and installs last. */
function installing(steps: string): string {
  return `on: push
permissions: {}
concurrency: release
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions: { id-token: write }
    steps:
${steps.replaceAll(/^(?=.)/gm, "      ")}      - run: npm publish a.tgz && npm ci
`;
}

test("what is installed in a job that checks nothing out is not the project's", async () => {
  expect(await find(installing(""))).toEqual([]);
  expect(await find(installing(checkout))).toEqual(["write-with-code warning"]);
});

test("the steps of an action of the repository are looked at where they are used, and told once", async () => {
  const action = "runs:\n  using: composite\n  steps:\n    - shell: bash\n      run: echo ${{ github.head_ref }}\n";
  const text = release("- uses: ./.github/actions/greet\n- uses: $/.github/actions/greet");
  const findings = await lintWorkflows({
    workflows: [{ path, text }],
    actions: [{ path: ".github/actions/greet/action.yml", text: action }],
  });
  expect(findings.map(({ rule, place }) => [rule, place])).toEqual([
    ["template-injection", { path: ".github/actions/greet/action.yml", line: 5, column: 17 }],
  ]);
});

test.each([
  ["dangerous", "on: { workflow_run: { workflows: [ci], branches: [main] } }\n", "", ["dangerous-trigger error"]],
  [
    "looked at",
    "on: { workflow_run: { workflows: [ci], branches: [main] } }\n",
    "    if: github.event.workflow_run.event == 'push'\n",
    [],
  ],
  ["refused by npm", "on: issue_comment\n", "", ["dangerous-trigger error"]],
  ["not reached", "on: [push, issue_comment]\n", "    if: github.event_name == 'push'\n", []],
  ["not reached either", "on: [push, issue_comment]\n", "    if: github.event_name != 'issue_comment'\n", []],
  [
    "reached",
    "on: [push, issue_comment]\n",
    "    if: github.event_name == 'issue_comment'\n",
    ["dangerous-trigger error"],
  ],
])("an identity on an event that strangers cause is %s", async (_what, on, condition, found) => {
  const [, ...rest] = release("- run: echo", "permissions: { id-token: write }").split("\n");
  const text = `${on}${rest.join("\n")}`.replace("    environment: npm\n", `    environment: npm\n${condition}`);
  expect(await find(text)).toEqual(found);
});

test.each([
  ["at the end of the line", "- uses: a/b@main # slipway-ignore unpinned-action: ours", []],
  ["on the line above", "# slipway-ignore unpinned-action: ours\n- uses: a/b@main", []],
  ["on lines above", "# slipway-ignore unpinned-action: ours\n# and nobody else's\n\n- uses: a/b@main", []],
  [
    "in a script",
    "- run: |\n    # slipway-ignore template-injection: a branch of ours\n    echo ${{ github.head_ref }}",
    [],
  ],
  [
    "without a reason",
    "- uses: a/b@main # slipway-ignore unpinned-action",
    ["unpinned-action error", "ignore-without-reason warning"],
  ],
  [
    "for another rule",
    "- uses: a/b@main # slipway-ignore stale-base: so",
    ["unpinned-action error", "ignore-without-reason warning"],
  ],
  [
    "on another line",
    "- uses: a/b@main\n- run: echo # slipway-ignore unpinned-action: so",
    ["unpinned-action error", "ignore-without-reason warning"],
  ],
])("a finding accepted %s", async (_what, steps, found) => {
  expect(await find(release(steps))).toEqual(found);
});

test("lines and columns are those of the file, whatever the form of the script", async () => {
  const forms = [
    "- run: echo ${{ github.head_ref }}",
    '- run: "echo ${{ github.head_ref }}"',
    "- run: |\n\n    echo\n      ${{ github.head_ref }}",
    "- run: |-\n    echo ${{ github.head_ref }}",
  ];
  for (const form of forms) {
    const text = release(form);
    const findings = await lintWorkflows({ workflows: [{ path, text }] });
    const lines = text.split("\n");
    const line = lines.findIndex((item) => item.includes("github.head_ref"));
    expect(findings.map(({ place }) => [place.line, place.column])).toEqual([
      [line + 1, (lines[line] ?? "").indexOf("${{") + 1],
    ]);
  }
});

test.each([
  [
    "inherited",
    ".base: { interruptible: true }\npublish: { extends: [.base], script: [npm publish] }\n",
    ["gitlab-cancelled-release"],
  ],
  [
    "of another job",
    "test: { interruptible: true, allow_failure: true, script: [npm test] }\npublish: { script: [npm publish] }\n",
    [],
  ],
  [
    "overruled",
    ".base: { interruptible: true }\npublish: { extends: .base, interruptible: false, script: npm publish }\n",
    [],
  ],
  ["in a circle", "a: { extends: b, script: [npm publish] }\nb: { extends: a, script: [npm publish] }\n", []],
  ["a variable of the project", "variables: { NPM_TOKEN: $CI_JOB_TOKEN }\npublish: { script: [npm publish] }\n", []],
  ["with a tag of GitLab's own", "publish: { script: !reference [.x, script], allow_failure: true }\n", []],
])("in GitLab CI, %s", async (_what, text, found) => {
  const findings = await lintWorkflows({ workflows: [], pipelines: [{ path: ".gitlab-ci.yml", text }] });
  expect(findings.map(({ rule }) => rule)).toEqual(found);
});

test("a file that is hostile ends in a finding or in silence, not in an error", async () => {
  const hostile = [
    "",
    "a: &a [*a]\n",
    "jobs: &x { a: *x }\n",
    "jobs: []\n",
    "jobs: { a: 1, b: [x], c: { steps: 3 } }\non: 5\npermissions: 7\n",
    "on: push\njobs:\n  a:\n    steps:\n      - run: 7\n      - 3\n      - uses: [x]\n",
    "? [1]\n: 2\n",
  ];
  for (const text of hostile) expect(Array.isArray(await find(text))).toBe(true);
});
