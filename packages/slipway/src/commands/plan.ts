/** `slipway plan`: decides what has to be released, writes the plan, and can say it on a pull request. Uploads nothing, runs no script. */
import { dirname, join, relative, resolve } from "node:path";
import { mkdir } from "node:fs/promises";
import { fail, type Plan, type Problem, ProblemsError } from "@slipway/core";
import type { Commenting } from "../commenting.ts";
import { makePlan } from "../planning.ts";
import {
  digestPlan,
  isReportedComplete,
  openReleaseFolder,
  readPlan,
  writePlan,
  writePlanFile,
} from "../release-folder.ts";
import { commentRow } from "../views/comment-row.ts";
import type { GraphForm, GraphView } from "../views/graph-view.ts";
import { formatPlan } from "../views/plan-view.ts";
import { formatRow, type Row } from "../views/rows.ts";
import { changesetsFlag, markFlags, planFlags } from "./flags.ts";
import { refuseIdleFlags } from "./idle-flags.ts";
import { type Flags, isFlagSet, textFlag, type Verb, type VerbContext } from "./verb.ts";

export interface PlanData {
  readonly plan: Plan;
  readonly digest: string;
  /** Undefined where the release is finished and its own plan was left in place. */
  readonly path: string | undefined;
  /** The folder that the command was run in. */
  readonly cwd: string;
  /** With `--graph`. */
  readonly graph: GraphView | undefined;
  /** With `--comment`. */
  readonly commenting?: Commenting;
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

const decidedBefore = [changesetsFlag, ...planFlags, ...markFlags, { flags: "--out", text: "" }];

export const plan: Verb<PlanData> = {
  async command([given], flags, context) {
    refuseIdleFlags(given, flags, decidedBefore);
    const viewGraph = await makeGraphView(flags);
    const dryRun = isFlagSet(flags, "dryRun");
    const isCommenting = isFlagSet(flags, "comment");
    if (dryRun && !isCommenting) fail("SLIP_USAGE", "--dry-run of a plan is about its comment: use it with --comment");
    const comment = async (made: Plan | undefined, problems: readonly Problem[]): Promise<Commenting | undefined> => {
      if (!isCommenting) return undefined;
      const { commentPlan } = await import("../commenting.ts");
      return commentPlan({ ...context, plan: made, problems, dryRun });
    };
    try {
      const written = given === undefined ? await makeAndWrite(flags, context) : await readGiven(given, flags, context);
      const commenting = await comment(written.plan, []);
      const { cwd } = context;
      return { ...written, cwd, graph: viewGraph?.(written.plan), ...(commenting === undefined ? {} : { commenting }) };
    } catch (error) {
      // Of a plan that is handed in, problems are about the file: they are no news for the pull request.
      if (given === undefined && error instanceof PlanningError) {
        const { problems } = error.cause;
        await comment(undefined, problems).catch((other: unknown) => {
          throw other instanceof ProblemsError ? new ProblemsError([...problems, ...other.problems]) : other;
        });
        throw error.cause;
      }
      throw error;
    }
  },
  views: {
    human(data, terminal) {
      if (data.commenting?.dryRun === true) {
        const { what, note } = commentRow(data.commenting);
        terminal.line("busy", "Would say", what, note);
        return data.commenting.markdown;
      }
      if (data.graph !== undefined) return data.graph.text(terminal);
      const rows = [writtenRow(data), ...(data.commenting === undefined ? [] : [commentRow(data.commenting)])];
      return [formatPlan(data.plan, terminal), ...rows.map((row) => formatRow(row, terminal, 0))].join("\n");
    },
    json: ({ digest, path, plan, graph, commenting }) => ({
      digest,
      path,
      plan,
      ...(graph === undefined ? {} : { graph: graph.json }),
      ...(commenting === undefined ? {} : { comment: commenting }),
    }),
  },
  exitCode: () => 0,
};

type Written = Pick<PlanData, "plan" | "digest" | "path">;

/** What keeps a plan from being made is told on the pull request, too; what keeps it from being written is not. */
class PlanningError extends Error {
  declare readonly cause: ProblemsError;
}

async function makeAndWrite(flags: Flags, context: VerbContext): Promise<Written> {
  const planning = await makePlan(flags, context).catch((error: unknown) => {
    throw error instanceof ProblemsError ? new PlanningError("no plan", { cause: error }) : error;
  });
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
    const digest = await writePlan(folder.dir, planning.plan);
    return { plan: planning.plan, digest, path: join(folder.dir, "plan.json") };
  } finally {
    await folder.close();
  }
}

/** A plan that was made elsewhere, perhaps by a stranger's code: nothing is read but the file. */
async function readGiven(given: string, flags: Flags, context: VerbContext): Promise<Written> {
  const path = resolve(context.cwd, given);
  const file = path.endsWith(".json") ? path : join(path, "plan.json");
  return { ...(await readPlan(file, textFlag(flags, "planDigest"))), path: file };
}

function writtenRow({ path, cwd }: PlanData): Row {
  if (path === undefined)
    return { tone: "quiet", verb: "Not written", what: "this release is finished, and its plan stays" };
  const near = relative(cwd, path);
  return { tone: "quiet", verb: "Written", what: near.startsWith("..") ? path : near };
}
