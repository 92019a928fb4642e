/** What the exit codes say, for help and the reference. */

export const exitCodeTexts: readonly (readonly [code: number, text: string])[] = [
  [0, "everything that was planned is shown by the registry, downloaded and hashed"],
  [1, "something failed, conflicts, is stale or was refused"],
  [2, "usage or configuration; nothing was written"],
  [3, "unconfirmed or interrupted: nothing is known to be wrong, run the same command again"],
];
