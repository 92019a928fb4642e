/** Packing with a terminal: the order of builds, the environment of scripts, and a line for each package. */
import { buildOrder, ProblemsError, type Plan, type Spec, type Tarball, type Workspace } from "@slipway/core";
import { readNpmConfig } from "./auth/npmrc.ts";
import type { VerbContext } from "./commands/verb.ts";
import type { EarlyPacking } from "./early-packing.ts";
import { type PackedRelease, packRelease } from "./release-packer.ts";
import { warnOfSize } from "./size-limit.ts";
import { briefFrom, startStage } from "./views/stage.ts";
import { count, formatSize, shortIntegrity } from "./views/quantities.ts";
import type { Painter } from "./views/terminal.ts";

export interface PackInto {
  readonly plan: Plan;
  readonly workspace: Workspace;
  /** Undefined keeps the tarballs in memory. */
  readonly dir: string | undefined;
  readonly written: ReadonlyMap<Spec, string>;
  readonly context: VerbContext;
  /** What was packed while the plan was made. */
  readonly early?: EarlyPacking | undefined;
}

export async function packInto({ plan, workspace, dir, written, context, early }: PackInto): Promise<PackedRelease> {
  const order = buildOrder(workspace.packages);
  if (order.problems.length > 0) throw new ProblemsError(order.problems);
  const { terminal } = context;
  const isBrief = terminal.isLive && plan.packages.length > briefFrom;
  const stage = startStage({ ...context, verb: "Packing", total: plan.packages.length, what: "listing files" });
  const packed = await packRelease({
    plan,
    workspace,
    dir,
    written,
    order: order.names,
    takeEarly: (packageDir) => early?.take(packageDir),
    env: context.env,
    readSecretNames: async () => (await readNpmConfig({ cwd: workspace.root, env: context.env })).secretVariables,
    clock: context.clock,
    signal: context.signal,
    onPacked: (tarball, isReused) => {
      stage.advance(tarball.spec);
      if (!isBrief || isReused)
        terminal.line(
          "good",
          isReused ? "Reused" : "Packed",
          tarball.spec,
          describeTarball(tarball, isReused, terminal),
        );
      const warning = warnOfSize(tarball.sizeBytes);
      if (warning !== undefined) terminal.line("warn", "Large", tarball.spec, warning);
    },
    onOutput: (line) => terminal.talk(`${"".padStart(12)}  ${line}`),
    onScript: (spec, name) => terminal.line("busy", "Running", spec, name),
    onTool: (packages, tool) => terminal.line("busy", "Packing", count(packages, "package"), `with ${tool}`),
  }).finally(stage.end);
  for (const warning of packed.warnings) terminal.line("warn", "Warning", warning);
  return packed;
}

/** A terminal that is narrower has no room for the beginning of a hash that hardly anybody reads. */
const columnsForHash = 90;

function describeTarball(tarball: Tarball, isReused: boolean, { columns }: Painter): string {
  const size = `${count(tarball.fileCount, "file")}, ${formatSize(tarball.sizeBytes)}`;
  const hash = columns !== undefined && columns < columnsForHash ? "" : `  ${shortIntegrity(tarball.integrity)}`;
  return `${size}${hash}${isReused ? ", as sent before" : ""}`;
}
