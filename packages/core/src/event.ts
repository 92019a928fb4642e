/** The lines of a journal: a closed union. Folding them gives the state of a release, on this machine or another. */
import type { Verdict } from "./identity.ts";
import type { Problem } from "./problem.ts";
import type { AnswerClass, WriteKind } from "./response.ts";

export const journalSchema = 1;

/** `validating` it is being scanned · `blocked` the scan refused it, for good. */
export type VersionStatus = "published" | "validating" | "staged" | "blocked" | "deleted";

export type Event =
  /** The first line of a journal. */
  | {
      readonly type: "opened";
      readonly at: number;
      readonly schema: number;
      readonly releaseId: string;
      readonly planDigest: string;
      readonly toolVersion: string;
      readonly attempt: number;
      /** `--repair`: in this attempt a person allows what rule 9 forbids where no upload of ours explains a wedge. */
      readonly mayRepair?: boolean;
    }
  /** Another process took the release up again; whatever was under way may or may not have happened. */
  | {
      readonly type: "resumed";
      readonly at: number;
      readonly planDigest: string;
      readonly toolVersion: string;
      readonly attempt: number;
      readonly mayRepair?: boolean;
    }
  /** A packument was read. Versions and tags are only those the plan speaks of; null is absence. */
  | {
      readonly type: "observed";
      readonly at: number;
      readonly registry: string;
      readonly name: string;
      /** True when no cache can have answered: only such a reading is believed about absence and tags. */
      readonly fresh: boolean;
      /** The answer to a plain read that no cache seems to have given: what it shows is believed, what it lacks is not. */
      readonly isUncached?: boolean;
      readonly packument: "shown" | "absent" | "unavailable";
      readonly status?: number;
      readonly reason?: string;
      readonly versions?: Readonly<
        Record<string, { readonly integrity?: string; readonly deprecated?: string } | null>
      >;
      readonly tags?: Readonly<Record<string, string | null>>;
    }
  /** The tarball of a shown version was fetched from where an install would fetch it. `step` may be a kept id. */
  | {
      readonly type: "downloaded";
      readonly at: number;
      readonly step: string;
      readonly result: "hashed" | "missing" | "unavailable";
      /** Of the bytes received. */
      readonly integrity?: string;
      readonly reason?: string;
    }
  /** Whether the version document shows a version that the packument lacks (wedges). */
  | {
      readonly type: "looked-up";
      readonly at: number;
      readonly step: string;
      readonly version: "shown" | "absent" | "unavailable";
    }
  /** What the registry says of a version that it does not show and that an upload of ours may have brought. */
  | {
      readonly type: "status-told";
      readonly at: number;
      readonly step: string;
      readonly status: Extract<VersionStatus, "published" | "validating" | "staged">;
    }
  /** Other contents were judged to be this release's: from now on they are this version. */
  | {
      readonly type: "bound";
      readonly at: number;
      readonly step: string;
      readonly integrity: string;
      readonly verdict: "same-files" | "same-source";
      readonly evidence: string;
      /** Paths that differ between the served tarball and ours. */
      readonly files: readonly string[];
    }
  /** Other contents were judged not to be this release's, or not to be installable. */
  | {
      readonly type: "judged";
      readonly at: number;
      readonly step: string;
      readonly verdict: Extract<Verdict, "foreign" | "corrupt" | "refused">;
      readonly integrity: string | undefined;
      readonly details: readonly string[];
    }
  /** Durable before the request is sent. */
  | {
      readonly type: "write-started";
      readonly at: number;
      readonly step: string;
      readonly write: WriteKind;
      /** `sha512-…` of the bytes, for an upload. */
      readonly integrity?: string;
    }
  | {
      readonly type: "write-ended";
      readonly at: number;
      readonly step: string;
      readonly write: WriteKind;
      readonly answer: AnswerClass;
      readonly status?: number;
      /** True for 202 and "staged": visibility comes later. */
      readonly isAsync?: boolean;
      readonly retryAfterMs?: number;
      readonly message?: string;
      readonly problem?: Problem;
    }
  /** The run stops sending to a registry until an instant. */
  | {
      readonly type: "waited";
      readonly at: number;
      readonly registry: string;
      readonly untilAt: number;
      readonly reason: string;
    }
  /** A promotion turned back (used by promotion groups). */
  | { readonly type: "turned-back"; readonly at: number; readonly group: string; readonly reason: string }
  /** The local side of a step failed before anything was sent (missing tarball, for example). */
  | { readonly type: "failed"; readonly at: number; readonly step: string; readonly problem: Problem }
  /** The run ended. `isComplete` when every planned fact is shown. */
  | {
      readonly type: "ended";
      readonly at: number;
      readonly isComplete: boolean;
      readonly reason: "finished" | "out-of-time" | "interrupted";
    };

export type EventType = Event["type"];

/** The event of one type. */
export type EventOf<T extends EventType> = Extract<Event, { type: T }>;
