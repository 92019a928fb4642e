/** The tables of the faults: one row a tool and registry, and one a fault with each tool's outcome. Pure. */
import type { Verdict } from "./judge.ts";
import { faultTools } from "./tools.ts";

const titles = {
  verdaccio: "Real Verdaccio behind the fault proxy",
  npm: "The simulator's `npm` profile over HTTP",
} as const;

function isRight({ converges, wrongLatest }: Verdict): boolean {
  return converges && !wrongLatest;
}

function summaryRow(label: string, verdicts: readonly Verdict[]): string {
  const count = (holds: (verdict: Verdict) => boolean): number => verdicts.filter(holds).length;
  const broken = verdicts.reduce((sum, { brokenSeconds }) => sum + brokenSeconds, 0);
  const cells = [
    verdicts.length,
    count((verdict) => verdict.codes.length === 1 && isRight(verdict)),
    count(isRight),
    Math.max(...verdicts.map(({ codes }) => codes.length)),
    count(({ falseGreen }) => falseGreen),
    count(({ earlyGreen }) => earlyGreen),
    count(({ falseRed }) => falseRed),
    count(({ falseRedAgain }) => falseRedAgain),
    verdicts.reduce((sum, { sentAgain }) => sum + sentAgain, 0),
    count(({ wrongLatest }) => wrongLatest),
    broken.toFixed(0),
    count(({ differentBytes }) => differentBytes),
  ];
  return `| ${label} | ${cells.join(" | ")} |`;
}

/** Which run was the last one needed; empty where the first was. */
function endOf({ codes, converges }: Verdict): string {
  const runs = codes.length;
  if (converges) return runs === 1 ? "" : runs === 2 ? "re-run ends it" : `run ${runs} ends it`;
  return runs <= 2 ? "re-run does not end it" : `${runs} runs do not end it`;
}

/** A word for a trial: the worst that can be said of it, and how it ended. */
export function wordOf(verdict: Verdict): string {
  const { falseGreen, falseRed, falseRedAgain, earlyGreen, wrongLatest } = verdict;
  const worst = falseGreen
    ? "false green"
    : wrongLatest
      ? "`latest` moved back"
      : falseRed || falseRedAgain
        ? "false red"
        : earlyGreen
          ? "early green"
          : "";
  return [worst, endOf(verdict)].filter((part) => part !== "").join(", ") || "ok";
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
      "| tool | trials | right at once | right in the end | runs at most | false green | early green | false red | false red of a re-run | sent again | wrong `latest` | broken closure, s | different bytes |",
      "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
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
