/** Shows where a run's time goes, from the requests that a proxy saw: a missed target needs its profile. Pure. */
import { renderTable } from "./table.ts";

/** A request as the proxy saw it; instants in milliseconds since the client was started. */
export interface TracedRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  readonly at: number;
  readonly answeredAt: number;
}

export interface Stage {
  readonly what: string;
  readonly requests: number;
  readonly firstAt: number;
  readonly lastAnsweredAt: number;
  /** Mean time from a request to its answer. */
  readonly meanMs: number;
}

function kindOf({ method, url }: TracedRequest): string {
  if (method !== "GET") return "uploads";
  if (url.includes("/-/")) return "tarballs";
  return url.includes("write=true") ? "uncached packuments" : "packuments";
}

/** Requests of one kind about one layer are a stage; what comes before the first upload is not told apart by layer. */
export function findStages(requests: readonly TracedRequest[], layers: ReadonlyMap<string, number>): readonly Stage[] {
  const firstUploadAt = Math.min(...requests.filter(({ method }) => method !== "GET").map(({ at }) => at));
  const groups = new Map<string, TracedRequest[]>();
  for (const request of requests) {
    const name = decodeURIComponent(request.url.slice(1)).split(/\/-\/|\?/, 1)[0] ?? "";
    const layer = layers.get(name);
    const isEarly = request.at < firstUploadAt;
    const place = isEarly || layer === undefined ? "before the first upload" : `layer ${layer + 1}`;
    const what = `${place}: ${kindOf(request)}`;
    groups.set(what, [...(groups.get(what) ?? []), request]);
  }
  return [...groups]
    .map(([what, members]) => ({
      what,
      requests: members.length,
      firstAt: Math.min(...members.map(({ at }) => at)),
      lastAnsweredAt: Math.max(...members.map(({ answeredAt }) => answeredAt)),
      meanMs: members.reduce((sum, { at, answeredAt }) => sum + answeredAt - at, 0) / members.length,
    }))
    .sort((a, b) => a.firstAt - b.firstAt);
}

export function renderStages(stages: readonly Stage[]): string {
  const rows = stages.map((stage) => [
    stage.what,
    ...[stage.requests, stage.firstAt, stage.lastAnsweredAt, stage.meanMs].map((value) => value.toFixed(0)),
  ]);
  return renderTable(["", "requests", "first sent at ms", "last answered at ms", "mean ms"], rows);
}
