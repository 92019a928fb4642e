/** A step of a plan: one fact that a registry should show. */

export type Goal =
  | {
      readonly kind: "publish";
      /** `sha512-…` of the tarball; undefined until pack has made it. */
      readonly integrity: string | undefined;
      readonly access: "public" | "restricted" | undefined;
      /** The dist-tag that the upload carries. */
      readonly sendTag: string;
    }
  | { readonly kind: "dist-tag"; readonly tag: string; readonly to: string | undefined }
  | { readonly kind: "deprecate"; readonly message: string | undefined }
  | {
      readonly kind: "stage";
      readonly integrity: string | undefined;
      readonly tag: string;
      readonly access: "public" | "restricted" | undefined;
    }
  | { readonly kind: "approve"; readonly of: string }
  | { readonly kind: "unpublish" }
  | { readonly kind: "barrier" };

export interface Step {
  /** `kind:name@version[:tag]`. */
  readonly id: string;
  /** Ids of steps and of kept versions (`kept:name@version`) that must be done first. */
  readonly after: readonly string[];
  readonly registry: string;
  readonly name: string;
  readonly version: string;
  /**
   * What the plan saw: for a publish step the integrity on the registry, for a dist-tag the version it showed, for
   * a deprecation its message; undefined when there was none.
   */
  readonly from: string | undefined;
  readonly goal: Goal;
}

export type PublishStep = Step & { readonly goal: Extract<Goal, { kind: "publish" }> };
export type DistTagStep = Step & { readonly goal: Extract<Goal, { kind: "dist-tag" }> };

export function isPublishStep(step: Step): step is PublishStep {
  return step.goal.kind === "publish";
}

export function isDistTagStep(step: Step): step is DistTagStep {
  return step.goal.kind === "dist-tag";
}

export function stepId(goal: Goal, name: string, version: string): string {
  return goal.kind === "dist-tag" ? `dist-tag:${name}@${version}:${goal.tag}` : `${goal.kind}:${name}@${version}`;
}

export function keptId(name: string, version: string): string {
  return `kept:${name}@${version}`;
}

/**
 * What became of a step. `ready` not begun or to be sent again · `writing` a request is under way · `accepted` the
 * registry took it or shows it, not yet proven installable · `pending` it may be there: being looked for · `staged`
 * waits for approval · `done` shown, downloaded, hashed · `superseded` a higher version holds the tag · `stale` the world
 * moved · `conflict` other contents hold the version · `corrupt` · `wedged` · `failed` · `blocked` by a
 * dependency · `restored` turned back · `unconfirmed` the time ran out.
 */
export type Status =
  | "ready"
  | "writing"
  | "accepted"
  | "pending"
  | "staged"
  | "done"
  | "superseded"
  | "stale"
  | "conflict"
  | "corrupt"
  | "wedged"
  | "failed"
  | "blocked"
  | "restored"
  | "unconfirmed";

/** True for a status that counts as shown. */
export function isShown(status: Status): boolean {
  return status === "done" || status === "superseded";
}

/** True for a status that nothing in the same run changes any more. */
export function isFinal(status: Status): boolean {
  return status !== "ready" && status !== "writing" && status !== "accepted" && status !== "pending";
}
