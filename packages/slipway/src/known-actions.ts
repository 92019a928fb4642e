/**
 * Commits of releases of actions that release workflows use: generated workflows name them, and the linter proposes them instead of a tag, which can be
 * moved by whoever takes a repository over. The one place to raise them; a snapshot of summer 2026.
 */

export interface KnownAction {
  readonly action: string;
  readonly version: string;
  readonly commit: string;
}

/** Per action, the newest first. Read from the tags of their repositories. */
const knownActions: readonly KnownAction[] = [
  { action: "actions/checkout", version: "v7.0.1", commit: "3d3c42e5aac5ba805825da76410c181273ba90b1" },
  { action: "actions/setup-node", version: "v7", commit: "820762786026740c76f36085b0efc47a31fe5020" },
  { action: "actions/setup-node", version: "v6.5.0", commit: "249970729cb0ef3589644e2896645e5dc5ba9c38" },
  { action: "actions/upload-artifact", version: "v7.0.0", commit: "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f" },
  { action: "actions/download-artifact", version: "v8", commit: "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c" },
  // Replaced by each release of the action with its own commit.
  { action: "slipway-release/slipway", version: "v0.1.0", commit: "0".repeat(40) },
  { action: "changesets/action", version: "v2.1.1", commit: "8488615a623b1b9c987934bb89eae8af6a946ac1" },
];

function isUnreleased({ commit }: KnownAction): boolean {
  return /^0+$/.test(commit);
}

/** True as long as the action of this project has no release: a workflow that names it does not run yet. */
export function isActionUnreleased(): boolean {
  return knownActions.some((item) => item.action === "slipway-release/slipway" && isUnreleased(item));
}

/** What stands behind `uses:` in a generated workflow: the newest release that starts with `version`, or the newest of all. */
export function usesOf(action: string, version = ""): string {
  const found = knownActions.find((item) => item.action === action && item.version.startsWith(version));
  if (found === undefined) throw new Error(`no commit of ${action} ${version} is known`);
  return `${action}@${found.commit} # ${found.version}`;
}

/** The known release that a tag or branch such as `v6` means, else the newest of the action. */
export function proposeCommit(action: string, ref: string): KnownAction | undefined {
  const releases = knownActions.filter((item) => item.action === action && !isUnreleased(item));
  return releases.find(({ version }) => version === ref || version.startsWith(`${ref}.`)) ?? releases[0];
}

/** The release that a commit is, where it is known. */
export function findRelease(action: string, commit: string): KnownAction | undefined {
  return knownActions.find((item) => item.action === action && item.commit === commit);
}
