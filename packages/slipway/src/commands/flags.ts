/** The flags that several verbs share, as data. Must not know what a verb does with them. */

export interface FlagUsage {
  /** As commander writes it: `--tag <tag>`. */
  readonly flags: string;
  readonly text: string;
  /** May be given several times. */
  readonly isList?: boolean;
  /** All values that there are, or the usual ones where any is taken; a shell completes them. */
  readonly choices?: readonly string[];
  /** What a shell completes otherwise. */
  readonly path?: "file" | "dir";
}

/** Of every verb. */
export const globalFlags: readonly FlagUsage[] = [
  {
    flags: "--json [form]",
    text: "print data as JSON on stdout; `--json=events` prints events as they happen, one a line",
    choices: ["events"],
  },
  { flags: "--registry <url>", text: "registry of all packages but those whose scope has one of its own in .npmrc" },
  { flags: "--cwd <dir>", text: "run as if started in this folder", path: "dir" },
  { flags: "--config <file>", text: "configuration file instead of slipway.config.{ts,js,json}", path: "file" },
  { flags: "--no-color", text: "no colours" },
];

/** Decided when the plan is made. */
export const planFlags: readonly FlagUsage[] = [
  {
    flags: "--base <rev>",
    text: "only packages whose version changed since this commit; `auto` finds it from the CI event",
    choices: ["auto"],
  },
  { flags: "--only <glob>", text: "only packages whose name matches", isList: true },
  { flags: "--tag <tag>", text: "dist-tag of this release", choices: ["latest", "next", "beta"] },
  {
    flags: "--access <access>",
    text: "public or restricted, for packages whose publishConfig does not say",
    choices: ["public", "restricted"],
  },
  {
    flags: "--identity <level>",
    text: "weakest proof that a version is this release's: source, files or bytes",
    choices: ["source", "files", "bytes"],
  },
  {
    flags: "--accept <spec=integrity>",
    text: "accept these contents of a version that is already published",
    isList: true,
  },
  {
    flags: "--new-packages <policy>",
    text: "allow or refuse names that are new to the registry",
    choices: ["allow", "refuse"],
  },
];

/** Decided when the tarballs are made. */
export const packFlags: readonly FlagUsage[] = [
  { flags: "--build <command>", text: "run this in the workspace root before packing" },
  { flags: "--ignore-scripts", text: "run no lifecycle scripts" },
];

export const authFlag: FlagUsage = {
  flags: "--auth <mode>",
  text: "credentials for writes: token (those configured), oidc (trusted publishing) or auto",
  choices: ["auto", "token", "oidc"],
};

/** Of every verb that makes a plan or carries one out. */
export const changesetsFlag: FlagUsage = {
  flags: "--changesets <mode>",
  text: "go by .changeset and answer changesets/action: auto, off, or v1 where that version cannot be told",
  choices: ["auto", "off", "v1"],
};

const otpFlag: FlagUsage = {
  flags: "--otp <code>",
  text: "one-time password for writes; a terminal asks for one when the registry wants it",
};

/** What is made once everything is shown; a plan records them for `tag DIR`. */
export const markFlags: readonly FlagUsage[] = [
  {
    flags: "--git-tags <form>",
    text: "git tags of what is published: package (name@version), version (v1.2.3) or none",
    choices: ["package", "version", "none"],
  },
  { flags: "--releases <host>", text: "releases of those git tags: github or none", choices: ["github", "none"] },
];

/** Of what reads back and sends nothing. */
export const lookAgainFlag: FlagUsage = {
  flags: "--wait <duration>",
  text: "look again for this long while something is not shown everywhere yet, such as 10m",
};

/** What a run may be told although its plan is made. */
export const runFlags: readonly FlagUsage[] = [
  { flags: "--wait <duration>", text: "stop as unconfirmed after this long without progress, such as 20m" },
  { flags: "--wait-total <duration>", text: "bound of the whole run, such as 3h" },
  authFlag,
  otpFlag,
  {
    flags: "--repair",
    text: "remove a stuck tarball (SLIP_WEDGED) also where no upload of this release explains it",
  },
  { flags: "--concurrency <number>", text: "requests under way at once" },
];
