/** Actions that may change under a release, and caches that others may have filled. */
import { findRelease, proposeCommit } from "../../known-actions.ts";
import { findCredential } from "../release-steps.ts";
import type { Found, Rule } from "../rule.ts";
import type { Text } from "../document.ts";
import { actionOf, inputOf, type Job, type Step, type Workflow } from "../workflow.ts";

/** Why what is used can change, or undefined. */
function findMovable(text: string): string | undefined {
  if (/^[.$]\//.test(text)) return undefined;
  if (text.startsWith("docker://")) return /@sha256:[0-9a-f]{64}$/.test(text) ? undefined : "an image without a digest";
  const ref = text.split("@")[1];
  if (ref === undefined) return undefined;
  return /^[0-9a-f]{40}$/.test(ref) ? undefined : `${ref}, which its owner can move`;
}

function judgeUse(uses: Text, credential: string | undefined): readonly Found[] {
  const movable = findMovable(uses.text);
  if (movable === undefined) return [];
  const [action = "", ref = ""] = uses.text.split("@");
  const known = proposeCommit(action, ref);
  const isForeign = !/^(actions|github)\//.test(action);
  const message = `${action.startsWith("docker:") ? uses.text : action} is pinned to ${movable}`;
  return [
    {
      place: uses.place,
      message: isForeign && credential !== undefined ? `${message}, in a job that has ${credential}` : message,
      ...(isForeign && credential !== undefined ? { severity: "error" as const } : {}),
      ...(known === undefined ? {} : { fix: `uses: ${action}@${known.commit} # ${known.version}` }),
    },
  ];
}

export const unpinnedAction: Rule = {
  id: "unpinned-action",
  severity: "warning",
  title: "an action that can change without a commit of yours",
  why: "A tag or branch of an action can be moved by whoever takes its repository over, and has been. A commit cannot. An error where somebody else's action runs in a job that can publish.",
  fix: "pin the action to a commit of 40 hex digits, with the version in a comment; an image to a digest",
  zizmor: ["unpinned-uses", "unpinned-images"],
  example: {
    frame: "steps",
    before: `- uses: actions/download-artifact@v8 # <--
- run: npx --yes slipway publish release-folder
`,
    after: `- uses: actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8
- run: npx --yes slipway publish release-folder
`,
  },
  check: (workflow) =>
    workflow.jobs.flatMap((job) => {
      const credential = findCredential(job, workflow);
      const uses = [job.uses, ...job.steps.map((step) => step.uses)].filter((text) => text !== undefined);
      return uses.flatMap((text) => judgeUse(text, credential));
    }),
};

const cacheInputs: ReadonlyMap<string, string> = new Map([
  ["actions/setup-node", "cache"],
  ["pnpm/action-setup", "cache"],
  ["actions/setup-python", "cache"],
]);

/** From its fifth version setup-node caches for npm by itself, where package.json names npm in `packageManager`. */
function cachesByItself(step: Step): boolean {
  const [action = "", ref = ""] = step.uses?.text.split("@") ?? [];
  if (action !== "actions/setup-node" || /^false$|\$\{\{/.test(inputOf(step, "package-manager-cache")?.text ?? ""))
    return false;
  const version = findRelease(action, ref)?.version ?? ref;
  return Number(/^v(\d+)/.exec(version)?.[1] ?? 0) >= 5;
}

function judgeCache(job: Job, workflow: Workflow): readonly Found[] {
  const credential = findCredential(job, workflow);
  if (credential === undefined) return [];
  const checkoutAt = job.steps.findIndex((step) => actionOf(step) === "actions/checkout");
  return job.steps.flatMap((step, index): readonly Found[] => {
    const action = actionOf(step) ?? "";
    const place = step.uses?.place ?? step.place;
    if (action === "actions/cache" || action === "actions/cache/restore" || action === "swatinem/rust-cache")
      return [{ place, message: `a cache is restored in a job that has ${credential}` }];
    const key = cacheInputs.get(action);
    const input = key === undefined ? undefined : inputOf(step, key);
    // What an expression comes to is not known here.
    if (input !== undefined && !/^(false)?$|\$\{\{/.test(input.text))
      return [{ place: input.place, message: `${action} restores a cache in a job that has ${credential}` }];
    // Without a checkout there is no package.json to say so.
    return checkoutAt !== -1 && checkoutAt < index && cachesByItself(step)
      ? [
          {
            place,
            message: `actions/setup-node caches by itself once package.json names npm as its packageManager, in a job that has ${credential}`,
            fix: "add `package-manager-cache: false`",
            severity: "warning",
          },
        ]
      : [];
  });
}

export const cacheWithCredential: Rule = {
  id: "cache-with-credential",
  severity: "error",
  title: "a cache in a job that can publish",
  why: "Whatever runs on the default branch can write a cache that later jobs restore: one bad dependency in a test job then sits in the job that publishes. A warning where setup-node (from v5) would cache by itself.",
  fix: "use no cache in this job: remove `cache`, and set `package-manager-cache: false` for setup-node",
  zizmor: ["cache-poisoning"],
  example: {
    frame: "steps",
    before: `- uses: actions/setup-node@249970729cb0ef3589644e2896645e5dc5ba9c38 # v6.5.0
  with:
    node-version: 24
    cache: npm # <--
    package-manager-cache: false
- run: npx --yes slipway publish release-folder
`,
    after: `- uses: actions/setup-node@249970729cb0ef3589644e2896645e5dc5ba9c38 # v6.5.0
  with:
    node-version: 24
    package-manager-cache: false
- run: npx --yes slipway publish release-folder
`,
  },
  check: (workflow) => workflow.jobs.flatMap((job) => judgeCache(job, workflow)),
};
