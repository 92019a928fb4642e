/** How packages are sent: in which order, under which dist-tag, and what comes before them. */
import type { Text } from "../document.ts";
import { placeIn } from "../document.ts";
import { isPlainPublish, isPublishing, isPublishStep, toolOf } from "../release-steps.ts";
import type { Found, Rule } from "../rule.ts";
import { actionOf, type Job, type PlacedCommand, type Workflow } from "../workflow.ts";

function commandsOf(job: Job): readonly PlacedCommand[] {
  return job.steps.flatMap(({ commands }) => commands);
}

function hasFlag({ words }: PlacedCommand, ...flags: readonly string[]): boolean {
  return words.some((word) => flags.some((flag) => word === flag || word.startsWith(`${flag}=`)));
}

export const prereleaseWithoutTag: Rule = {
  id: "prerelease-without-tag",
  severity: "warning",
  title: "a prerelease would be published as `latest`",
  why: "Without `--tag`, npm before version 11 makes a prerelease `latest`, which everybody installs; npm from version 11 on refuses it, and the release stops.",
  fix: "pass `--tag`, or set `publishConfig.tag`; slipway takes the tag from the version (`1.0.0-beta.2` goes to `beta`)",
  example: {
    frame: "steps",
    prereleases: ["example@1.0.0-beta.2"],
    before: `- run: npm publish package.tgz # <--
`,
    after: `- run: npm publish package.tgz --tag beta
`,
  },
  check: ({ jobs }, { prereleases }) => {
    const [first] = prereleases;
    if (first === undefined) return [];
    const more = prereleases.length > 1 ? ` and ${prereleases.length - 1} more` : "";
    return jobs
      .flatMap(commandsOf)
      .filter((command) => isPlainPublish(command) && !hasFlag(command, "--tag"))
      .map(({ place }) => ({ place, message: `no --tag, and ${first}${more} would become latest or be refused` }));
  },
};

const releaseActions: ReadonlySet<string> = new Set([
  "softprops/action-gh-release",
  "actions/create-release",
  "ncipollo/release-action",
]);

/** Makes a git tag or a release that others see. */
function announces({ words }: PlacedCommand): boolean {
  const { name, args, positionals } = toolOf({ words });
  if (name === "gh") return positionals[0] === "release" && positionals[1] === "create";
  if (name !== "git" || positionals[0] !== "push") return false;
  return args.some(
    (word) => /^(--tags|--follow-tags)$/.test(word) || /^("?v?\$\{?\w*(TAG|VERSION)|refs\/tags\/)/i.test(word),
  );
}

interface Moment {
  readonly kind: "publish" | "announce";
  readonly found: Found;
}

function momentsOf(job: Job): readonly Moment[] {
  return job.steps.flatMap((step): readonly Moment[] => {
    const place = step.uses?.place ?? step.place;
    if (releaseActions.has(actionOf(step) ?? ""))
      return [
        { kind: "announce", found: { place, message: `${actionOf(step)} comes before the packages are published` } },
      ];
    if (step.commands.length === 0)
      return isPublishStep(step) ? [{ kind: "publish", found: { place, message: "" } }] : [];
    return step.commands.flatMap((command): readonly Moment[] => {
      const words = command.words.slice(0, 3).join(" ");
      if (announces(command))
        return [
          {
            kind: "announce",
            found: { place: command.place, message: `\`${words}\` comes before the packages are published` },
          },
        ];
      return isPublishing(command) ? [{ kind: "publish", found: { place: command.place, message: "" } }] : [];
    });
  });
}

/** Of the jobs that must end before `job` begins. */
function jobsBefore(job: Job, { jobs }: Workflow, seen: ReadonlySet<string> = new Set()): readonly Job[] {
  const direct = jobs.filter(({ id }) => job.needs.includes(id) && !seen.has(id));
  const known = new Set([...seen, ...direct.map(({ id }) => id)]);
  return [...direct, ...direct.flatMap((item) => jobsBefore(item, { jobs } as Workflow, known))];
}

export const tagBeforePublish: Rule = {
  id: "tag-before-publish",
  severity: "warning",
  title: "a git tag or release is made before the packages are there",
  why: "When the upload then fails, the tag says that a version exists which nobody can install, and the next run takes it for done. `semantic-release` pushes its tag before it publishes.",
  fix: "publish, read back, and tag last: `slipway tag` tags only what the registry shows",
  example: {
    frame: "steps",
    before: `- run: |
    git tag "v$VERSION"
    git push origin --tags # <--
    npm publish package.tgz --tag latest
`,
    after: `- run: |
    npm publish package.tgz --tag latest
    git tag "v$VERSION"
    git push origin --tags
`,
  },
  check: (workflow) =>
    workflow.jobs.flatMap((job) => {
      const own = momentsOf(job);
      const last = own.findLastIndex(({ kind }) => kind === "publish");
      if (last === -1) return [];
      const before = [...jobsBefore(job, workflow).flatMap(momentsOf), ...own.slice(0, last)];
      const tools = commandsOf(job).filter(
        (command) => toolOf(command).name === "semantic-release" && isPublishing(command),
      );
      // After another publish, a tag may well be that package's.
      const firstPublish = before.findIndex(({ kind }) => kind === "publish");
      return [
        ...(firstPublish === -1 ? before : before.slice(0, firstPublish)).map(({ found }) => found),
        ...tools.map(({ place }) => ({ place, message: "semantic-release pushes the git tag before it publishes" })),
      ];
    }),
};

export const skippedChecks: Rule = {
  id: "skipped-checks",
  severity: "warning",
  title: "a release switches checks off",
  why: "`--force` makes npm publish what it would have refused, and `--no-verify` passes over the hooks of the repository. In a release there is nobody who sees what they would have said.",
  fix: "remove the flag and mend what it hides",
  example: {
    frame: "steps",
    before: `- run: npm publish package.tgz --tag latest --force # <--
`,
    after: `- run: npm publish package.tgz --tag latest
`,
  },
  check: ({ jobs }) =>
    jobs.flatMap(commandsOf).flatMap((command): readonly Found[] => {
      const { place } = command;
      if (hasFlag(command, "--no-verify"))
        return [{ place, message: "--no-verify passes over the repository's checks" }];
      return isPublishing(command) && hasFlag(command, "--force", "-f")
        ? [{ place, message: "--force publishes what npm would refuse" }]
        : [];
    }),
};

/** A package that a command publishes by name or folder, where that is written out. */
function findTarget(command: PlacedCommand): string | undefined {
  const { args } = toolOf(command);
  const at = args.findIndex((word) => /^(-w|--workspace|--filter|-F|--prefix|--dir|-C)$/.test(word));
  const inline = args
    .map((word) => /^--(?:workspace|filter|prefix|dir)=(.+)$/.exec(word)?.[1])
    .find((word) => word !== undefined);
  const target = inline ?? (at === -1 ? undefined : args[at + 1]);
  return target === undefined || /[$*]/.test(target) ? undefined : target;
}

/** `sort_by(if .dir == "a" then 1 elif …)`: at least three names with a rank. */
function findRanking(script: Text): number | undefined {
  const names = [...script.text.matchAll(/==\s*\\?["'][\w@/-]+\\?["']/g)];
  const isRanking = /sort_by\s*\(/.test(script.text) && /then\s+\d/.test(script.text) && names.length >= 3;
  return isRanking ? script.text.search(/sort_by\s*\(/) : undefined;
}

export const handKeptOrder: Rule = {
  id: "hand-kept-order",
  severity: "warning",
  title: "the order of publishing is written down by hand",
  why: "A table of packages in a workflow is right until somebody adds a package or a dependency. Whatever is not in it is published last or never, and a dependent can be installed before what it needs.",
  fix: "let the manifests give the order: `slipway publish`",
  example: {
    frame: "steps",
    before: `- run: |
    npm publish --workspace packages/core --tag latest # <--
    npm publish --workspace packages/react --tag latest
`,
    after: `- run: npx --yes slipway publish release-folder
`,
  },
  check: ({ jobs }) =>
    jobs.flatMap((job): readonly Found[] => {
      const scripts = new Set(commandsOf(job).map(({ script }) => script));
      const rankings = [...scripts].flatMap((script) => {
        const offset = findRanking(script);
        return offset === undefined
          ? []
          : [{ place: placeIn(script, offset), message: "packages are ranked by name in this script" }];
      });
      const named = commandsOf(job).flatMap((command) => {
        const target = isPlainPublish(command) ? findTarget(command) : undefined;
        return target === undefined ? [] : [{ target, place: command.place }];
      });
      const [first] = named;
      return first === undefined || new Set(named.map(({ target }) => target)).size < 2
        ? rankings
        : [
            ...rankings,
            {
              place: first.place,
              message: `${named.length} packages are published one by one, in an order that is written here`,
            },
          ];
    }),
};
