/** How a release workflow finds out what has to be released, and where that goes wrong. */
import { type Place, placeIn, type Text } from "../document.ts";
import { findExpressions } from "../expressions.ts";
import { toolOf } from "../release-steps.ts";
import type { Found, Rule } from "../rule.ts";
import { actionOf, inputOf, type Job, type PlacedCommand, type Workflow } from "../workflow.ts";

const historyVerbs: ReadonlySet<string> = new Set([
  "diff",
  "log",
  "describe",
  "merge-base",
  "rev-list",
  "cherry",
  "diff-tree",
]);

/** Whether a command needs commits before the one that is checked out. */
function needsHistory(command: PlacedCommand): boolean {
  const { name, args, positionals } = toolOf(command);
  const [verb = ""] = positionals;
  if (name === "git") {
    if (verb === "show") return positionals.some((word) => /^[^:]+:./.test(word) && !word.startsWith("HEAD:"));
    if (verb === "diff") return positionals.length > 1 && !args.includes("--cached") && !args.includes("--staged");
    // `git log -1` and `git diff-tree HEAD` say something of one commit.
    if (verb === "log") return positionals.some((word) => word.includes("..") || /^HEAD[~^]/.test(word));
    return historyVerbs.has(verb);
  }
  if (name === "slipway") return args.some((word) => word === "--base" || word.startsWith("--base="));
  if (name === "lerna" || name === "nx")
    return /^(changed|affected|version)$/.test(verb) || (name === "lerna" && positionals.includes("from-git"));
  return name === "semantic-release" || (name === "changeset" && verb === "status");
}

export const missingHistory: Rule = {
  id: "missing-history",
  severity: "warning",
  title: "an older commit is asked for in a clone that has one commit",
  why: "`actions/checkout` fetches one commit. A comparison with an older one then fails or, where its error is swallowed, finds nothing: the job is green and releases nothing.",
  fix: "add `fetch-depth: 0` to the checkout",
  example: {
    frame: "steps",
    before: `- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # <--
  with:
    persist-credentials: false
- run: npx --yes slipway plan --base auto
`,
    after: `- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
  with:
    persist-credentials: false
    fetch-depth: 0
- run: npx --yes slipway plan --base auto
`,
  },
  check: ({ jobs }) =>
    jobs.flatMap((job): readonly Found[] => {
      const at = job.steps.findIndex((step) => actionOf(step) === "actions/checkout");
      const checkout = job.steps[at];
      if (checkout === undefined || inputOf(checkout, "fetch-depth") !== undefined) return [];
      const later = job.steps.slice(at).flatMap(({ commands }) => commands);
      if (later.some(({ words }) => words[0] === "git" && words[1] === "fetch")) return [];
      const command = later.find(needsHistory);
      return command === undefined
        ? []
        : [
            {
              place: checkout.uses?.place ?? checkout.place,
              message: `\`${command.words.slice(0, 3).join(" ")}\` needs commits that this checkout does not fetch`,
            },
          ];
    }),
};

function findStaleBases(script: Text): readonly Found[] {
  const byExpression = findExpressions(script.text)
    .filter(({ contexts }) => contexts.includes("github.event.pull_request.base.sha"))
    .map(({ offset }) => ({
      place: placeIn(script, offset),
      message:
        "github.event.pull_request.base.sha is where the branch was when GitHub last looked, which need not be what was merged into",
    }));
  const byCount = [...script.text.matchAll(/(?<![\w/.-])HEAD(~\d*|\^)(?![\w^])/g)].map(({ index, 0: name }) => ({
    place: placeIn(script, index),
    message: `${name} is one commit back: a push of several commits, or a rebase merge, has more`,
  }));
  return [...byExpression, ...byCount];
}

export const staleBase: Rule = {
  id: "stale-base",
  severity: "warning",
  title: "changes are looked for since a commit that is not the last state of the branch",
  why: "`HEAD~1` sees the last commit of a push only. `pull_request.base.sha` can be older than what the pull request was merged into. Versions that were bumped in between are missed, or found twice.",
  fix: "take what the manifests say and the registry lacks (`slipway plan`); for a base, `github.event.before` of the push, or `slipway plan --base auto`",
  example: {
    frame: "steps",
    before: `- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
  with:
    persist-credentials: false
    fetch-depth: 2
- run: npx --yes slipway plan --base HEAD~1 # <--
`,
    after: `- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
  with:
    persist-credentials: false
    fetch-depth: 0
- run: npx --yes slipway plan --base auto
`,
  },
  check: ({ jobs }) =>
    jobs.flatMap((job) =>
      job.steps.flatMap((step) => [
        ...step.scripts.flatMap(findStaleBases),
        ...step.env
          .filter(({ value }) => value.text.includes("github.event.pull_request.base.sha"))
          .flatMap(({ value }) => findStaleBases(value)),
      ]),
    ),
};

/** The scripts of a job, each once, with what stands in the repository's own shell scripts. */
function scriptsOf(job: Job): readonly { readonly script: Text; readonly commands: readonly PlacedCommand[] }[] {
  const commands = job.steps.flatMap((step) => step.commands);
  return [...Map.groupBy(commands, ({ script }) => script)].map(([script, of]) => ({ script, commands: of }));
}

function judgeDiffs(job: Job): readonly Found[] {
  return scriptsOf(job).flatMap(({ script, commands }): readonly Found[] => {
    // A diff that looks at package.json, or a version read from an older commit, decides what is published.
    const diff = commands.find(
      ({ words }) =>
        words[0] === "git" &&
        (words[1] === "diff" || words[1] === "show") &&
        /package\.json|pkg_json|\.version|--name-only/.test(words.join(" ")),
    );
    return diff === undefined || !/package\.json/.test(script.text) || !/version/i.test(script.text)
      ? []
      : [
          {
            place: diff.place,
            message: "what is released is decided by a diff: a release that failed is not found again by the next run",
          },
        ];
  });
}

export const diffDecides: Rule = {
  id: "diff-decides",
  severity: "warning",
  title: "a diff decides which packages are released",
  why: "A diff tells what a push changed, not what the registry lacks. After a run that failed, the next push has no diff for it: versions have to be bumped, or reverted and applied again, only to be seen.",
  fix: "compare the manifests with the registry: `slipway plan`",
  example: {
    frame: "steps",
    before: `- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
  with:
    persist-credentials: false
    fetch-depth: 0
- run: git diff --name-only "$BEFORE" -- '*package.json' | xargs grep -l '"version"' # <--
  env:
    BEFORE: \${{ github.event.before }}
`,
    after: `- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
  with:
    persist-credentials: false
- run: npx --yes slipway plan
`,
  },
  check: ({ jobs }) => jobs.flatMap(judgeDiffs),
};

interface FolderLoop {
  readonly variable: string;
  readonly offset: number;
}

// `for x in packages/*/; do`: the variable ends in a slash.
function findFolderLoops(commands: readonly PlacedCommand[]): readonly FolderLoop[] {
  return commands.flatMap(({ words, offset }) => {
    const [first, variable = "", third, ...over] = words;
    return first === "for" && third === "in" && over.some((word) => word.endsWith("*/")) ? [{ variable, offset }] : [];
  });
}

function judgeSlashes(job: Job): readonly Found[] {
  return scriptsOf(job).flatMap(({ script, commands }) =>
    findFolderLoops(commands).flatMap(({ variable, offset }): readonly Found[] => {
      const path = String.raw`\$(?:${variable}|\{${variable}\})/`;
      // Read as a file the doubled slash does no harm; compared with what git prints, it never matches.
      const isCompared = commands.some(({ words }) => ["git", "grep"].includes(words[0] ?? ""));
      const use = new RegExp(path).exec(script.text.slice(offset));
      return use === null || !isCompared
        ? []
        : [
            {
              place: placeIn(script, offset + use.index),
              message: `$${variable} ends in a slash already: packages/a//package.json is never in a list of git's`,
            },
          ];
    }),
  );
}

export const doubledSlash: Rule = {
  id: "doubled-slash",
  severity: "error",
  title: "a path with two slashes is compared with git's paths",
  why: "`packages/*/` yields `packages/a/`, and `$dir/package.json` then is `packages/a//package.json`. As a file it opens; in the output of `git diff` it is never found, so no package ever counts as changed.",
  fix: "write `packages/*` in the loop, or `${dir}package.json`; or let `slipway plan` find the packages",
  example: {
    frame: "steps",
    before: `- run: |
    for dir in packages/*/; do
      grep -q "$dir/package.json" changed.txt && echo "$dir" # <--
    done
`,
    after: `- run: |
    for dir in packages/*; do
      grep -q "$dir/package.json" changed.txt && echo "$dir"
    done
`,
  },
  check: ({ jobs }) => jobs.flatMap(judgeSlashes),
};

function loopPlace(workflow: Workflow): Place | undefined {
  return workflow.jobs
    .flatMap((job) => job.steps.flatMap((step) => step.commands))
    .find(
      ({ words, script }) =>
        words[0] === "for" &&
        words.some((word) => /(^|\/)\*\/?$/.test(word)) &&
        /package\.json/.test(script.text) &&
        /\.name\b|\bnpm publish\b/.test(script.text),
    )?.place;
}

export const privateNotFiltered: Rule = {
  id: "private-not-filtered",
  severity: "warning",
  title: "a loop over folders does not leave private packages out",
  why: "`npm publish` refuses a package that is `private`, and the release stops there; a private package that one forgot to mark is published.",
  fix: "skip what has `private: true`; `slipway plan` does",
  example: {
    frame: "steps",
    before: `- run: |
    for dir in packages/*; do # <--
      jq -r '.name' "$dir/package.json" >> names.txt
    done
`,
    after: `- run: |
    for dir in packages/*; do
      jq -r 'select(.private != true) | .name' "$dir/package.json" >> names.txt
    done
`,
  },
  check: (workflow) => {
    const place = loopPlace(workflow);
    const isFiltered = workflow.jobs.some((job) =>
      job.steps.some((step) => step.commands.some(({ script }) => /private/.test(script.text))),
    );
    return place === undefined || isFiltered
      ? []
      : [{ place, message: "packages are taken from folders without a look at `private`" }];
  },
};
