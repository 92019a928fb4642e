/** The part of the catalogue of errors that is found before anything is packed or sent. `problem.ts` has the rest and what reads both. */

export const planningProblems = {
  SLIP_NODE_TOO_OLD: {
    exit: 2,
    meaning: "The running Node is older than Slipway supports.",
    hint: "install Node 22.22.2, 24.15 or 26, or newer",
  },
  SLIP_USAGE: {
    exit: 2,
    meaning: "The command line has an unknown verb, flag or value.",
    hint: "see `slipway --help`",
  },
  SLIP_CONFIG_INVALID: {
    exit: 2,
    meaning: "slipway.config or the `slipway` key of package.json is not valid.",
    hint: "correct the named keys; the JSON Schema is shipped with slipway",
  },
  SLIP_CHANGESETS_INVALID: {
    exit: 2,
    meaning: "A file of Changesets that a release goes by (.changeset/config.json, .changeset/pre.json) is not valid.",
    hint: "correct the named key; with `changesets: off` Slipway does not look at the files of Changesets",
  },
  SLIP_CHANGESETS_UNCLEAN: {
    exit: 2,
    meaning: "changesets/action tags the commit that is checked out, and what would be released has changes beside it.",
    hint: "commit or ignore the files named above, or publish without telling the action: --changesets off",
  },
  SLIP_WORKSPACE_NOT_FOUND: {
    exit: 2,
    meaning: "There is no package.json at or above the folder.",
    hint: "run slipway inside a repository, or pass --cwd",
  },
  SLIP_WORKSPACE_INVALID: {
    exit: 2,
    meaning: "pnpm-workspace.yaml or .yarnrc.yml is not YAML, or has a key of the wrong shape.",
    hint: "correct the file",
  },
  SLIP_PACKAGE_MANAGER: {
    exit: 2,
    meaning: "It is not clear which package manager the workspace belongs to, or its lock file is another's.",
    hint: "name it with `packageManager` in package.json, and delete the lock files of others",
  },
  SLIP_PACKAGE_MANAGER_UNSUPPORTED: {
    exit: 2,
    meaning: "The workspace belongs to a package manager that Slipway does not know, or to a yarn before version 4.",
    hint: "use npm, pnpm, yarn 4 or bun",
  },
  SLIP_MANIFEST_INVALID: {
    exit: 2,
    meaning: "A package.json is missing, is not JSON, or has a field of the wrong shape.",
    hint: "correct the file",
  },
  SLIP_NAME_INVALID: {
    exit: 2,
    meaning: "A package name breaks npm's rules.",
    hint: "correct `name`, or mark the package private",
  },
  SLIP_NAME_DUPLICATE: {
    exit: 2,
    meaning: "Two packages of the workspace have one name.",
    hint: "rename one, or mark it private under another name",
  },
  SLIP_VERSION_INVALID: {
    exit: 2,
    meaning: "A version is not an exact semantic version.",
    hint: "correct `version`, or mark the package private",
  },
  SLIP_TAG_INVALID: {
    exit: 2,
    meaning: "A dist-tag cannot be used for a release.",
    hint: "choose another tag, such as `next`",
  },
  SLIP_CYCLE: {
    exit: 2,
    meaning: "Packages depend on each other in a circle, so none of them can be installable first.",
    hint: "turn one of these edges into a peer dependency, or move the shared part into a package of its own",
  },
  SLIP_DEPENDENCY_PRIVATE: {
    exit: 2,
    meaning: "A published package depends on a private package of the workspace.",
    hint: "publish the dependency, or move it to devDependencies and bundle it",
  },
  SLIP_DEPENDENCY_UNPUBLISHED: {
    exit: 2,
    meaning: "A package depends on a sibling version that neither this release nor the registry has.",
    hint: "release the sibling in the same run (widen --only or --base), or correct the range",
  },
  SLIP_DEPENDENCY_RANGE: {
    exit: 2,
    meaning: "A package's range for a sibling is not satisfied by the sibling's version.",
    hint: "update the range",
  },
  SLIP_DEPENDENCY_PROTOCOL: {
    exit: 2,
    meaning: "A dependency uses a protocol that a registry cannot serve (workspace:, catalog:, link:, file:).",
    hint: "write a version range; npm does not rewrite protocols when it packs",
  },
  SLIP_DEPENDENCY_UNKNOWN: {
    exit: 2,
    meaning: "A `workspace:` range names a package or folder that is not in the workspace.",
    hint: "correct the name, or add the package to the workspace",
  },
  SLIP_CATALOG_MISSING: {
    exit: 2,
    meaning: "A `catalog:` range has no entry in the catalogs of the workspace, or one that refers to another catalog.",
    hint: "add the entry, or write a version range",
  },
  SLIP_GIT_FAILED: {
    exit: 2,
    meaning: "git is missing, or a git command failed.",
    hint: "run the named command by hand to see why",
  },
  SLIP_BASE_INVALID: {
    exit: 2,
    meaning: "The base revision does not exist here, is all zeros, or cannot be reached.",
    hint: "pass a commit that is present, fetch the whole history (fetch-depth: 0), or leave --base out",
  },
  SLIP_REGISTRY_INVALID: {
    exit: 2,
    meaning: "A registry URL is not an http or https URL, or its host does not exist.",
    hint: "correct `registry` in .npmrc, publishConfig or --registry",
  },
  SLIP_REGISTRY_UNREACHABLE: {
    exit: 3,
    meaning: "The registry did not answer, or answered with server errors, as often as it was asked.",
    hint: "run the same command again when the registry answers",
  },
  SLIP_CREDENTIALS_MISSING: {
    exit: 2,
    meaning: "No credentials are configured for a registry that an upload needs.",
    hint: "set `//<registry host>/:_authToken=${NPM_TOKEN}` in an .npmrc and export NPM_TOKEN",
  },
  SLIP_OIDC_PERMISSION: {
    exit: 2,
    meaning: "Trusted publishing was asked for, but this job cannot prove its identity.",
    hint: "GitHub: give the job `permissions: id-token: write`; GitLab and CircleCI: set NPM_ID_TOKEN with the audience npm:<registry host>",
  },
  SLIP_OIDC_EVENT: {
    exit: 2,
    meaning: "Registries take no identity from jobs that a stranger's event can start.",
    hint: "publish from a push, a tag or workflow_dispatch, not from pull_request_target or issue_comment",
  },
  SLIP_OIDC_RUNNER: {
    exit: 2,
    meaning: "Registries take the identity of jobs on hosted runners only.",
    hint: "run the publish job on a runner that GitHub hosts, or give it a token",
  },
  SLIP_OIDC_NO_TRUST: {
    exit: 2,
    meaning:
      "The package does not exist yet, has no trusted publisher, or has one that is not exactly this job; the registry does not say which.",
    hint: "compare the package's trusted publisher with the values above (case counts, the workflow is a file name); publish a first version with a token",
  },
  SLIP_OIDC_MISMATCH: {
    exit: 2,
    meaning: "The package's trusted publisher is another repository, workflow or environment than this job.",
    hint: "compare it with the values above; after a repository was moved or renamed, set the trusted publisher anew",
  },
  SLIP_OIDC_TRUST_EXPIRED: {
    exit: 2,
    meaning: "The trusted publisher has expired: one that is never used ends 48 hours after it was set.",
    hint: "set the package's trusted publisher again and release within 48 hours",
  },
  SLIP_OIDC_REFUSED: {
    exit: 2,
    meaning: "The registry does not exchange this job's identity for a token.",
    hint: "see the registry's message, and compare the trusted publisher with the values above",
  },
  SLIP_READ_ANONYMOUS: {
    exit: 2,
    meaning:
      "A package is not visible without credentials, which on a private registry does not mean that it is absent.",
    hint: "give this run credentials for the registry (to plan or verify, a read-only token is enough), or set publishConfig.access to public",
  },
  SLIP_READ_REFUSED: {
    exit: 1,
    meaning: "The registry refused a read (401 or 403).",
    hint: "give this run a token that may read the package",
  },
  SLIP_VERSION_TAKEN: {
    exit: 1,
    meaning: "A step depends on a published version that is not this repository's.",
    hint: "bump the version, or pass --accept name@version=<integrity> after looking at it",
  },
  SLIP_NEW_PACKAGES_REFUSED: {
    exit: 2,
    meaning: "A name is new to the registry and newPackages is `refuse`.",
    hint: "allow new packages, or correct the name",
  },
  SLIP_NOT_RELEASABLE: {
    exit: 2,
    meaning: "No package of the workspace can be published.",
    hint: "remove `private` from the packages that should be released",
  },
} as const;
