/** Every action that a generated workflow uses, by commit: a tag can be moved by whoever takes a repository over. The one place to raise them. */

interface PinnedAction {
  readonly name: string;
  readonly commit: string;
  readonly version: string;
}

const pinned = {
  checkout: { name: "actions/checkout", commit: "3d3c42e5aac5ba805825da76410c181273ba90b1", version: "v7.0.1" },
  setupNode: { name: "actions/setup-node", commit: "249970729cb0ef3589644e2896645e5dc5ba9c38", version: "v6.5.0" },
  /** Replaced by each release of the action with its own commit. */
  slipway: { name: "slipway-release/slipway", commit: "0000000000000000000000000000000000000000", version: "v0.1.0" },
} as const satisfies Readonly<Record<string, PinnedAction>>;

/** What stands behind `uses:`. */
export function usesOf(action: keyof typeof pinned): string {
  const { name, commit, version } = pinned[action];
  return `${name}@${commit} # ${version}`;
}
