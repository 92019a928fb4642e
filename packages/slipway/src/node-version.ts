/** Refuses a Node that Slipway does not support, before anything else is imported. Must import nothing. */

/** The same as `engines.node` in package.json: lowest supported minor and patch of each supported major. */
const supported: ReadonlyMap<number, readonly [minor: number, patch: number]> = new Map([
  [22, [22, 2]],
  [24, [15, 0]],
]);
const newestMajor = 26;

export function isSupportedNode(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.replace(/^v/, "").split(/[.-]/).map(Number);
  if (major >= newestMajor) return true;
  const lowest = supported.get(major);
  if (lowest === undefined) return false;
  return minor > lowest[0] || (minor === lowest[0] && patch >= lowest[1]);
}
