/** One line of what `doctor` says, and the ways to make one. */
import { type Problem, ProblemsError } from "@slipway/core";
import { count } from "./views/quantities.ts";

export const checkIds = [
  "workspace",
  "source",
  "tools",
  "plan",
  "registry",
  "clock",
  "credentials",
  "numbers",
  "staged",
  "repository",
  "workflows",
  "disk",
] as const;
export type CheckId = (typeof checkIds)[number];

export interface Check {
  readonly id: CheckId;
  /** `unknown`: it matters, and nobody here can find it out; the note says why. */
  readonly state: "passed" | "warned" | "failed" | "unknown";
  /** What was looked at: a registry's URL where there are several. */
  readonly about: string;
  readonly note: string;
  /** Further lines of what is no error. */
  readonly details: readonly string[];
  /** What failed, each with its hint. */
  readonly problems: readonly Problem[];
}

export function passed(id: CheckId, about: string, note: string): Check {
  return { id, state: "passed", about, note, details: [], problems: [] };
}

export function warned(id: CheckId, about: string, note: string, details: readonly string[] = []): Check {
  return { id, state: "warned", about, note, details, problems: [] };
}

export function unknown(id: CheckId, about: string, note: string, details: readonly string[] = []): Check {
  return { id, state: "unknown", about, note, details, problems: [] };
}

export function failed(id: CheckId, about: string, problems: readonly Problem[]): Check {
  return { id, state: "failed", about, note: count(problems.length, "problem"), details: [], problems };
}

/** The problems that `work` ends with, or what it gives. Bugs are thrown on. */
export async function attempt<T>(
  work: Promise<T>,
): Promise<{ readonly value: T } | { readonly problems: readonly Problem[] }> {
  try {
    return { value: await work };
  } catch (error) {
    if (error instanceof ProblemsError) return { problems: error.problems };
    throw error;
  }
}
