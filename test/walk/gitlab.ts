/**
 * The pipeline that `slipway init` writes for GitLab, really run: gitlab-ci-local carries out its jobs in processes and folders of their own, with a
 * Verdaccio that shows nothing to strangers and a repository that takes the git tags. `npm run e2e:gitlab`. Needs the npm registry, rsync, and
 * `npm run build` before.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startSurroundings } from "./surroundings.ts";

const runner = "npx --yes gitlab-ci-local@4.75.1 --force-shell-executor --shell-isolation --no-color";
const { verdaccio, dir, home, run, close } = await startSurroundings({ privatePatterns: ["@acme/*"] });
const cwd = join(dir, "shop");
const remote = join(dir, "shop.git");

function check(claim: string, isTrue: boolean, seen: string): void {
  if (!isTrue) throw new Error(`not so: ${claim}\n${seen}`);
  process.stdout.write(`${claim}\n${process.argv.includes("--show") ? `${seen}\n` : ""}`);
}

function uploads(): number {
  return verdaccio.accessLog().filter(({ method, url }) => method === "PUT" && url.startsWith("/@acme")).length;
}

async function runPipeline(more = ""): Promise<string> {
  // The runner's machine has no credentials of its own: what a job needs, the pipeline hands to it.
  await writeFile(join(home, ".npmrc"), `registry=${verdaccio.url}/\n`);
  const variables = [`NPM_TOKEN=${verdaccio.token}`, `NPM_READ_TOKEN=${verdaccio.token}`];
  return await run(`${runner} ${variables.map((item) => `--variable ${item}`).join(" ")} ${more}`, cwd);
}

try {
  await mkdir(cwd);
  await run(`git init --quiet --bare --initial-branch main ${remote}`, dir);
  await run(`git config --global url.${remote}.insteadOf https://gitlab.example/acme/shop.git`, dir);
  const prepare = [
    "git init --quiet --initial-branch main && git remote add origin https://gitlab.example/acme/shop.git",
    "mkdir -p packages/core packages/web && printf 'node_modules/\\n.slipway/\\n.gitlab-ci-local/\\n' > .gitignore",
    `echo '{"name":"shop","private":true,"workspaces":["packages/*"]}' > package.json`,
    `echo '{"name":"@acme/core","version":"1.0.0","license":"MIT"}' > packages/core/package.json`,
    `echo '{"name":"@acme/web","version":"1.0.0","license":"MIT","dependencies":{"@acme/core":"^1.0.0"}}' > packages/web/package.json`,
    `echo 'registry=${verdaccio.url}/' > .npmrc`,
    "npm install --save-dev slipway && npx slipway init --yes",
    "git add --all && git commit --quiet --message 'Release with slipway' && git push --quiet origin main",
  ];
  for (const command of prepare) await run(command, cwd);
  const said = await runPipeline();
  check("both packages are published", uploads() === 2, said);
  const tags = await run("git tag", remote);
  check("each has its git tag in the remote", tags === "@acme/core@1.0.0\n@acme/web@1.0.0\n", said);
  const again = await runPipeline();
  check("a second pipeline uploads nothing", uploads() === 2, again);
  await run(
    "npm version --workspace packages/core --no-git-tag-version 1.1.0 && git commit --quiet --all --message bump",
    cwd,
  );
  const planned = await runPipeline(
    "--variable CI_PIPELINE_SOURCE=merge_request_event --unset-variable CI_COMMIT_BRANCH",
  );
  check("a merge request's pipeline says what it would release", /@acme\/core@1\.1\.0/.test(planned), planned);
  check("and uploads nothing", uploads() === 2, planned);
} finally {
  await close();
}
