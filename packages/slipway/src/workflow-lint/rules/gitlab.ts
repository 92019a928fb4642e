/** The few rules for GitLab CI: those whose meaning is the same there, and simple. */
import type { PipelineJob } from "../pipeline.ts";
import { isPublishing } from "../release-steps.ts";
import type { Rule } from "../rule.ts";
import { findCredentials } from "./secrets.ts";

function publishes({ commands }: PipelineJob): boolean {
  return commands.some(isPublishing);
}

const nothing: Rule["check"] = () => [];

export const gitlabMaskedFailure: Rule = {
  id: "gitlab-masked-failure",
  severity: "error",
  title: "a job that publishes may fail (GitLab)",
  why: "With `allow_failure: true` the pipeline is green although nothing was published, and what comes after it, tags and announcements, goes on.",
  fix: "remove `allow_failure`; `slipway publish` can be run again",
  example: {
    frame: "gitlab",
    before: `publish:
  script:
    - npx --yes slipway publish release-folder
  allow_failure: true # <--
`,
    after: `publish:
  script:
    - npx --yes slipway publish release-folder
`,
  },
  check: nothing,
  checkPipeline: ({ jobs }) =>
    jobs
      .filter(publishes)
      .flatMap(({ id, allowFailure }) =>
        allowFailure?.text === "true"
          ? [{ place: allowFailure.place, message: `the pipeline succeeds when the job ${id} fails` }]
          : [],
      ),
};

export const gitlabCancelledRelease: Rule = {
  id: "gitlab-cancelled-release",
  severity: "error",
  title: "a newer pipeline cuts a release off (GitLab)",
  why: "With `interruptible: true` and automatic cancelling, which is the default of a project, the next push stops a release between two packages.",
  fix: "set `interruptible: false` on the job, and a `resource_group` so that the next one waits",
  example: {
    frame: "gitlab",
    before: `default:
  interruptible: true # <--
publish:
  script:
    - npx --yes slipway publish release-folder
`,
    after: `default:
  interruptible: true
publish:
  interruptible: false
  resource_group: release
  script:
    - npx --yes slipway publish release-folder
`,
  },
  check: nothing,
  checkPipeline: ({ jobs }) =>
    jobs
      .filter(publishes)
      .flatMap(({ id, interruptible }) =>
        interruptible?.text === "true"
          ? [{ place: interruptible.place, message: `the next pipeline cuts the job ${id} off` }]
          : [],
      ),
};

export const gitlabCredentialInFile: Rule = {
  id: "gitlab-credential-in-file",
  severity: "error",
  title: "a password or token is written into the pipeline (GitLab)",
  why: "Whoever can read the repository, now or later, has it, and so has its history after it was removed.",
  fix: "revoke it, and keep a new one as a masked, protected variable of the project, or use `id_tokens`",
  example: {
    frame: "gitlab",
    before: `publish:
  variables:
    NPM_TOKEN: 0123456789abcdef # <--
  script:
    - npx --yes slipway publish release-folder
`,
    after: `publish:
  id_tokens:
    NPM_ID_TOKEN:
      aud: npm:registry.example
  script:
    - npx --yes slipway publish release-folder
`,
  },
  check: nothing,
  checkPipeline: ({ texts, variables }) => findCredentials(texts, variables),
};
