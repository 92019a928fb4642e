/** Whether changesets/action runs this process, and which version of it: from configuration and environment alone. */

export const changesetsModes = ["auto", "off", "v1"] as const;
/**
 * `auto` goes by `.changeset` and answers changesets/action where it is the one that runs this · `off` does neither · `v1` also answers
 * like changesets/action v1 expects it where that cannot be told.
 */
export type ChangesetsMode = (typeof changesetsModes)[number];

export type Protocol =
  | { readonly version: "v1" }
  | {
      readonly version: "v2";
      /** Path of the file that the action reads. */
      readonly output: string;
    };

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Which version of changesets/action runs this; undefined for none. v2 sets CHANGESETS_OUTPUT. v1 sets nothing, but the runner gives an
 * action its inputs as variables, and the action hands its environment on: `publish` and `setupGitUser` are inputs of v1 only.
 */
export function findProtocol(mode: ChangesetsMode, env: Environment): Protocol | undefined {
  if (mode === "off") return undefined;
  const output = env["CHANGESETS_OUTPUT"];
  if (output !== undefined && output !== "") return { version: "v2", output };
  const isAction =
    env["GITHUB_ACTIONS"] === "true" && Boolean(env["INPUT_PUBLISH"]) && env["INPUT_SETUPGITUSER"] !== undefined;
  return mode === "v1" || isAction ? { version: "v1" } : undefined;
}
