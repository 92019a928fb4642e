/**
 * How one kind of registry behaves where registries differ, as data and a few hooks. The world model asks; a profile
 * never holds state. How each fact is known stands beside it here or in the table of answers (core, `response.ts`).
 */
import type { Answer } from "@slipway/core";
import type { Caps } from "./throttle.ts";
import { type DrawVisibility, allAfter } from "./visibility.ts";

export function respond(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { kind: "response", status, headers, body };
}

export interface Profile {
  readonly name: string;
  /** From the commit of an upload until reads show it (npm scans first). */
  readonly visibility: DrawVisibility;
  /** How far behind the origin plain reads are, for each replica that may answer one. */
  readonly replicaLagsMs: readonly number[];
  /** How long a cache answers a plain read again with what it read, a 404 too (CDN). 0 means no cache. */
  readonly plainCacheMs: number;
  /** Two uploads of one version with other bytes, closer than this, leave it corrupt. 0 means they are serialised. */
  readonly raceWindowMs: number;
  /** How often an upload is answered as a packument write race, and how often one that is has landed. */
  readonly race: { readonly chance: number; readonly landsChance: number };
  readonly caps: Caps;
  /** A first version becomes `latest` whatever tag is sent. */
  readonly firstBecomesLatest: boolean;
  /** What deleting `latest` does: shows the highest version in its place, leaves none, or is refused. */
  readonly latestRemoval: "falls-back" | "removed" | "refused";
  /** What an upload of a version that is there does: refused, or replaces the contents without a word. */
  readonly overwrites: boolean;
  /**
   * Verdaccio's own ways, measured: what is sent again takes the place of a missing tarball although it is refused, a wrong shasum leaves
   * a version stuck, a packument sent back unpublishes what it lacks.
   */
  readonly isVerdaccio: boolean;
  /** A version number that was unpublished can be used again; where it cannot, the full packument goes on listing it. */
  readonly reusesVersions: boolean;
  /** After its last version was unpublished, a name cannot be published for so long. */
  readonly nameLockMs: number;
  /** Versions older than this cannot be unpublished. */
  readonly unpublishMaxAgeMs: number;
  /** An upload may carry an attestation. */
  readonly takesAttestations: boolean;
  /** npm's own: staging, status, token exchange, keys, attestations, and its rules about accounts. */
  readonly hasNpmServices: boolean;
  readonly answers: {
    readonly accepted: (isAsync: boolean) => Answer;
    readonly alreadyPresent: (version: string) => Answer;
    /** The version was taken and is not shown yet. */
    readonly stillProcessing: (version: string) => Answer;
    readonly burnt: (version: string) => Answer;
    readonly nameLocked: (name: string) => Answer;
    readonly tooOld: Answer;
    readonly staged: Answer;
    readonly stagedOver: (version: string) => Answer;
    readonly notApprovable: Answer;
    readonly raced: Answer;
    readonly latestKept: Answer;
    readonly noSuchPackage: Answer;
    readonly noSuchVersion: (version: string) => Answer;
    readonly noSuchTag: Answer;
    readonly changed: Answer;
    readonly tagged: Answer;
  };
}

const nothing = respond(500, { error: "a profile without such an answer was asked for it" });

/** Verdaccio 6.10.4, as measured: no cache, no scan, 409 for anything present, wedges repaired by hand. */
export const verdaccio: Profile = {
  name: "verdaccio-6.10",
  visibility: allAfter(0),
  replicaLagsMs: [0],
  plainCacheMs: 0,
  raceWindowMs: 0,
  race: { chance: 0, landsChance: 0 },
  caps: {},
  firstBecomesLatest: true,
  latestRemoval: "falls-back",
  overwrites: false,
  isVerdaccio: true,
  reusesVersions: true,
  nameLockMs: 0,
  unpublishMaxAgeMs: Number.POSITIVE_INFINITY,
  takesAttestations: false,
  hasNpmServices: false,
  answers: {
    accepted: (isAsync) =>
      isAsync
        ? respond(202, { ok: "package accepted" }, { "npm-notice": "Your package is being processed" })
        : respond(201, { ok: "created new package", success: true }),
    alreadyPresent: () => respond(409, { error: "this package is already present" }),
    stillProcessing: (version) =>
      respond(409, { error: `Cannot publish over previously staged version "${version}".` }),
    burnt: (version) => respond(400, { error: `Cannot publish over previously published version "${version}".` }),
    nameLocked: () => nothing,
    tooOld: nothing,
    staged: nothing,
    stagedOver: () => nothing,
    notApprovable: nothing,
    raced: nothing,
    latestKept: nothing,
    noSuchPackage: respond(404, { error: "no such package available" }),
    noSuchVersion: (version) => respond(404, { error: `this version doesn't exist: ${version}` }),
    noSuchTag: respond(201, { ok: "package changed" }),
    changed: respond(201, { ok: "package changed" }),
    tagged: respond(201, { ok: "package tagged" }),
  },
};
