/** Renders the same release for GitLab CI: a job a verb, the identity of the job where the registry takes it. Pure. */
import { toolVersion } from "../tool-version.ts";
import { type InitFacts, installsWithoutLock, type TargetRegistry } from "./facts.ts";
import { environmentName } from "./github-workflows.ts";
import { command, scalar } from "./yaml-text.ts";

const installs = {
  npm: ["npm ci"],
  pnpm: ["corepack enable", "pnpm install --frozen-lockfile"],
  yarn: ["corepack enable", "yarn install --immutable"],
  bun: ["npm install --global bun", "bun install --frozen-lockfile"],
} as const;

/**
 * An .npmrc of this job alone: the user's own outlives the job where the runner is a shell, and another project's job would send the name of the
 * variable as its token. The file names the variable, and the job has it.
 */
function credentials(registries: readonly TargetRegistry[], variable: string): readonly string[] {
  if (registries.length === 0) return [];
  return [
    'export npm_config_userconfig="$(mktemp)" && { cp ~/.npmrc "$npm_config_userconfig" 2>/dev/null || true; }',
    ...registries.map(
      ({ url }) =>
        `printf '//%s:_authToken=\${${variable}}\\n' ${shell(url.replace(/^https?:\/\//, ""))} >> "$npm_config_userconfig"`,
    ),
  ];
}

/** One word of a shell. */
function shell(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Commands as a list. */
function list(items: readonly string[]): string {
  return items.map((item) => `    - ${command(item)}`).join("\n");
}

/**
 * Hands the folder and its digest on. The answer goes through a variable: a file in the work tree would make it unclean, and a version that was not
 * made from a clean commit gets no git tag.
 */
const tell = [
  `printf '%s' "$SLIPWAY_PACKED" | node -e '`,
  'const {dir, digest} = JSON.parse(require("node:fs").readFileSync(0, "utf8")); ',
  'console.log("SLIPWAY_FOLDER=" + require("node:path").relative(".", dir) + "\\nSLIPWAY_DIGEST=" + digest)',
  "' > slipway.env",
].join("");

export function renderGitlabPipeline(facts: InitFacts): string {
  const { registries, manager, hasLockFile, node } = facts;
  const image = "version" in node ? `node:${node.version}` : "node:24";
  const reads = credentials(
    registries.filter(({ isPrivate }) => isPrivate),
    "NPM_READ_TOKEN",
  );
  const trusting = registries.filter(({ isTrusting }) => isTrusting);
  const writes = credentials(
    registries.filter(({ isTrusting }) => !isTrusting),
    "NPM_TOKEN",
  );
  const install = hasLockFile ? installs[manager] : [...installs[manager].slice(0, -1), installsWithoutLock[manager]];
  const run = `npx --yes ${shell(`slipway@${toolVersion}`)}`;
  const identity = trusting.slice(0, 1).map(({ url }) => `npm:${new URL(url).hostname}`);
  const setUp = (items: readonly string[]): string => (items.length === 0 ? "" : `  before_script:\n${list(items)}\n`);
  return `# Releases what the manifests say and the registry lacks. Include it from .gitlab-ci.yml:
#   include: [{ local: .gitlab/slipway.yml }]

.slipway:
  image: ${scalar(image)}
  stage: deploy
  interruptible: false # a release is never cut off half way
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CI_PIPELINE_SOURCE != "schedule"

# Says in a merge request's pipeline what merging it would release. Runs the code of the merge request: give it nothing but a token that reads.
slipway:plan:
  extends: .slipway
  stage: build
  interruptible: true # only the newest state counts
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  variables:
    GIT_DEPTH: "0" # commits of published versions are looked up
${setUp(reads)}  script:
${list([...install, `${run} plan`])}

# Runs the code of this repository and of its dependencies: give it no protected variables that are worth stealing.
slipway:pack:
  extends: .slipway
  stage: build
  variables:
    GIT_DEPTH: "0" # commits of published versions are looked up
${setUp(reads)}  script:
${list([...install, `SLIPWAY_PACKED="$(${run} pack --json)"`, tell])}
  artifacts:
    paths: [.slipway/]
    reports: { dotenv: slipway.env }

# Holds the right to publish, so it runs nothing but slipway: no checkout, no installation, no cache.
slipway:publish:
  extends: .slipway
  needs: [slipway:pack]
  environment: ${environmentName}
  resource_group: slipway # one release at a time
  variables:
    GIT_STRATEGY: none
${identity.length === 0 ? "" : `  id_tokens:\n    NPM_ID_TOKEN: { aud: ${scalar(identity[0] ?? "")} }\n`}${setUp(writes)}  script:
${list([`${run} publish "$SLIPWAY_FOLDER" --plan-digest "$SLIPWAY_DIGEST"`])}
  artifacts:
    when: always # the journal of a run that did not finish is what the next one goes on from
    paths: [.slipway/]

slipway:verify:
  extends: .slipway
  needs: [slipway:pack, slipway:publish]
  variables:
    GIT_STRATEGY: none
${setUp(reads)}  script:
${list([`${run} verify "$SLIPWAY_FOLDER"`])}

# Pushes git tags: the project has to let job tokens push (Settings, CI/CD, Job token permissions), or give the job GITLAB_TOKEN.
slipway:tag:
  extends: .slipway
  needs: [slipway:pack, slipway:publish, slipway:verify]
  variables:
    GIT_DEPTH: "0" # versions that an earlier pipeline published are tagged too
${setUp(reads)}  script:
${list([`${run} tag "$SLIPWAY_FOLDER"`])}
`;
}
