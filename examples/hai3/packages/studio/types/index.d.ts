import type { App, Hai3Hooks, ReactLike } from "@hai3/react";

export interface LogEntry {
  /** Counts from 1 and is never used twice. */
  readonly number: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly type: string;
  readonly detail: unknown;
}

export interface Inspection {
  readonly status: App["status"];
  readonly plugins: readonly string[];
  readonly services: readonly string[];
  readonly state: unknown;
  readonly path: string | undefined;
  readonly locale: string | undefined;
}

export interface StudioOptions {
  /** Entries kept; the oldest go first. Default 200. */
  readonly capacity?: number;
  readonly now?: () => number;
}

export interface Studio {
  entries(): readonly LogEntry[];
  /** Entries of a type, or of all types that begin with what stands before a final `*`. */
  find(pattern: string): readonly LogEntry[];
  clear(): void;
  pause(): void;
  resume(): void;
  /** What the app holds now. */
  inspect(): Inspection;
  /** One JSON object a line. */
  toNdjson(): string;
  /** Calls `listener` after the log changed. */
  subscribe(listener: () => void): () => void;
  /** Stops listening to the app. */
  dispose(): void;
}

export function createStudio(app: App, options?: StudioOptions): Studio;

export interface StudioHooks extends Hai3Hooks {
  /** The log, rendered again as it grows. */
  useStudioLog(studio: Studio, pattern?: string): readonly LogEntry[];
}

export function createStudioHooks(React: ReactLike): StudioHooks;
