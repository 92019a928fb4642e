/**
 * The npm registry as it is since publish-time scanning. Nobody here can measure it: each value is from a public thread or from
 * npm's documents, gathered in REGISTRY.md; its section stands beside each. What no source tells is marked as assumed.
 */
import { type Profile, respond } from "./profile.ts";
import type { RetryAfterForm } from "./throttle.ts";
import { npmScan } from "./visibility.ts";

const hourMs = 60 * 60_000;

/** Caps as reported (section 2, fact 10); a release of new packages meets the last one first. */
export function npmCaps(form: RetryAfterForm = "seconds"): Profile["caps"] {
  return {
    uploads: { max: 500, windowMs: hourMs, form },
    newPackages: { max: 30, windowMs: 24 * hourMs, form },
  };
}

/** `chance`: 2 to 4 of 200 fast publishes by one account ended so (section 2, fact 3a); some landed, some did not. */
const race = { chance: 0.015, landsChance: 0.5 };

export const npm: Profile = {
  name: "npm",
  // Section 2, facts 1, 7 and 8.
  visibility: npmScan(),
  // Section 2, fact 5 (300 s, 404s too). How far replicas lag is assumed.
  replicaLagsMs: [0, 1_000, 15_000],
  plainCacheMs: 300_000,
  // Uploads of one name are serialised (section 2, fact 5: the PUT is linearisable).
  raceWindowMs: 0,
  race,
  caps: {},
  firstBecomesLatest: true,
  // Section 4, below the table.
  latestRemoval: "refused",
  overwrites: false,
  isVerdaccio: false,
  // Section 2, fact 9.
  reusesVersions: false,
  nameLockMs: 24 * hourMs,
  // npm's unpublish policy (d): later only without dependents, which nobody here counts.
  unpublishMaxAgeMs: 72 * hourMs,
  takesAttestations: true,
  hasNpmServices: true,
  answers: {
    accepted: (isAsync) =>
      isAsync
        ? respond(
            202,
            { success: true },
            { "npm-notice": "Your package is being processed and will be available soon" },
          )
        : respond(200, { success: true }),
    alreadyPresent: (version) =>
      respond(403, { error: `You cannot publish over the previously published versions: ${version}.` }),
    stillProcessing: (version) =>
      respond(409, { error: `Cannot publish over previously staged version "${version}".` }),
    burnt: (version) => respond(400, { error: `Cannot publish over previously published version "${version}".` }),
    nameLocked: (name) => respond(403, { error: `${name} cannot be republished until 24 hours have passed.` }),
    tooOld: respond(405, { error: "You can no longer unpublish this package." }),
    staged: respond(201, { success: true }),
    stagedOver: (version) => respond(409, { error: `Cannot stage previously published version "${version}".` }),
    notApprovable: respond(409, { error: "This staged package has not passed validation yet." }),
    raced: respond(409, {
      error:
        "Failed to save packument. A common cause is if you try to publish a new package before the previous package has been fully processed.",
    }),
    latestKept: respond(400, { error: "Cannot delete latest tag" }),
    noSuchPackage: respond(404, { error: "Not found" }),
    noSuchVersion: () => respond(404, { error: "Not found" }),
    noSuchTag: respond(404, { error: "Not found" }),
    changed: respond(200, { success: true }),
    tagged: respond(200, { success: true }),
  },
};

/** GitHub Packages (section 4): 409 for what is there, no `latest` by itself, nothing is scanned. */
export const githubPackages: Profile = {
  ...npm,
  name: "github-packages",
  visibility: () => ({ documentMs: 0, packumentMs: 0, tagMs: 0, tarballMs: 0, isBlocked: false }),
  replicaLagsMs: [0],
  plainCacheMs: 0,
  race: { chance: 0, landsChance: 0 },
  firstBecomesLatest: false,
  latestRemoval: "removed",
  nameLockMs: 0,
  unpublishMaxAgeMs: Number.POSITIVE_INFINITY,
  takesAttestations: false,
  hasNpmServices: false,
  answers: {
    ...npm.answers,
    alreadyPresent: (version) => respond(409, { error: `Cannot publish over existing version ${version}` }),
  },
};

/** Nexus where redeploying is allowed, Artifactory for who may delete (section 2, fact 6): the newest bytes win, silently. */
export const overwrite: Profile = {
  ...githubPackages,
  name: "overwrite",
  overwrites: true,
  reusesVersions: true,
};
