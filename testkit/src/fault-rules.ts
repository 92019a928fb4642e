/**
 * What a fault proxy can do to a request, and which requests it does it to. Pure apart from the counters of a rule
 * set; it must not touch sockets.
 */

/**
 * Where in an exchange a fault strikes. `head`: the request's headers have arrived. `mid-body`: so has a part of its
 * body. `before`: the request is complete and the registry has seen nothing of it. `after`: the registry has answered
 * in full, and the client has seen nothing of that.
 */
export type FaultStage = "head" | "mid-body" | "before" | "after";

export type Fault =
  /** The connection is reset. */
  | { readonly kind: "reset"; readonly when: FaultStage }
  /** Passed on, late. */
  | { readonly kind: "delay"; readonly when: "before" | "after"; readonly ms: number }
  /**
   * The proxy's own answer. With `before` the registry never sees the request: a 201 is then an answer without a
   * commit. An object as body is sent as JSON; without one, what registries say with that status.
   */
  | {
      readonly kind: "answer";
      readonly when: "before" | "after";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | object;
    }
  /** The registry's answer announces all of its body, brings half of it, and the connection is reset. */
  | { readonly kind: "truncate" }
  /** No answer, until the client gives up or the proxy is closed. */
  | { readonly kind: "hang"; readonly when: "before" | "after" }
  /** The last answer to a GET of the same path that the proxy passed on; passed on when there was none. */
  | { readonly kind: "stale" }
  /** The registry's answer with one bit of its body changed. */
  | { readonly kind: "corrupt" };

/** A request as rules see it. */
export interface RuleRequest {
  readonly method: string;
  /** Decoded, without the query: `/@scope/name`. */
  readonly path: string;
  /** Decoded, with the query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface FaultRule {
  /** Shown in the proxy's log; default the fault's kind and stage. */
  readonly label?: string;
  /** Default any method. */
  readonly method?: string;
  /** A string is the whole decoded path, an expression is tested on decoded path and query; default any. */
  readonly path?: string | RegExp;
  /** A further condition. */
  readonly where?: (request: RuleRequest) => boolean;
  /** The first request it strikes, counting from 1 among those that match; default 1. */
  readonly nth?: number;
  /** How many it strikes from there on; default 1 with `nth`, else all. */
  readonly times?: number;
  /** It strikes only this long after the first request that it struck; default for ever. */
  readonly forMs?: number;
  readonly fault: Fault;
}

export interface RuleSet {
  /** The first rule that strikes this request. Every rule that matches counts it. */
  take(request: RuleRequest, now: number): FaultRule | undefined;
}

export function ruleLabel(rule: FaultRule): string {
  const { fault } = rule;
  if (rule.label !== undefined) return rule.label;
  const stage = "when" in fault ? ` ${fault.when}` : "";
  return fault.kind === "answer" ? `answer ${fault.status}${stage}` : `${fault.kind}${stage}`;
}

function matches(rule: FaultRule, request: RuleRequest): boolean {
  if (rule.method !== undefined && rule.method !== request.method) return false;
  if (typeof rule.path === "string" && rule.path !== request.path) return false;
  if (rule.path instanceof RegExp && !rule.path.test(request.url)) return false;
  return rule.where === undefined || rule.where(request);
}

export function createRuleSet(rules: readonly FaultRule[]): RuleSet {
  const states = rules.map((rule) => ({ rule, seen: 0, firstAt: undefined as number | undefined }));
  return {
    take(request, now) {
      let struck: FaultRule | undefined;
      for (const state of states) {
        const { rule } = state;
        if (!matches(rule, request)) continue;
        state.seen += 1;
        const first = rule.nth ?? 1;
        const times = rule.times ?? (rule.nth === undefined ? Number.POSITIVE_INFINITY : 1);
        if (struck !== undefined || state.seen < first || state.seen >= first + times) continue;
        state.firstAt ??= now;
        if (rule.forMs !== undefined && now - state.firstAt >= rule.forMs) continue;
        struck = rule;
      }
      return struck;
    },
  };
}

/** Bodies as registries send them (texts of Verdaccio 6.10 and of the npm registry). */
const defaultErrors: Readonly<Record<number, string>> = {
  401: "authorization required to access package",
  403: "you do not have permission to publish this package",
  404: "no such package available",
  409: "Failed to save packument. A common cause is if you try to publish a new package before the previous package has been fully processed.",
  413: "request entity too large",
  429: "too many requests",
  500: "internal server error",
  502: "bad gateway",
  503: "resource temporarily unavailable",
  504: "gateway timeout",
};

/** The body of an `answer` fault, and its content type. */
export function answerBody(fault: Extract<Fault, { kind: "answer" }>): {
  readonly text: string;
  readonly type: string;
} {
  if (typeof fault.body === "string") return { text: fault.body, type: "text/plain; charset=utf-8" };
  const success = { ok: "package changed", success: true };
  const json = fault.body ?? (fault.status < 400 ? success : { error: defaultErrors[fault.status] ?? "error" });
  return { text: JSON.stringify(json), type: "application/json; charset=utf-8" };
}
