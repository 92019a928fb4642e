/**
 * The one catalogue of what can go wrong. A problem is a value with a stable code; bugs throw.
 * `docs/reference/errors.md` is generated from it.
 */
import { planningProblems } from "./problem-planning.ts";

/** The shape of an entry; `exitCodeOf` holds the catalogue to it. */
export interface CatalogueEntry {
  /** Exit code of a run that ends with it: 2 usage or configuration, 1 failed, 3 nothing is known to be wrong. */
  readonly exit: 1 | 2 | 3;
  /** What it means, for the reference. */
  readonly meaning: string;
  /** What to do, printed as the hint unless the place that reports it knows better. */
  readonly hint: string;
}

const releaseProblems = {
  SLIP_PACK_FAILED: {
    exit: 1,
    meaning: "A package could not be packed.",
    hint: "correct the named file or script and run again; nothing was uploaded",
  },
  SLIP_TOOL_MISSING: {
    exit: 2,
    meaning: "The workspace's package manager packs it, and there is none that can be run.",
    hint: "install the package manager that the workspace uses",
  },
  SLIP_TOOL_VERSION: {
    exit: 2,
    meaning:
      "A tool that was found (the package manager, Node, git) is not of the version that the workspace or Slipway asks for, or does not say which it is.",
    hint: "install the version that `packageManager` or `engines` names, or correct it",
  },
  SLIP_SCRIPT_FAILED: {
    exit: 1,
    meaning: "A lifecycle script or the build command failed.",
    hint: "run the script by hand, correct it and run again; nothing was uploaded",
  },
  SLIP_MANIFEST_CHANGED: {
    exit: 1,
    meaning: "The packed manifest is not the one that was planned.",
    hint: "a script changed package.json: commit the change, or stop the script from making it",
  },
  SLIP_FOLDER_INVALID: {
    exit: 2,
    meaning: "A release folder is missing, incomplete or of another schema.",
    hint: "pass a folder that `slipway pack` made",
  },
  SLIP_FOLDER_IN_USE: {
    exit: 2,
    meaning: "Another process has the release folder open.",
    hint: "wait for it to end, then run the same command again",
  },
  SLIP_PLAN_CHANGED: {
    exit: 1,
    meaning: "plan.json is not what plan and pack wrote, or not the plan whose digest was given.",
    hint: "make the plan again; a plan is not edited by hand",
  },
  SLIP_TARBALL_CHANGED: {
    exit: 1,
    meaning: "A tarball in the release folder is missing or is not what pack made.",
    hint: "restore the folder, or remove it and run again",
  },
  SLIP_JOURNAL_INVALID: {
    exit: 1,
    meaning: "The journal of the release has a line that cannot be read, or belongs to another release.",
    hint: "restore the folder from its artifact, or remove it and run again: the registry is the truth",
  },
  SLIP_DISK: {
    exit: 1,
    meaning: "A file of the release could not be written.",
    hint: "free space or correct the rights, then run the same command again",
  },
  SLIP_INTEGRITY_CONFLICT: {
    exit: 1,
    meaning: "A version this release wants is already on the registry with other contents.",
    hint: "run only the failed job again (its release folder still has the first bytes), accept them with --accept, or bump the version",
  },
  SLIP_TARBALL_CORRUPT: {
    exit: 1,
    meaning: "The registry serves a tarball that does not hash to its own integrity.",
    hint: "this version cannot be installed: bump it, and tell the registry's owner",
  },
  SLIP_PLAN_STALE: {
    exit: 1,
    meaning: "The registry shows neither what the plan saw nor what it wants.",
    hint: "somebody else changed it: make a new plan",
  },
  SLIP_UPLOAD_REFUSED: {
    exit: 1,
    meaning: "The registry refused a write for good.",
    hint: "see the registry's message",
  },
  SLIP_UPLOAD_UNAUTHORISED: {
    exit: 1,
    meaning: "The registry does not accept the credentials for this write (401, 403, or a masked 404).",
    hint: "check that the token is valid and may write this package",
  },
  SLIP_UPLOAD_TOO_LARGE: {
    exit: 1,
    meaning: "The registry does not accept a document of this size (413).",
    hint: "make the package smaller, or raise the registry's limit",
  },
  SLIP_VERSION_BURNT: {
    exit: 1,
    meaning: "The version was published and unpublished before; the registry never takes the number again.",
    hint: "bump the version",
  },
  SLIP_NAME_LOCKED: {
    exit: 1,
    meaning: "The whole package was unpublished less than 24 hours ago; the registry refuses its name until then.",
    hint: "run the same command again once 24 hours have passed since the unpublish",
  },
  SLIP_NAME_REFUSED: {
    exit: 1,
    meaning: "The registry does not allow this name for a new package: it looks like spam, or like another name.",
    hint: "publish it under a scope of yours, or ask the registry's support to allow the name",
  },
  SLIP_OTP_REQUIRED: {
    exit: 1,
    meaning: "The registry asks for a one-time password for this write.",
    hint: "run it in a terminal, which asks for one, or pass --otp; in CI use trusted publishing or a token that needs none",
  },
  SLIP_TRUST_DENIED: {
    exit: 1,
    meaning:
      "The registry exchanged the CI job's identity for a token, but the package's trusted publisher does not allow this.",
    hint: "in the package's settings on the registry, compare repository, workflow file and environment of the trusted publisher with this job (upper and lower case count), allow the action, and check the package's publishing access",
  },
  SLIP_ACCOUNT_UNVERIFIED: {
    exit: 1,
    meaning: "The account that the credentials belong to has not confirmed its e-mail address.",
    hint: "confirm the address on the registry, then run the same command again",
  },
  SLIP_ACCESS_UNPAID: {
    exit: 1,
    meaning: "The registry takes private packages only from accounts that pay for them (402).",
    hint: "set publishConfig.access to public, or pass --access public, if the package may be public",
  },
  SLIP_REPOSITORY_MISMATCH: {
    exit: 1,
    meaning: "The package's `repository` field is not the repository that its provenance names.",
    hint: "set `repository.url` in its package.json to the repository this job runs in, and `repository.directory` to its folder; nothing was published",
  },
  SLIP_PROVENANCE_REFUSED: {
    exit: 1,
    meaning: "The registry does not accept the provenance that came with the package.",
    hint: "see the registry's message: provenance needs a public repository and a job of a supported CI system",
  },
  SLIP_PROVENANCE_UNSUPPORTED: {
    exit: 1,
    meaning: "The registry does not know the request; Verdaccio answers like this to packages with provenance.",
    hint: "publish to this registry without provenance",
  },
  SLIP_VERSION_BLOCKED: {
    exit: 1,
    meaning: "The registry took the version, and its scan has blocked it: it is never shown.",
    hint: "nothing that depends on it was released: see what the registry wrote to the account, then correct the package and bump the version, or ask the registry to look again",
  },
  SLIP_VERSION_STAGED: {
    exit: 1,
    meaning:
      "The version waits at the registry to be approved: its number is taken until that is done, or it is rejected.",
    hint: "approve the staged version or reject it, then run the same command again",
  },
  SLIP_UPLOAD_EXHAUSTED: {
    exit: 1,
    meaning: "The same bytes were sent as often as allowed and never became visible.",
    hint: "look at the registry's health, then run the same command again",
  },
  SLIP_RATE_LIMITED: {
    exit: 3,
    meaning: "The registry asks for a longer pause than the run may wait.",
    hint: "run the same command again after the pause; no version bump is needed",
  },
  SLIP_WEDGED: {
    exit: 1,
    meaning:
      "The registry says that the version is present, but never shows it; either no upload of ours explains that, or removing what is stuck did not help.",
    hint: "make sure that nobody else is publishing this version, then run the same command with --repair, which removes the stuck tarball; or ask the registry's owner to remove it, or bump the version",
  },
  SLIP_UNCONFIRMED: {
    exit: 3,
    meaning: "The registry has not shown the version within the time allowed.",
    hint: "run the same command again: nothing is sent twice, and no version bump is needed",
  },
  SLIP_DEPENDENCY_FAILED: {
    exit: 1,
    meaning: "A step was not tried because something it depends on is not done.",
    hint: "see the step it depends on",
  },
  SLIP_INTERRUPTED: { exit: 3, meaning: "The run was interrupted.", hint: "run the same command again to go on" },
  SLIP_VERIFY_MISSING: {
    exit: 1,
    meaning: "A version that should be on the registry is not shown.",
    hint: "run `slipway publish`",
  },
  SLIP_VERIFY_MANIFEST: {
    exit: 1,
    meaning: "The registry's manifest of a version differs from the package.json in its tarball.",
    hint: "installs use the registry's manifest: publish a corrected version",
  },
  SLIP_VERIFY_CLOSURE: {
    exit: 1,
    meaning: "A published version needs a sibling version that cannot be installed.",
    hint: "publish the sibling, or deprecate the version",
  },
  SLIP_VERIFY_TAG: {
    exit: 1,
    meaning: "A dist-tag does not point where it should.",
    hint: "run `slipway publish`, or move the tag by hand",
  },
  SLIP_TAG_TOO_EARLY: {
    exit: 1,
    meaning: "A version is not shown as it should be, and git tags are made only once all of them are.",
    hint: "run `slipway publish` until it ends with 0, then the same command again",
  },
  SLIP_TAG_CONFLICT: {
    exit: 1,
    meaning:
      "A git tag is there already and leads to another commit than the version was made from; it is never moved.",
    hint: "find out who made it; remove it by hand if it is wrong, then run the same command again",
  },
  SLIP_TAG_FORM: {
    exit: 1,
    meaning: "One tag for all packages cannot say what was released: they have different versions or commits.",
    hint: "set gitTags to package, which makes one tag for each version",
  },
  SLIP_GIT_REFUSED: {
    exit: 1,
    meaning: "The git remote refused a push, or to be read.",
    hint: "see the remote's words: the token must be allowed to write contents, and rules for tags must let it; in a workflow give the step GITHUB_TOKEN",
  },
  SLIP_GIT_UNAVAILABLE: {
    exit: 3,
    meaning: "The git remote could not be asked, or did not say whether a push has landed.",
    hint: "run the same command again: what is there already is not made twice",
  },
  SLIP_COMMIT_MISSING: {
    exit: 1,
    meaning: "A version was made from a commit that is not in this clone and cannot be fetched.",
    hint: "fetch the whole history (fetch-depth: 0), then run the same command again",
  },
  SLIP_HOST_REFUSED: {
    exit: 1,
    meaning: "The host of the repository (GitHub) refused a request.",
    hint: "see its words: the token needs the permission `contents: write` for releases and `pull-requests: write` for comments",
  },
  SLIP_HOST_UNAVAILABLE: {
    exit: 3,
    meaning: "The host of the repository (GitHub) did not answer, or asks for a longer pause than the run may wait.",
    hint: "run the same command again: what is there already is not made twice",
  },
  SLIP_WORKFLOW_UNSAFE: {
    exit: 1,
    meaning:
      "A workflow of the repository endangers releases. The message names the place and the rule; docs/reference/workflow-rules.md has each rule with an example.",
    hint: "change the workflow, or accept the finding with `# slipway-ignore <rule>: <reason>`",
  },
  SLIP_BUG: {
    exit: 1,
    meaning:
      "Slipway itself failed. Every write is recorded before it is sent, so running the same command again is safe; SLIPWAY_DEBUG=1 prints where it happened.",
    hint: "please report it with these lines; run the same command again to go on, with SLIPWAY_DEBUG=1 to see where it happened",
  },
  SLIP_DEMO_FAILED: {
    exit: 1,
    meaning: "A step of the demonstration did not show what it should.",
    hint: "this is a bug: please report the output",
  },
} as const;

/** Planning first, then what happens while packing, sending and reading back. */
export const catalogue: typeof planningProblems & typeof releaseProblems = { ...planningProblems, ...releaseProblems };

export type ProblemCode = keyof typeof catalogue;

export interface Problem {
  readonly code: ProblemCode;
  /** A phrase in lower case without a full stop, naming package, registry and file. Never holds a secret. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
  readonly spec?: string;
  /** HTTP status of the answer it comes from. */
  readonly status?: number;
  readonly url?: string;
  /** Further lines, one fact each. */
  readonly details?: readonly string[];
  readonly cause?: unknown;
}

export type ProblemExtras = Partial<Omit<Problem, "code" | "message">>;

export function problem(code: ProblemCode, message: string, extras: ProblemExtras = {}): Problem {
  return { code, message, hint: catalogue[code].hint, ...extras };
}

export function exitCodeOf(code: ProblemCode): 1 | 2 | 3 {
  const entry: CatalogueEntry = catalogue[code];
  return entry.exit;
}

/** Carries problems through code that cannot go on; the command line prints them and no stack. */
export class ProblemsError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((item) => `${item.code}: ${item.message}`).join("\n"));
    this.name = "ProblemsError";
    this.problems = problems;
  }
}

/** Throws one problem. */
export function fail(code: ProblemCode, message: string, extras: ProblemExtras = {}): never {
  throw new ProblemsError([problem(code, message, extras)]);
}
