/** `slipway plan`: decides what has to be released and writes the plan. Uploads nothing, runs no script. */
import { dirname, join, resolve } from "node:path";
import { mkdir } from "node:fs/promises";
import type { Plan } from "@slipway/core";
import { makePlan } from "../planning.ts";
import { digestPlan, isReportedComplete, openReleaseFolder, writePlan, writePlanFile } from "../release-folder.ts";
import { formatPlan } from "../views/plan-view.ts";
import { textFlag, type Verb } from "./verb.ts";

export interface PlanData {
  readonly plan: Plan;
  readonly digest: string;
  /** Undefined where the release is finished and its own plan was left in place. */
  readonly path: string | undefined;
}

export const plan: Verb<PlanData> = {
  async command(_args, flags, context) {
    const planning = await makePlan(flags, context);
    planning.project.registries.close();
    const out = textFlag(flags, "out");
    if (out !== undefined) {
      const path = resolve(context.cwd, out);
      await mkdir(dirname(path), { recursive: true });
      return { plan: planning.plan, digest: await writePlanFile(path, planning.plan), path };
    }
    const folder = await openReleaseFolder(planning.dir);
    try {
      // Nothing is left of a finished release: a plan that says so would take the place of what was published.
      if (planning.plan.steps.length === 0 && (await isReportedComplete(folder.dir)))
        return { plan: planning.plan, digest: digestPlan(planning.plan), path: undefined };
      return {
        plan: planning.plan,
        digest: await writePlan(folder.dir, planning.plan),
        path: join(folder.dir, "plan.json"),
      };
    } finally {
      await folder.close();
    }
  },
  views: {
    human: (data, terminal) =>
      `${formatPlan(data.plan, terminal)}\n${terminal.paint("quiet", `${"".padStart(12)}  ${data.path ?? "not written: this release is finished, and its plan stays"}`)}`,
    json: (data) => ({ digest: data.digest, path: data.path, plan: data.plan }),
  },
  exitCode: () => 0,
};
