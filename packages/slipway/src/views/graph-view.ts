/** What waits for what, as text in layers and as a Mermaid flowchart. */
import { parseSpec, type Plan } from "@slipway/core";
import { graphRelease, type ReleaseGraph } from "../release-graph.ts";
import { listNames } from "./lists.ts";
import { count } from "./quantities.ts";
import { formatRows, type Row } from "./rows.ts";
import type { Painter } from "./terminal.ts";

export interface GraphView {
  readonly text: (painter: Painter) => string;
  readonly json: unknown;
}

export const graphForms = ["text", "mermaid"] as const;
export type GraphForm = (typeof graphForms)[number];

export function viewGraph(plan: Plan, form: GraphForm): GraphView {
  const graph = graphRelease(plan);
  const mermaid = form === "mermaid" ? formatMermaid(graph) : undefined;
  return {
    text: (painter) => mermaid ?? formatGraph(graph, painter),
    json: {
      layers: graph.layers,
      after: Object.fromEntries(graph.after),
      longestChain: graph.longestChain,
      ...(mermaid === undefined ? {} : { mermaid }),
    },
  };
}

/** More packages than this are shown by layers, with their number and some names. */
const packagesShownMax = 60;
const layersShownMax = 40;
const namesShownMax = 3;
const chainShownMax = 12;

function formatGraph(graph: ReleaseGraph, painter: Painter): string {
  const { layers, longestChain } = graph;
  const size = layers.flat().length;
  if (size === 0)
    return formatRows([{ tone: "quiet", verb: "Graph", what: "nothing is to be released" }], painter).join("\n");
  const rows = size <= packagesShownMax ? packageRows(graph) : layerRows(graph);
  const end: Row[] = [
    { tone: "good", verb: "Graph", what: `${count(size, "package")} in ${count(layers.length, "layer")}` },
  ];
  if (layers.length > 1) end.push({ tone: "quiet", verb: "Longest", what: describeChain(longestChain) });
  return [...formatRows(rows, painter), ...formatRows(end, painter)].join("\n");
}

function nameOf(spec: string): string {
  return parseSpec(spec).name;
}

function packageRows({ layers, after }: ReleaseGraph): readonly Row[] {
  return layers.flatMap((specs, layer) =>
    specs.map((what, at): Row => {
      const names = (after.get(what) ?? []).map(nameOf);
      const verb = at === 0 ? `Layer ${layer + 1}` : "";
      return {
        tone: "busy",
        verb,
        what,
        ...(names.length === 0 ? {} : { note: `after ${listNames(names, namesShownMax)}` }),
      };
    }),
  );
}

function layerRows({ layers }: ReleaseGraph): readonly Row[] {
  const rows = layers.map((specs, layer): Row => {
    const [first = ""] = specs;
    const what = specs.length === 1 ? first : count(specs.length, "package");
    const note = specs.length === 1 ? "" : listNames(specs.map(nameOf), namesShownMax);
    return { tone: "busy", verb: `Layer ${layer + 1}`, what, note };
  });
  if (rows.length <= layersShownMax) return rows;
  const half = layersShownMax / 2;
  const left = rows.length - layersShownMax;
  return [...rows.slice(0, half), { tone: "quiet", verb: "…", what: `${left} more layers` }, ...rows.slice(-half)];
}

function describeChain(chain: readonly string[]): string {
  const names = chain.map(nameOf);
  if (names.length <= chainShownMax) return names.join(" → ");
  const half = chainShownMax / 2;
  const left = names.length - chainShownMax;
  return [...names.slice(0, half), `${left} more`, ...names.slice(-half)].join(" → ");
}

/** Beyond these, drawings are no longer read, and Mermaid refuses more than 500 edges. */
const nodesDrawnMax = 150;
const edgesDrawnMax = 400;

/** Everything that could mean something to Mermaid, as its own entity codes. */
function escaped(text: string): string {
  return text.replace(/[^\w@/.+ :-]/gu, (letter) => `#${letter.codePointAt(0)};`);
}

function formatMermaid(graph: ReleaseGraph): string {
  const { layers, after } = graph;
  const specs = layers.flat();
  const edges = [...after].flatMap(([spec, wanted]) => wanted.map((one) => [one, spec] as const));
  if (specs.length === 0) return 'flowchart LR\n  nothing["nothing is to be released"]';
  if (specs.length > nodesDrawnMax || edges.length > edgesDrawnMax) return mermaidOfLayers(graph);
  const ids = new Map(specs.map((spec, at) => [spec, `p${at}`]));
  return [
    "flowchart LR",
    ...specs.map((spec) => `  ${ids.get(spec)}["${escaped(spec)}"]`),
    ...edges.map(([from, to]) => `  ${ids.get(from)} --> ${ids.get(to)}`),
  ].join("\n");
}

function mermaidOfLayers({ layers }: ReleaseGraph): string {
  const shown =
    layers.length <= nodesDrawnMax
      ? layers
      : [...layers.slice(0, nodesDrawnMax / 2), [], ...layers.slice(-nodesDrawnMax / 2)];
  const labels = shown.map((specs, at) => {
    if (specs.length === 0) return `${layers.length - nodesDrawnMax} more layers`;
    const number = at < nodesDrawnMax / 2 ? at + 1 : layers.length - shown.length + at + 1;
    return `layer ${number}: ${specs.length === 1 ? specs[0] : count(specs.length, "package")}`;
  });
  return [
    "flowchart LR",
    `  %% ${count(layers.flat().length, "package")}: too many to draw one by one`,
    ...labels.map((label, at) => `  l${at}["${escaped(label)}"]`),
    ...labels.slice(1).map((_, at) => `  l${at} --> l${at + 1}`),
  ].join("\n");
}
