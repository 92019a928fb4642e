/** The tables of the faults: one row a tool and registry, and one a fault with each tool's outcome. Pure. */
import type { Verdict } from "./judge.ts";
import { faultTools } from "./tools.ts";

const titles = {
  verdaccio: "Real Verdaccio behind the fault proxy",
  npm: "The simulator's `npm` profile over HTTP",
} as const;

function summaryRow(label: string, verdicts: readonly Verdict[]): string {
  const count = (holds: (verdict: Verdict) => boolean): number => verdicts.filter(holds).length;
  const broken = verdicts.reduce((sum, { brokenSeconds }) => sum + brokenSeconds, 0);
  const cells = [
    verdicts.length,
    count(({ firstCode, againCode, converges }) => firstCode === 0 && againCode === undefined && converges),
    count(({ converges }) => converges),
    count(({ falseGreen }) => falseGreen),
    count(({ earlyGreen }) => earlyGreen),
    count(({ falseRed }) => falseRed),
    count(({ falseRedAgain }) => falseRedAgain),
    count(({ wrongLatest }) => wrongLatest),
    broken.toFixed(0),
    count(({ differentBytes }) => differentBytes),
  ];
  return `| ${label} | ${cells.join(" | ")} |`;
}

/** A word for a trial: the worst that can be said of it. */
export function wordOf(verdict: Verdict): string {
  const end = verdict.converges
    ? verdict.againCode === undefined
      ? ""
      : ", re-run ends it"
    : ", re-run does not end it";
  if (verdict.falseGreen) return `false green${end}`;
  if (verdict.falseRed || verdict.falseRedAgain) return `false red${end}`;
  if (verdict.earlyGreen) return `early green${end}`;
  return verdict.againCode === undefined ? "ok" : verdict.converges ? "re-run ends it" : "re-run does not end it";
}

export function renderFaultTables(verdicts: readonly Verdict[]): readonly string[] {
  return (["verdaccio", "npm"] as const).flatMap((registry) => {
    const own = verdicts.filter((verdict) => verdict.registry === registry);
    if (own.length === 0) return [];
    const tools = faultTools.filter(({ id }) => own.some(({ tool }) => tool === id));
    const faults = [...new Set(own.map(({ fault }) => fault))];
    const cell = (fault: string, id: string): string =>
      [...new Set(own.filter((item) => item.fault === fault && item.tool === id).map(wordOf))].join("; ") || "not run";
    return [
      `### ${titles[registry]}`,
      "",
      "| tool | trials | right at once | right with a re-run | false green | early green | false red | false red of the re-run | wrong `latest` | broken closure, s | different bytes |",
      "|---|---|---|---|---|---|---|---|---|---|---|",
      ...tools.map(({ id, label }) =>
        summaryRow(
          label,
          own.filter(({ tool }) => tool === id),
        ),
      ),
      "",
      `| fault | ${tools.map(({ label }) => label).join(" | ")} |`,
      `|---|${tools.map(() => "---|").join("")}`,
      ...faults.map((fault) => `| ${fault} | ${tools.map(({ id }) => cell(fault, id)).join(" | ")} |`),
      "",
    ];
  });
}
