/** References to git hosts, read by hosted-git-info as npm reads them. It is loaded when the first one is met. */
import { createRequire } from "node:module";
import type hostedGitInfo from "hosted-git-info";
import type { HostedRepository } from "hosted-git-info";

let loaded: typeof hostedGitInfo | undefined;

/** The repository on a known git host that a URL or a shorthand stands for; undefined for any other text. */
export function findHostedRepository(url: string): HostedRepository | undefined {
  // By require and not by import, because building a manifest is not asynchronous; 5 ms, once.
  loaded ??= createRequire(import.meta.url)("hosted-git-info") as typeof hostedGitInfo;
  return loaded.fromUrl(url);
}
