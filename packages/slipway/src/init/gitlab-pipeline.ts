/** Renders the same release for GitLab CI: a job a verb, the identity of the job where the registry takes it. Pure. */
import { toolVersion } from "../tool-version.ts";
import type { InitFacts } from "./facts.ts";
import { environmentName } from "./github-workflows.ts";
import { scalar } from "./yaml-text.ts";

const installs = {
  npm: ["npm ci"],
  pnpm: ["corepack enable", "pnpm install --frozen-lockfile"],
  yarn: ["corepack enable", "yarn install --immutable"],
  bun: ["npm install --global bun", "bun install --frozen-lockfile"],
} as const;

/** An .npmrc of the job's own user, for one registry alone; the file names the variable, and the job has it. */
function credentials(url: string, variable: string): string {
  return `- printf '//%s:_authToken=\${${variable}}\\n' ${shell(url.replace(/^https?:\/\//, ""))} >> ~/.npmrc`;
}

/** One word of a shell. */
function shell(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function lines(items: readonly string[], spaces: number): string {
  return items.map((item) => `${" ".repeat(spaces)}${item}`).join("\n");
}

export function renderGitlabPipeline(facts: InitFacts): string {
  const { registries, manager, hasLockFile, node } = facts;
  const image = "version" in node ? `node:${node.version}` : "node:24";
  const reads = registries.filter(({ isPrivate }) => isPrivate).map(({ url }) => credentials(url, "NPM_READ_TOKEN"));
  const trusting = registries.filter(({ isTrusting }) => isTrusting);
  const writes = registries.filter(({ isTrusting }) => !isTrusting).map(({ url }) => credentials(url, "NPM_TOKEN"));
  const install = hasLockFile ? installs[manager] : [...installs[manager].slice(0, -1), `${manager} install`];
  const run = `npx --yes ${shell(`slipway@${toolVersion}`)}`;
  const identity = trusting.slice(0, 1).map(({ url }) => `npm:${new URL(url).hostname}`);
  const setUp = (items: readonly string[]): string =>
    items.length === 0 ? "" : `  before_script:\n${lines(items, 4)}\n`;
  return `# Releases what the manifests say and the registry lacks. Include it from .gitlab-ci.yml:
#   include: [{ local: .gitlab/slipway.yml }]

.slipway:
  image: ${scalar(image)}
  stage: deploy
  interruptible: false # a release is never cut off half way
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $CI_PIPELINE_SOURCE != "schedule"

# Runs the code of this repository and of its dependencies: give it no protected variables that are worth stealing.
slipway:pack:
  extends: .slipway
  stage: build
  variables:
    GIT_DEPTH: "0" # commits of published versions are looked up
${setUp(reads)}  script:
${lines(
  install.map((command) => `- ${command}`),
  4,
)}
    - npx slipway pack --json > slipway-pack.json
    - node -e 'const {dir, digest} = JSON.parse(require("node:fs").readFileSync("slipway-pack.json", "utf8")); console.log("SLIPWAY_FOLDER=" + require("node:path").relative(".", dir) + "\\nSLIPWAY_DIGEST=" + digest)' > slipway.env
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
    - ${run} publish "$SLIPWAY_FOLDER" --plan-digest "$SLIPWAY_DIGEST"
  artifacts:
    when: always # the journal of a run that did not finish is what the next one goes on from
    paths: [.slipway/]

slipway:verify:
  extends: .slipway
  needs: [slipway:pack, slipway:publish]
  variables:
    GIT_STRATEGY: none
${setUp(reads)}  script:
    - ${run} verify "$SLIPWAY_FOLDER"

# Pushes git tags: the project has to let job tokens push (Settings, CI/CD, Job token permissions), or give the job GITLAB_TOKEN.
slipway:tag:
  extends: .slipway
  needs: [slipway:pack, slipway:publish, slipway:verify]
${setUp(reads)}  script:
    - ${run} tag "$SLIPWAY_FOLDER"
`;
}
