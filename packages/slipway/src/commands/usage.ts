/**
 * Names, arguments and flags of every verb, as data, so that `--help` loads none of them. Help, shell completion and the
 * references are made from it.
 */
import {
  authFlag,
  changesetsFlag,
  type FlagUsage,
  lookAgainFlag,
  markFlags,
  packFlags,
  planFlags,
  runFlags,
} from "./flags.ts";

export interface ArgumentUsage {
  /** As commander writes it: `[dir]`, `<spec...>`. */
  readonly form: string;
  readonly text: string;
  readonly choices?: readonly string[];
  /** What a shell completes. */
  readonly path?: "file" | "dir";
}

export interface VerbUsage {
  readonly name: string;
  readonly arguments: readonly ArgumentUsage[];
  readonly text: string;
  readonly flags: readonly FlagUsage[];
  readonly examples: readonly { readonly command: string; readonly text: string }[];
  /** Exit codes that it can end with. */
  readonly exits: readonly number[];
}

const verbNames = ["plan", "pack", "publish", "verify", "tag", "status", "doctor", "init", "demo"] as const;

export const verbs: readonly VerbUsage[] = [
  {
    name: "plan",
    arguments: [
      {
        form: "[plan]",
        text: "a release folder or plan.json to show or to comment on; default: make one",
        path: "file",
      },
    ],
    text: "decide what has to be released, and write it to a plan",
    flags: [
      ...planFlags,
      changesetsFlag,
      ...markFlags,
      {
        flags: "--graph [form]",
        text: "show what waits for what: as text, or `--graph=mermaid` for a document",
        choices: ["text", "mermaid"],
      },
      { flags: "--out <file>", text: "where the plan goes; default .slipway/<release id>/plan.json", path: "file" },
      { flags: "--comment", text: "say on the pull request of this CI job what merging it would release" },
      { flags: "--dry-run", text: "with --comment: print the comment, and post nothing" },
      { flags: "--plan-digest <sha256>", text: "of a plan that is given: refuse any other than the one pack printed" },
    ],
    examples: [
      { command: "slipway plan", text: "everything that the registry lacks" },
      { command: "slipway plan --base auto", text: "only versions that this pull request or push changed" },
      { command: "slipway plan --only '@scope/*' --tag next", text: "some packages, under another dist-tag" },
      { command: "slipway plan --graph=mermaid > plan.mmd", text: "a drawing of what waits for what" },
      { command: "slipway plan --comment --dry-run", text: "what a pull request of this commit would be told" },
    ],
    exits: [0, 1, 2, 3],
  },
  {
    name: "pack",
    arguments: [{ form: "[plan]", text: "a plan.json; default: plan first", path: "file" }],
    text: "pack the packages of a plan into its release folder; given a plan it reads no registry",
    flags: [...planFlags, ...packFlags, { flags: "--out <dir>", text: "release folder to write", path: "dir" }],
    examples: [
      { command: "slipway pack", text: "plan, run the scripts and pack" },
      { command: "slipway pack plan.json --build 'npm run build'", text: "pack what a plan names, after a build" },
    ],
    exits: [0, 1, 2, 3],
  },
  {
    name: "publish",
    arguments: [{ form: "[dir]", text: "a packed release folder; default: plan and pack first", path: "dir" }],
    text: "make the registry show what the plan says, and read every byte back",
    flags: [
      ...planFlags,
      ...packFlags,
      ...markFlags,
      ...runFlags,
      changesetsFlag,
      { flags: "--plan-digest <sha256>", text: "refuse any other plan than the one pack printed" },
      { flags: "--dry-run", text: "make the same reads and announce the writes, and write nothing" },
      { flags: "--yes", text: "do not ask before the first upload" },
    ],
    examples: [
      { command: "slipway publish", text: "plan, pack, upload, read back; the same again goes on after any failure" },
      { command: "slipway publish --dry-run", text: "the writes that it would send" },
      {
        command: "slipway publish .slipway/0123456789ab --plan-digest <sha256>",
        text: "carry out a folder that was packed elsewhere, and no other",
      },
      { command: "slipway publish --wait 5m --json > report.json", text: "bounded, with a report for machines" },
    ],
    exits: [0, 1, 2, 3],
  },
  {
    name: "verify",
    arguments: [
      {
        form: "[what...]",
        text: "a release folder, or specs such as name@1.0.0; default: this workspace",
        path: "dir",
      },
    ],
    text: "read published versions back: entry, tarball, manifest, closure, tag, origin",
    flags: [lookAgainFlag],
    examples: [
      { command: "slipway verify", text: "the versions of this workspace" },
      { command: "slipway verify .slipway/0123456789ab", text: "the versions of a release, against its tarballs" },
      { command: "slipway verify left-pad@1.3.0", text: "any version of any registry that .npmrc names" },
    ],
    exits: [0, 1, 2, 3],
  },
  {
    name: "tag",
    arguments: [{ form: "[dir]", text: "a release folder; default: this workspace", path: "dir" }],
    text: "read versions back, then make the git tags and releases that are missing",
    flags: [
      ...markFlags,
      lookAgainFlag,
      { flags: "--dry-run", text: "make the same reads and announce what would be made, and make nothing" },
    ],
    examples: [
      { command: "slipway tag", text: "name@version for each published version, pushed to origin" },
      {
        command: "slipway tag --git-tags version --releases github",
        text: "one v1.2.3, and a release of it on GitHub",
      },
      { command: "slipway tag .slipway/0123456789ab", text: "as the plan of a release says, with its tarballs" },
    ],
    exits: [0, 1, 2, 3],
  },
  {
    name: "status",
    arguments: [],
    text: "workspace, registry, git tags and dist-tags beside each other",
    flags: [],
    examples: [
      { command: "slipway status", text: "what is published, what is not, what has changed since" },
      { command: "slipway status --json", text: "the same for machines" },
    ],
    exits: [0, 2, 3],
  },
  {
    name: "doctor",
    arguments: [],
    text: "look at everything that a release needs, before anything is built or sent",
    flags: [...planFlags, changesetsFlag, authFlag],
    examples: [
      { command: "slipway doctor", text: "what would stop a release of this workspace, all of it at once" },
      { command: "slipway doctor --json", text: "the same for machines, with what each registry can do" },
    ],
    exits: [0, 1, 2, 3],
  },
  {
    name: "init",
    arguments: [],
    text: "write the CI workflows that release this repository, after showing them",
    flags: [
      {
        flags: "--host <host>",
        text: "whose CI: github or gitlab; default: the remote's",
        choices: ["github", "gitlab"],
      },
      { flags: "--workflow", text: "a whole workflow also where changesets/action is in use" },
      { flags: "--force", text: "write over files that were edited" },
      { flags: "--dry-run", text: "show what would be written, and write nothing" },
      { flags: "--yes", text: "do not ask before writing" },
    ],
    examples: [
      { command: "slipway init", text: "shows the workflows, asks, writes them, and lists what is left to do by hand" },
      { command: "slipway init --dry-run --json", text: "the same for machines, written nowhere" },
    ],
    exits: [0, 1, 2, 3],
  },
  {
    name: "demo",
    arguments: [],
    text: "release an example workspace to a registry on this machine, and show each step",
    flags: [{ flags: "--keep", text: "keep the temporary folder" }],
    examples: [{ command: "slipway demo --keep", text: "and leave everything in place to look at" }],
    exits: [0, 1, 3],
  },
  {
    name: "completion",
    arguments: [{ form: "<shell>", text: "bash, zsh or fish", choices: ["bash", "zsh", "fish"] }],
    text: "print what makes a shell complete verbs, flags and their values",
    flags: [],
    examples: [
      { command: 'eval "$(slipway completion bash)"', text: "in ~/.bashrc" },
      { command: 'eval "$(slipway completion zsh)"', text: "in ~/.zshrc, after compinit" },
      { command: "slipway completion fish | source", text: "in ~/.config/fish/config.fish" },
    ],
    exits: [0, 2],
  },
  {
    name: "help",
    arguments: [{ form: "[verb]", text: "default: all verbs", choices: verbNames }],
    text: "explain a verb: arguments, flags, examples, exit codes",
    flags: [],
    examples: [{ command: "slipway help publish", text: "the same as slipway publish --help" }],
    exits: [0, 2],
  },
];
