/** Names, arguments and flags of every verb, as data, so that `--help` loads none of them. The references are generated from it. */
import type { Verb } from "./verb.ts";

export interface FlagUsage {
  /** As commander writes it: `--tag <tag>`. */
  readonly flags: string;
  readonly text: string;
  /** May be given several times. */
  readonly isList?: boolean;
}

export interface VerbUsage {
  readonly name: string;
  /** As commander writes it: `[dir]`, `<spec...>`. */
  readonly arguments: readonly { readonly form: string; readonly text: string }[];
  readonly text: string;
  readonly flags: readonly FlagUsage[];
  readonly load: () => Promise<Verb<unknown>>;
}

export const globalFlags: readonly FlagUsage[] = [
  {
    flags: "--json [form]",
    text: "print data as JSON on stdout; `--json=events` prints events as they happen, one a line",
  },
  { flags: "--registry <url>", text: "registry for packages whose manifest and .npmrc name no other" },
  { flags: "--cwd <dir>", text: "run as if started in this folder" },
  { flags: "--config <file>", text: "configuration file instead of slipway.config.{ts,js,json}" },
  { flags: "--no-color", text: "no colours" },
];

const planFlags: readonly FlagUsage[] = [
  {
    flags: "--base <rev>",
    text: "only packages whose version changed since this commit; `auto` finds it from the CI event",
  },
  { flags: "--only <glob>", text: "only packages whose name matches", isList: true },
  { flags: "--tag <tag>", text: "dist-tag of this release" },
  { flags: "--access <access>", text: "public or restricted, for packages whose publishConfig does not say" },
  { flags: "--identity <level>", text: "weakest proof that a version is this release's: source, files or bytes" },
  {
    flags: "--accept <spec=integrity>",
    text: "accept these contents of a version that is already published",
    isList: true,
  },
  { flags: "--new-packages <policy>", text: "allow or refuse names that are new to the registry" },
];

const packFlags: readonly FlagUsage[] = [
  { flags: "--build <command>", text: "run this in the workspace root before packing" },
  { flags: "--ignore-scripts", text: "run no lifecycle scripts" },
];

const runFlags: readonly FlagUsage[] = [
  { flags: "--wait <duration>", text: "stop as unconfirmed after this long without progress, such as 20m" },
  { flags: "--wait-total <duration>", text: "bound of the whole run, such as 3h" },
  { flags: "--concurrency <number>", text: "requests under way at once" },
];

export const verbs: readonly VerbUsage[] = [
  {
    name: "plan",
    arguments: [],
    text: "decide what has to be released, and write it to a plan",
    flags: [
      ...planFlags,
      { flags: "--out <file>", text: "where the plan goes; default .slipway/<release id>/plan.json" },
    ],
    load: async () => (await import("./plan.ts")).plan,
  },
  {
    name: "pack",
    arguments: [{ form: "[plan]", text: "a plan.json; default: plan first" }],
    text: "pack the packages of a plan into its release folder; reads no registry",
    flags: [...packFlags, { flags: "--out <dir>", text: "release folder to write" }],
    load: async () => (await import("./pack.ts")).pack,
  },
  {
    name: "publish",
    arguments: [{ form: "[dir]", text: "a packed release folder; default: plan and pack first" }],
    text: "make the registry show what the plan says, and read every byte back",
    flags: [
      ...planFlags,
      ...packFlags,
      ...runFlags,
      { flags: "--plan-digest <sha256>", text: "refuse any other plan than the one pack printed" },
      { flags: "--dry-run", text: "make the same reads and announce the writes, and write nothing" },
      { flags: "--yes", text: "do not ask before the first upload" },
    ],
    load: async () => (await import("./publish.ts")).publish,
  },
  {
    name: "verify",
    arguments: [{ form: "[what...]", text: "a release folder, or specs such as name@1.0.0; default: this workspace" }],
    text: "read published versions back: entry, tarball, manifest, closure, tag, origin",
    flags: [],
    load: async () => (await import("./verify.ts")).verify,
  },
  {
    name: "status",
    arguments: [],
    text: "workspace, registry, git tags and dist-tags beside each other",
    flags: [],
    load: async () => (await import("./status.ts")).status,
  },
  {
    name: "demo",
    arguments: [],
    text: "release an example workspace to a registry on this machine, and show each step",
    flags: [{ flags: "--keep", text: "keep the temporary folder" }],
    load: async () => (await import("./demo.ts")).demo,
  },
];
