/** Names, arguments and flags of every verb, as data, so that `--help` loads none of them. The references are generated from it. */
import { type FlagUsage, packFlags, planFlags, runFlags } from "./flags.ts";
import type { Verb } from "./verb.ts";

export interface VerbUsage {
  readonly name: string;
  /** As commander writes it: `[dir]`, `<spec...>`. */
  readonly arguments: readonly { readonly form: string; readonly text: string }[];
  readonly text: string;
  readonly flags: readonly FlagUsage[];
  readonly load: () => Promise<Verb<unknown>>;
}

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
