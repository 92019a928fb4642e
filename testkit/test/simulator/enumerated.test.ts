/** Every schedule of two faults over three packages in a chain and one beside it, with one fresh machine. */
import { defaultLimits } from "@slipway/core";
import { expect, test } from "vitest";
import { exhaust } from "../../src/simulator/exhaust.ts";
import { npm } from "../../src/simulator/npm-profile.ts";
import { judgeHistory } from "../../src/simulator/oracle.ts";
import type { Profile } from "../../src/simulator/profile.ts";
import { releaseByChoice } from "../../src/simulator/scenario.ts";
import { type PackageShape, chainAndOne, makeSource, pair } from "../../src/simulator/workspaces.ts";

const isDeep = process.env["SLIPWAY_DEEP"] === "1";

interface Enumeration {
  readonly what: string;
  readonly profile?: Profile;
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

/** Versions are shown two minutes after they were taken, part by part; replicas lag and caches keep what they read. */
const scanned: Profile = {
  ...npm,
  visibility: () => ({
    documentMs: 110_000,
    packumentMs: 120_000,
    tagMs: 125_000,
    tarballMs: 130_000,
    isBlocked: false,
  }),
  race: { chance: 0, landsChance: 0 },
};

const throughScan = enumerate({
  what: "the same through npm's scan",
  profile: scanned,
  shapes: chainAndOne,
  budget: 1,
  parts: 1,
  schedulesMin: 700,
});

const deep = enumerate({ what: "two packages", shapes: pair, budget: 3, parts: 16, schedulesMin: 2_000 });

test.each(isDeep ? [...everyDay, ...throughScan, ...deep] : [...everyDay, ...throughScan])(
  "$what: every schedule of $budget faults ends well ($part of $parts)",
  { timeout: 3_600_000 },
  async ({ shapes, budget, part, parts, schedulesMin, profile }) => {
    const code = makeSource(shapes);
    const { schedules } = await exhaust(
      async (choose) => {
        const violations = judgeHistory(
          await releaseByChoice({
            limits: defaultLimits,
            code,
            choose,
            ...(profile === undefined ? {} : { profile }),
          }),
        );
        if (violations.length > 0)
          throw new Error(violations.map(({ rule, message }) => `${rule}: ${message}`).join("\n"));
      },
      { budget, parts, part },
    );
    expect(schedules).toBeGreaterThan(schedulesMin);
  },
);
