/** Every schedule of two faults over three packages in a chain and one beside it, with one fresh machine. */
import { defaultLimits } from "@slipway/core";
import { expect, test } from "vitest";
import { exhaust } from "../../src/simulator/exhaust.ts";
import { judgeHistory } from "../../src/simulator/oracle.ts";
import { releaseByChoice } from "../../src/simulator/scenario.ts";
import { type PackageShape, chainAndOne, makeSource, pair } from "../../src/simulator/workspaces.ts";

const isDeep = process.env["SLIPWAY_DEEP"] === "1";

interface Enumeration {
  readonly what: string;
  readonly shapes: readonly PackageShape[];
  readonly budget: number;
  readonly part: number;
  readonly parts: number;
  /** Fewer would mean that faults went missing. */
  readonly schedulesMin: number;
}

function enumerate(row: Omit<Enumeration, "part">): readonly Enumeration[] {
  return Array.from({ length: row.parts }, (_, part) => ({ ...row, part }));
}

const everyDay = enumerate({
  what: "three in a chain and one beside it",
  shapes: chainAndOne,
  budget: 2,
  parts: 8,
  schedulesMin: 1_000,
});

const deep = enumerate({ what: "two packages", shapes: pair, budget: 3, parts: 16, schedulesMin: 2_000 });

test.each(isDeep ? [...everyDay, ...deep] : everyDay)(
  "$what: every schedule of $budget faults ends well ($part of $parts)",
  { timeout: 3_600_000 },
  async ({ shapes, budget, part, parts, schedulesMin }) => {
    const code = makeSource(shapes);
    const { schedules } = await exhaust(
      async (choose) => {
        const violations = judgeHistory(await releaseByChoice({ limits: defaultLimits, code, choose }));
        if (violations.length > 0)
          throw new Error(violations.map(({ rule, message }) => `${rule}: ${message}`).join("\n"));
      },
      { budget, parts, part },
    );
    expect(schedules).toBeGreaterThan(schedulesMin);
  },
);
