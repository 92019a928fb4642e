/** `slipway plan`: decides what has to be released and writes the plan. Uploads nothing, runs no script. */
import { dirname, join, relative, resolve } from "node:path";
import { mkdir } from "node:fs/promises";
import { fail, type Plan } from "@slipway/core";
import { makePlan } from "../planning.ts";
import { digestPlan, isReportedComplete, openReleaseFolder, writePlan, writePlanFile } from "../release-folder.ts";
import type { GraphForm, GraphView } from "../views/graph-view.ts";
import { formatPlan } from "../views/plan-view.ts";
import { formatRow, type Row } from "../views/rows.ts";
import { type Flags, textFlag, type Verb } from "./verb.ts";

export interface PlanData {
  readonly plan: Plan;
  readonly digest: string;
  /** Undefined where the release is finished and its own plan was left in place. */
  readonly path: string | undefined;
  /** The folder that the command was run in. */
  readonly cwd: string;
  /** With `--graph`. */
  readonly graph: GraphView | undefined;
}

/** Throws SLIP_USAGE for a form that there is none of. */
async function makeGraphView(flags: Flags): Promise<((plan: Plan) => GraphView) | undefined> {
  const asked = flags["graph"];
  if (asked === undefined || asked === false) return undefined;
  const { graphForms, viewGraph } = await import("../views/graph-view.ts");
  const form: GraphForm | undefined = asked === true ? "text" : graphForms.find((item) => item === asked);
  if (form === undefined)
    return fail("SLIP_USAGE", `--graph ${JSON.stringify(asked)} is not one of ${graphForms.join(", ")}`);
  return (plan) => viewGraph(plan, form);
}

export const plan: Verb<PlanData> = {
  async command(_args, flags, context) {
    const { cwd } = context;
    const viewGraph = await makeGraphView(flags);
    const planning = await makePlan(flags, context);
    const graph = viewGraph?.(planning.plan);
    planning.project.registries.close();
    const out = textFlag(flags, "out");
    if (out !== undefined) {
      const path = resolve(context.cwd, out);
      await mkdir(dirname(path), { recursive: true });
      return { plan: planning.plan, digest: await writePlanFile(path, planning.plan), path, cwd, graph };
    }
    const folder = await openReleaseFolder(planning.dir);
    try {
      // Nothing is left of a finished release: a plan that says so would take the place of what was published.
      if (planning.plan.steps.length === 0 && (await isReportedComplete(folder.dir)))
        return { plan: planning.plan, digest: digestPlan(planning.plan), path: undefined, cwd, graph };
      return {
        plan: planning.plan,
        digest: await writePlan(folder.dir, planning.plan),
        path: join(folder.dir, "plan.json"),
        cwd,
        graph,
      };
    } finally {
      await folder.close();
    }
  },
  views: {
    human: (data, terminal) =>
      data.graph === undefined
        ? [formatPlan(data.plan, terminal), formatRow(writtenRow(data), terminal, 0)].join("\n")
        : data.graph.text(terminal),
    json: ({ digest, path, plan, graph }) => ({
      digest,
      path,
      plan,
      ...(graph === undefined ? {} : { graph: graph.json }),
    }),
  },
  exitCode: () => 0,
};

function writtenRow({ path, cwd }: PlanData): Row {
  if (path === undefined)
    return { tone: "quiet", verb: "Not written", what: "this release is finished, and its plan stays" };
  const near = relative(cwd, path);
  return { tone: "quiet", verb: "Written", what: near.startsWith("..") ? path : near };
}
