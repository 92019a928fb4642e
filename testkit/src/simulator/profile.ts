/**
 * How one kind of registry behaves where registries differ, as data and a few hooks. The world model asks; a profile
 * never holds state. How each fact is known stands beside it here or in the table of answers (core, `response.ts`).
 */
import type { Answer } from "@slipway/core";

export function respond(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { kind: "response", status, headers, body };
}

export interface Profile {
  readonly name: string;
  /** Milliseconds from the commit of an upload until any read shows it (npm scans first). */
  readonly visibleAfterMs: number;
  /** How far behind the origin plain reads are (replicas). */
  readonly plainLagMs: number;
  /** How long a cache answers a plain read again with what it read, a 404 too (CDN). 0 means no cache. */
  readonly plainCacheMs: number;
  /** Two uploads of one version with other bytes, closer than this, leave it corrupt. 0 means they are serialised. */
  readonly raceWindowMs: number;
  /** A first version becomes `latest` whatever tag is sent. */
  readonly firstBecomesLatest: boolean;
  /** Deleting `latest` shows the highest version in its place. */
  readonly latestFallsBack: boolean;
  /** A version number that was unpublished can be used again. */
  readonly reusesVersions: boolean;
  readonly answers: {
    readonly accepted: (isAsync: boolean) => Answer;
    readonly alreadyPresent: (version: string) => Answer;
    /** The version was taken and is not shown yet. */
    readonly stillProcessing: (version: string) => Answer;
    readonly burnt: (version: string) => Answer;
    readonly noSuchPackage: Answer;
    readonly noSuchVersion: (version: string) => Answer;
    readonly changed: Answer;
  };
}

/** Verdaccio 6.10.4, as measured: no cache, no scan, 409 for anything present, wedges repaired by hand. */
export const verdaccio: Profile = {
  name: "verdaccio",
  visibleAfterMs: 0,
  plainLagMs: 0,
  plainCacheMs: 0,
  raceWindowMs: 0,
  firstBecomesLatest: true,
  latestFallsBack: true,
  reusesVersions: true,
  answers: {
    accepted: (isAsync) =>
      isAsync
        ? respond(202, { ok: "package accepted" }, { "npm-notice": "Your package is being processed" })
        : respond(201, { ok: "created new package", success: true }),
    alreadyPresent: () => respond(409, { error: "this package is already present" }),
    stillProcessing: (version) =>
      respond(409, { error: `Cannot publish over previously staged version "${version}".` }),
    burnt: (version) => respond(400, { error: `Cannot publish over previously published version "${version}".` }),
    noSuchPackage: respond(404, { error: "no such package available" }),
    noSuchVersion: (version) => respond(404, { error: `this version doesn't exist: ${version}` }),
    changed: respond(201, { ok: "package changed" }),
  },
};
