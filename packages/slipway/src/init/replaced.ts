/** What a repository releases with today, as far as its files tell, and what becomes of it. Reads a few files; decides nothing. */
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isJsonObject, type Workspace } from "@slipway/core";
import { isCode } from "../journal.ts";

export interface Replaced {
  readonly id:
    | "changesets"
    | "changesets-action"
    | "lerna"
    | "semantic-release"
    | "release-it"
    | "np"
    | "shell"
    | "token";
  /** Where it was found, relative to the root. */
  readonly where: readonly string[];
  /** What it did, what Slipway does of that, what stays, what to delete: a sentence or two. */
  readonly text: string;
  /** Of the guides that the documentation has. */
  readonly guide?: string;
}

export interface WorkflowFile {
  readonly path: string;
  readonly text: string;
}

const folder = ".github/workflows";

export async function readWorkflowFiles(root: string): Promise<readonly WorkflowFile[]> {
  let names: readonly string[];
  try {
    names = await readdir(join(root, folder));
  } catch (error) {
    if (isCode(error, "ENOENT")) return [];
    throw error;
  }
  const wanted = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  return Promise.all(
    wanted.map(async (name) => ({ path: `${folder}/${name}`, text: await readFile(join(root, folder, name), "utf8") })),
  );
}

const texts: Readonly<Record<Replaced["id"], { readonly text: string; readonly guide?: string }>> = {
  "changesets-action": {
    text: "changesets/action opens the version pull request and calls a publish command. Keep it: only that command changes, from `changeset publish` to `slipway publish`. A second release workflow beside it would compete with it.",
    guide: "changesets.md",
  },
  changesets: {
    text: "Changesets chooses versions and writes changelogs, and that stays. `changeset publish` gives way to Slipway, which reads its configuration.",
    guide: "changesets.md",
  },
  lerna: {
    text: "`lerna version` may stay, or give way to Changesets. `lerna publish` gives way to Slipway: delete `command.publish` from lerna.json and the step that calls it.",
    guide: "from-lerna.md",
  },
  "semantic-release": {
    text: "semantic-release chooses the version while it publishes. With Slipway the version is in the manifest before: choose it with Changesets or release-please, then delete semantic-release, its plugins and its configuration.",
    guide: "from-semantic-release.md",
  },
  "release-it": {
    text: "release-it bumps, tags and publishes in one go. Let it bump only (`npm.publish: false`, `git.tag: false`), and let Slipway publish and tag what was merged.",
  },
  np: {
    text: "np publishes from a person's machine. Bump the version in a pull request instead; Slipway publishes what was merged, from CI.",
  },
  shell: {
    text: "A workflow publishes by script. Delete its publishing steps once the new workflow has released: two workflows that publish compete, and each would report the other's work as an error.",
    guide: "from-a-shell-workflow.md",
  },
  token: {
    text: "A long-lived token is a secret of the repository, which every workflow can read. With trusted publishing it is not needed; otherwise move it to the environment of the publish job, and delete it from the repository.",
    guide: "../credentials.md",
  },
};

/** v1 and v2, and the sub-actions of v2. */
const changesetsAction = /uses:\s*["']?changesets\/action(?:\/[\w-]+)*@/;

/** Anything that publishes packages, in a workflow that is not ours. */
const publishes =
  /\b(?:npm|pnpm|bun)\s+(?:[\w-]+\s+)*publish\b|\byarn\s+(?:workspaces? [^\n]*)?npm\s+publish\b|publish-with-retry|\blerna\s+publish\b|\bnp\b --|\bchangeset\s+publish\b/;

export async function findReplaced(
  { root }: Workspace,
  workflows: readonly WorkflowFile[],
): Promise<readonly Replaced[]> {
  const dependencies = await readDependencies(root);
  const inWorkflows = (pattern: RegExp): readonly string[] =>
    workflows.filter(({ text }) => pattern.test(withoutOurs(text))).map(({ path }) => path);
  const there = (...names: readonly string[]): readonly string[] =>
    names.filter((name) => existsSync(join(root, name)));
  const named = (name: string): readonly string[] => (dependencies.has(name) ? ["package.json"] : []);
  const action = inWorkflows(changesetsAction);
  const found: Readonly<Record<Replaced["id"], readonly string[]>> = {
    "changesets-action": action,
    changesets: action.length > 0 ? [] : there(".changeset/config.json"),
    lerna: [...there("lerna.json"), ...inWorkflows(/\blerna\s+publish\b/)],
    "semantic-release": [
      ...there(
        ".releaserc",
        ".releaserc.json",
        ".releaserc.yaml",
        ".releaserc.yml",
        ".releaserc.js",
        "release.config.js",
        "release.config.cjs",
        "release.config.mjs",
      ),
      ...named("semantic-release"),
      ...inWorkflows(/\bsemantic-release\b/),
    ],
    "release-it": [...there(".release-it.json", ".release-it.js", ".release-it.yaml"), ...named("release-it")],
    np: named("np"),
    shell: inWorkflows(publishes).filter((path) => !action.includes(path)),
    token: inWorkflows(/secrets\.(?:NPM_TOKEN|NPM_AUTH_TOKEN|NODE_AUTH_TOKEN)\b/),
  };
  return Object.entries(found).flatMap(([key, where]) => {
    const id = key as Replaced["id"];
    return where.length === 0 ? [] : [{ id, where: [...new Set(where)], ...texts[id] }];
  });
}

/** A file that init has made speaks of nothing that is to be replaced. */
function withoutOurs(text: string): string {
  return text.startsWith("# Made by slipway init.") ? "" : text;
}

async function readDependencies(root: string): Promise<ReadonlySet<string>> {
  const path = join(root, "package.json");
  const value: unknown = existsSync(path) ? JSON.parse((await readFile(path, "utf8")).replace(/^\uFEFF/, "")) : {};
  const names = ["dependencies", "devDependencies"].flatMap((field) => {
    const map = isJsonObject(value) ? value[field] : undefined;
    return isJsonObject(map) ? Object.keys(map) : [];
  });
  return new Set(names);
}

export function isChangesetsAction({ text }: WorkflowFile): boolean {
  return changesetsAction.test(text);
}

/** The workflow of changesets/action with its publish command exchanged; undefined where nothing is to change or it is not plain. */
export function exchangePublish({
  path,
  text,
}: WorkflowFile): { readonly path: string; readonly after: string } | undefined {
  if (!isChangesetsAction({ path, text })) return undefined;
  // Every such line: a job may be called publish, and the sub-action of v2 names its command `script`.
  const after = text.replaceAll(
    /^([ \t]*(?:publish|publish-script|script):[ \t]*)(["']?)([^"'\n#]*?)\2([ \t]*(?:#[^\n]*)?)$/gm,
    (line, key: string, quote: string, command: string, rest: string) =>
      /\bslipway\b/.test(command) || !isPublish(command) ? line : `${key}${quote}npx slipway publish${quote}${rest}`,
  );
  return after === text ? undefined : { path, after };
}

/** `changeset publish` in one of the forms that people write; another script may do more than that. */
function isPublish(command: string): boolean {
  return /^(?:(?:npx|pnpm|yarn|bunx|bun|pnpm exec|yarn run|npm exec|pnpm dlx)\s+(?:--\s+)?)?changeset\s+publish$/.test(
    command.trim(),
  );
}

/** The same where the action calls a script of package.json: in that script only these two words change, and nothing else of the file. */
export function exchangeScript({
  path,
  text,
}: WorkflowFile): { readonly path: string; readonly after: string } | undefined {
  const manifest: unknown = JSON.parse(text.replace(/^\uFEFF/, ""));
  const scripts = isJsonObject(manifest) && isJsonObject(manifest["scripts"]) ? Object.values(manifest["scripts"]) : [];
  let after = text;
  for (const script of scripts) {
    if (typeof script !== "string") continue;
    const exchanged = script.replaceAll(/\bchangeset publish(?=$|[\s&;|])/g, "slipway publish");
    if (exchanged !== script) after = after.replaceAll(JSON.stringify(script), () => JSON.stringify(exchanged));
  }
  return after === text ? undefined : { path, after };
}
