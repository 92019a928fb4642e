/** What a person still has to do by hand, with the exact values: nobody else can. Pure. */
import { isActionUnreleased } from "../known-actions.ts";
import type { InitFacts } from "./facts.ts";
import { environmentName } from "./github-workflows.ts";
import type { Replaced } from "./replaced.ts";

export interface ManualStep {
  readonly id:
    | "trusted-publisher"
    | "first-version"
    | "environment"
    | "secret"
    | "read-secret"
    | "job-token"
    | "action-commit"
    | "publish-line"
    | "delete"
    | "commit";
  readonly text: string;
  /** `name: value`, to be copied. */
  readonly values: readonly string[];
}

export interface Chosen {
  /** Whole workflows are written, not one line changed. */
  readonly isWorkflow: boolean;
  /** Workflows of changesets/action in which no publish command could be found that is, or becomes, Slipway's. */
  readonly unread: readonly string[];
}

export function listSteps(
  facts: InitFacts,
  replaced: readonly Replaced[],
  { isWorkflow, unread }: Chosen,
): readonly ManualStep[] {
  const { host, registries, repository, branch, workspace } = facts;
  const steps: ManualStep[] = [];
  const add = (id: ManualStep["id"], text: string, values: readonly string[] = []): void =>
    void steps.push({ id, text, values });
  if (unread.length > 0)
    add(
      "publish-line",
      `let changesets/action in ${unread.join(", ")} publish with slipway: the command that it calls now could not be read`,
      ["publish: npx slipway publish"],
    );
  if (isWorkflow && host === "github" && isActionUnreleased())
    add(
      "action-commit",
      "the action has no release yet: until it has one, put the commit of a build of it where the workflows say 0000000000000000000000000000000000000000",
    );
  const trusting = registries.filter(({ isTrusting }) => isTrusting);
  const [owner = "<owner>", name = "<repository>"] =
    repository === undefined ? [] : new URL(repository).pathname.slice(1).split("/");
  if (isWorkflow && trusting.length > 0) {
    const file = host === "github" ? "release.yml" : ".gitlab-ci.yml";
    const packages = workspace.packages.filter((item) => !item.isPrivate).map((item) => item.name);
    add(
      "trusted-publisher",
      `name this workflow as trusted publisher of ${listed(packages)}, in the package's settings on the registry, and release within 48 hours: an unused trust ends then`,
      [
        `${host === "github" ? "owner" : "namespace"}: ${owner}`,
        `repository: ${name}`,
        `workflow: ${file}`,
        `environment: ${environmentName}`,
        "allowed action: publish",
      ],
    );
    add(
      "first-version",
      "a package that does not exist yet cannot have a trusted publisher: publish its first version with a token, once",
    );
  }
  if (isWorkflow)
    add(
      "environment",
      `make the environment ${environmentName}, let only ${branch} deploy to it, and name reviewers if a person should approve`,
    );
  const withToken = registries.filter(
    ({ isTrusting, isGithubPackages }) => !isTrusting && !(isGithubPackages && host === "github"),
  );
  if (isWorkflow && withToken.length > 0)
    add(
      "secret",
      `put a token that may publish to ${withToken.map(({ url }) => url).join(" and ")} into that environment`,
      ["name: NPM_TOKEN"],
    );
  const isReadPrivate = registries.some(
    ({ isPrivate, isGithubPackages }) => isPrivate && !(isGithubPackages && host === "github"),
  );
  if (isWorkflow && isReadPrivate)
    add("read-secret", "put a token that may only read into the secrets of the repository", ["name: NPM_READ_TOKEN"]);
  if (isWorkflow && host === "gitlab")
    add(
      "job-token",
      "let job tokens push to the repository (Settings, CI/CD, Job token permissions), or set GITLAB_TOKEN: git tags are pushed",
    );
  const old = replaced.filter(({ id }) => id === "shell" || id === "lerna" || id === "semantic-release");
  if (isWorkflow && old.length > 0)
    add("delete", `delete what published until now: ${[...new Set(old.flatMap(({ where }) => where))].join(", ")}`);
  add("commit", "look at the changes, then commit and push them");
  return steps;
}

function listed(names: readonly string[]): string {
  return names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
}
