/**
 * How a CI job can prove who it is: a token it was given, or the address where it may ask for one. It looks at the
 * environment that it is handed and asks nobody.
 */
import { isJsonObject, type Claims, type Problem, problem } from "@slipway/core";

export type IdentitySource =
  /** GitHub Actions: a token is made on request, for one audience. */
  | { readonly kind: "request"; readonly url: string; readonly token: string }
  /** GitLab, CircleCI: the job was started with a token. */
  | { readonly kind: "given"; readonly token: string }
  /** `ci` is the name of a CI system that could prove it, were the job allowed to. */
  | { readonly kind: "none"; readonly ci: string | undefined; readonly problem: Problem };

export function findIdentitySource(env: Readonly<Record<string, string | undefined>>): IdentitySource {
  const given = env["NPM_ID_TOKEN"];
  const url = env["ACTIONS_ID_TOKEN_REQUEST_URL"];
  const token = env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
  const ci =
    env["GITHUB_ACTIONS"] === "true"
      ? "GitHub Actions"
      : env["GITLAB_CI"] === "true"
        ? "GitLab CI"
        : env["CIRCLECI"] === "true"
          ? "CircleCI"
          : undefined;
  // As npm does: a token that is there goes before one that could be asked for.
  if (ci !== undefined && given !== undefined && given !== "") return { kind: "given", token: given };
  if (ci === "GitHub Actions" && url !== undefined && URL.canParse(url) && token !== undefined && token !== "")
    return { kind: "request", url, token };
  return { kind: "none", ci, problem: problem("SLIP_OIDC_PERMISSION", explain(ci), { hint: remedy(ci) }) };
}

function explain(ci: string | undefined): string {
  switch (ci) {
    case undefined:
      return "trusted publishing works in GitHub Actions, GitLab CI and CircleCI; this is none of them";
    case "GitHub Actions":
      return "this job may not ask GitHub for an identity token";
    default:
      return `this job of ${ci} has no NPM_ID_TOKEN`;
  }
}

function remedy(ci: string | undefined): string {
  switch (ci) {
    case undefined:
      return "publish from CI, or configure a token in an .npmrc";
    case "GitHub Actions":
      return "give the job `permissions: id-token: write`; a workflow that was called also needs it from its caller";
    case "GitLab CI":
      return "add to the job `id_tokens: NPM_ID_TOKEN: aud: npm:<registry host>`";
    default:
      return "set NPM_ID_TOKEN to a token whose audience is npm:<registry host>";
  }
}

/** What an identity token says of the job. It is not verified: that is the registry's part. Empty when it is no JWT. */
export function readClaims(token: string): Claims {
  const payload = token.split(".")[1];
  if (payload === undefined) return {};
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
    return isJsonObject(claims) ? claims : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
