/** When a registry answers 429: by rate, by an account's cap on uploads, and by a cap on new packages. It counts, nothing else. */
import type { Answer } from "@slipway/core";
import { respond } from "./profile.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** How a 429 says for how long: the header has been seen in all three ways. */
export type RetryAfterForm = "seconds" | "date" | "missing";

export interface Cap {
  /** Requests that pass within `windowMs`. */
  readonly max: number;
  readonly windowMs: number;
  readonly form: RetryAfterForm;
}

/** Each is absent where the registry has no such cap. Sources: REGISTRY.md, section 2, fact 10. */
export interface Caps {
  /** Requests of any kind. */
  readonly rate?: Cap;
  /** Uploads of an account; about 500 an hour have been reported. */
  readonly uploads?: Cap;
  /** Names that did not exist before; 23 to 38 a day have been reported. No back-off clears it. */
  readonly newPackages?: Cap;
}

export type CapKind = keyof Caps;

const capKinds: readonly CapKind[] = ["rate", "uploads", "newPackages"];

const messages: Readonly<Record<CapKind, string>> = {
  rate: "Too Many Requests",
  uploads: "rate limited exceeded: you have published too many versions, please try again later",
  newPackages: "You have created too many new packages today, please try again later",
};

export interface Throttle {
  /** Counts a request of an account; the answer when it does not pass, which is not counted. */
  readonly pass: (account: string, kinds: readonly CapKind[]) => Answer | undefined;
}

function tooMany(kind: CapKind, cap: Cap, waitMs: number, now: number): Answer {
  const seconds = Math.ceil(waitMs / 1000);
  const headers: Record<string, string> = { date: new Date(now).toUTCString() };
  if (cap.form === "seconds") headers["retry-after"] = String(seconds);
  if (cap.form === "date") headers["retry-after"] = new Date(now + seconds * 1000).toUTCString();
  return respond(429, { error: messages[kind] }, headers);
}

export function createThrottle(caps: Caps, clock: Pick<VirtualClock, "now">): Throttle {
  const passed = new Map<string, number[]>();
  return {
    pass(account, kinds) {
      const now = clock.now();
      const wanted = capKinds.flatMap((kind) => {
        const cap = kinds.includes(kind) ? caps[kind] : undefined;
        if (cap === undefined) return [];
        const key = `${kind} ${account}`;
        const recent = (passed.get(key) ?? []).filter((at) => at > now - cap.windowMs);
        passed.set(key, recent);
        return [{ kind, cap, recent }];
      });
      for (const { kind, cap, recent } of wanted)
        if (recent.length >= cap.max) return tooMany(kind, cap, (recent[0] ?? now) + cap.windowMs - now, now);
      for (const { recent } of wanted) recent.push(now);
      return undefined;
    },
  };
}
