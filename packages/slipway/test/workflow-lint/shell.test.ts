/** Scripts as commands: what is quoted, nested, joined or commented out. */
import { expect, test } from "vitest";
import { isProjectCode, isPublishing, toolOf } from "../../src/workflow-lint/release-steps.ts";
import { parseCommands } from "../../src/workflow-lint/shell.ts";

test.each<readonly [script: string, commands: readonly (readonly string[])[]]>([
  [
    "npm ci && npm publish",
    [
      ["npm", "ci"],
      ["npm", "publish"],
    ],
  ],
  ["npm publish \\\n  --tag next", [["npm", "publish", "--tag", "next"]]],
  ["if ! npm publish; then exit 1; fi", [["npm", "publish"], ["exit", "1"], ["fi"]]],
  ["echo 'npm publish && x'", [["echo", "npm publish && x"]]],
  ['echo "run npm publish; then wait"', [["echo", "run npm publish; then wait"]]],
  ["# npm publish\nnpm ci # npm publish", [["npm", "ci"]]],
  [
    'V=$(node -p "x(1)") npm publish',
    [
      ["npm", "publish"],
      ["node", "-p", "x(1)"],
    ],
  ],
  [
    'echo "$(npm publish)"',
    [
      ["echo", "$(npm publish)"],
      ["npm", "publish"],
    ],
  ],
  [
    "echo `npm publish`",
    [
      ["echo", "`npm publish`"],
      ["npm", "publish"],
    ],
  ],
  ["echo ${{ a || 'b' }} ${X:-a b} $((1 + 2))", [["echo", "${{ a || 'b' }}", "${X:-a b}", "$((1 + 2))"]]],
  [
    "cat <<'END' > x\nnpm publish\nEND\nnpm ci",
    [
      ["cat", ">", "x"],
      ["npm", "ci"],
    ],
  ],
  ["npm view a 2>/dev/null >&2", [["npm", "view", "a", ">", "/dev/null", ">", "2"]]],
  ["f() {\n  npm publish\n}", [["f"], ["npm", "publish"]]],
  [
    "(cd a; npm publish) | tee log",
    [
      ["cd", "a"],
      ["npm", "publish"],
      ["tee", "log"],
    ],
  ],
  ["echo 'not closed", [["echo", "not closed"]]],
  [
    'echo "$(not closed',
    [
      ["echo", "$(not closed"],
      ["not", "closed"],
    ],
  ],
  ["cat <<END\nnpm publish", [["cat"]]],
  [
    "cat <<< word\nnpm publish",
    [
      ["cat", "<<<", "word"],
      ["npm", "publish"],
    ],
  ],
])("%j", (script, commands) => {
  expect(parseCommands(script).map(({ words }) => words)).toEqual(commands);
});

test("a command knows where it begins, what it assigns and what follows it", () => {
  const script = "A=1 B='x y'\nif npm publish || true; then echo; fi";
  const [assigning, publishing] = parseCommands(script);
  expect(assigning).toMatchObject({
    words: [],
    assignments: [
      { name: "A", value: "1" },
      { name: "B", value: "x y" },
    ],
  });
  expect(publishing).toMatchObject({ offset: script.indexOf("npm"), joinedBy: "||" });
});

test.each([
  ["npx --yes slipway publish dir", "slipway", ["publish", "dir"]],
  ["npx -p typescript@5 tsc -b", "tsc", []],
  ["pnpm exec changeset publish", "changeset", ["publish"]],
  ["yarn changeset publish", "changeset", ["publish"]],
  ["sudo npm -w a publish", "npm", ["publish"]],
  ["npx @changesets/cli@2 publish", "changeset", ["publish"]],
])("%s runs %s", (script, name, positionals) => {
  const [command] = parseCommands(script);
  expect(command && toolOf(command)).toMatchObject({ name, positionals });
});

function first(script: string) {
  const [command] = parseCommands(script);
  if (command === undefined) throw new Error(`no command in ${script}`);
  return command;
}

test.each([
  "npm publish",
  "npm --workspaces publish --access public",
  "npm stage publish a.tgz",
  "pnpm -r publish --no-git-checks",
  "pnpm --filter ./packages/* publish",
  "yarn npm publish",
  "yarn workspaces foreach -A npm publish",
  "bun publish",
  "npx changeset publish",
  "lerna publish from-package --yes",
  "npx semantic-release",
  "nx release publish",
  "npx slipway publish",
  "npm run release",
  "pnpm ci:publish",
  "pnpm run ci-publish v1",
  "yarn release:publish --tag next",
])("%s publishes", (script) => expect(isPublishing(first(script))).toBe(true));

test.each([
  "npm publish --dry-run",
  "echo npm publish",
  "npm run build",
  "npm run release:notes",
  "yarn release:is-version-published 1.0.0",
  "yarn release:get-current-version",
  "npm run prerelease",
  "npx changeset version",
  "npx slipway plan",
  "nx release changelog",
  "git push",
  "npm run test -- publish",
  "cargo publish",
])("%s publishes no package of npm's", (script) => expect(isPublishing(first(script))).toBe(false));

test.each([
  "npm ci",
  "yarn",
  "pnpm i --frozen-lockfile",
  "npm run build",
  "npx tsc",
  "make",
  "./build.sh",
  "bash x/y.sh",
  "node scripts/build.js",
  "npx slipway publish",
  "npx slipway pack",
])("%s runs the project's code", (script) => expect(isProjectCode(first(script))).toBe(true));

test.each([
  "npm ci --ignore-scripts",
  "npm i -g npm@12",
  "npx --yes slipway publish dir",
  "npx slipway plan",
  'node -p "1"',
  "npm publish a.tgz",
  "git status",
  "npm view a",
  "echo ./x.sh",
])("%s runs none of it", (script) => expect(isProjectCode(first(script))).toBe(false));
