/** `slipway status`: workspace, registry, git tags and dist-tags beside each other. Writes nothing. */
import { gatherFacts } from "../plan-facts.ts";
import { openProject } from "../planning.ts";
import { startStage } from "../views/stage.ts";
import { formatStatus } from "../views/status-view.ts";
import { describePackage, type StatusData } from "../workspace-status.ts";
import type { Verb } from "./verb.ts";

export const status: Verb<StatusData> = {
  async command(_args, flags, context) {
    const { workspace, source, registries, registryOf, limits } = await openProject(flags, context);
    const stage = startStage({ ...context, verb: "Reading", what: "asking the registry" });
    try {
      const facts = await gatherFacts({
        workspace,
        source,
        registryOf: (item) => registries.get(registryOf(item)),
        selected: undefined,
        changed: undefined,
        clock: context.clock,
        limits,
        onReading: (item, _reading, total) => stage.advance(item.name, total),
      });
      const packages = workspace.packages.map((item) =>
        describePackage(item, item.isPrivate ? undefined : registryOf(item), facts),
      );
      return { commit: source.commit, isClean: source.isClean, packages };
    } finally {
      stage.end();
      registries.close();
    }
  },
  views: { human: (data, terminal) => formatStatus(data, terminal), json: (data) => data },
  exitCode: (data) => (data.packages.some((item) => item.state === "unknown") ? 3 : 0),
};
