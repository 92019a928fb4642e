/**
 * What `doctor` says of the programs that a release uses: the Node that runs it, git, and the workspace's package manager; which
 * versions were found, and which the workspace asks for. It runs them for their version and nothing else.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findVersionFault, isJsonObject, type Problem, problem, satisfies, type Workspace } from "@slipway/core";
import { readNpmConfig } from "./auth/npmrc.ts";
import type { VerbContext } from "./commands/verb.ts";
import { attempt, type Check, failed, passed } from "./doctor-check.ts";
import { runGit } from "./git.ts";
import { findTool, type ForeignManager, meetsPin } from "./package-managers/find-tool.ts";
import { runTool } from "./package-managers/run-tool.ts";

/** `git status --no-ahead-behind` came with it. */
const gitUnderstood = ">=2.17.0";
const versionTimeoutMs = 30_000;

export async function checkTools(workspace: Workspace, context: VerbContext): Promise<Check> {
  const wishes = readWishes(workspace.root);
  const [manager, git] = await Promise.all([lookAtManager(workspace, context, wishes), lookAtGit(workspace.root)]);
  const problems = [...findUnmetNode(wishes), ...manager.problems, ...git.problems];
  const about = [`Node ${process.versions.node}`, ...manager.found, ...git.found].join(", ");
  return problems.length > 0 ? failed("tools", about, problems) : passed("tools", about, "as the workspace asks");
}

interface Looked {
  /** `npm 12.0.0` */
  readonly found: readonly string[];
  readonly problems: readonly Problem[];
}

/** A range that package.json states for a tool, and where. */
interface Wish {
  readonly tool: string;
  readonly range: string;
  readonly from: string;
}

/** `engines` and `devEngines.runtime` of the root; what names the package manager is read with the workspace. */
function readWishes(root: string): readonly Wish[] {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8").replace(/^\uFEFF/, ""));
  if (!isJsonObject(manifest)) return [];
  const engines = isJsonObject(manifest["engines"]) ? Object.entries(manifest["engines"]) : [];
  const runtime = isJsonObject(manifest["devEngines"]) ? manifest["devEngines"]["runtime"] : undefined;
  const runtimes = (Array.isArray(runtime) ? runtime : [runtime]).filter(isJsonObject);
  return [
    ...engines.map(([tool, range]) => ({ tool, range, from: `engines.${tool} in package.json` })),
    // A list offers a choice, so only a single one is a demand.
    ...(runtimes.length === 1 ? runtimes : []).map((item) => ({
      tool: item["name"],
      range: item["version"],
      from: "devEngines.runtime in package.json",
    })),
  ].flatMap(({ tool, range, from }) =>
    typeof tool === "string" && typeof range === "string" ? [{ tool, range, from }] : [],
  );
}

function findUnmetNode(wishes: readonly Wish[]): readonly Problem[] {
  const { node } = process.versions;
  return wishes
    .filter(({ tool, range }) => tool === "node" && !satisfies(node, range))
    .map(({ range, from }) =>
      problem("SLIP_TOOL_VERSION", `${from} asks for ${range}, and ${node} runs this`, {
        hint: `run it with a Node that ${from.split(" ")[0]} allows, or correct the field`,
      }),
    );
}

function findUnmet(wishes: readonly Wish[], tool: string, version: string): readonly Problem[] {
  return wishes
    .filter((wish) => wish.tool === tool && !satisfies(version, wish.range))
    .map(({ range, from }) =>
      problem("SLIP_TOOL_VERSION", `${from} asks for ${range}, and ${tool} ${version} was found`, {
        hint: `install a ${tool} that ${from.split(" ")[0]} allows, or correct the field`,
      }),
    );
}

async function lookAtManager(
  { root, manager }: Workspace,
  { env, clock, signal }: VerbContext,
  wishes: readonly Wish[],
): Promise<Looked> {
  const secretNames = (await readNpmConfig({ cwd: root, env })).secretVariables;
  const surroundings = { env, secretNames, clock, signal, timeoutMs: versionTimeoutMs };
  const { name, version: pinned, from } = manager;
  if (name !== "npm") {
    const tool = await attempt(findTool(root, { ...manager, name: name satisfies ForeignManager }, surroundings));
    if ("problems" in tool) return { found: [], problems: tool.problems };
    const { version } = tool.value;
    return { found: [`${name} ${version}`], problems: findUnmet(wishes, name, version) };
  }
  const { end, firstLines } = await runTool({ ...surroundings, command: ["npm"], args: ["--version"], cwd: root });
  const version = firstLines.at(-1)?.trim();
  // Slipway packs npm's workspaces itself: an npm that is not there is missed by scripts alone, which say so themselves.
  if (end.kind !== "done" || version === undefined || findVersionFault(version) !== undefined)
    return { found: ["no npm on PATH"], problems: [] };
  const isMet = pinned === undefined || meetsPin(version, pinned);
  const mismatch = problem("SLIP_TOOL_VERSION", `${from} asks for npm ${pinned}, and ${version} was found (PATH)`, {
    hint: `\`npm install --global npm@${pinned}\`, or correct ${from}`,
  });
  return { found: [`npm ${version}`], problems: [...(isMet ? [] : [mismatch]), ...findUnmet(wishes, name, version)] };
}

async function lookAtGit(root: string): Promise<Looked> {
  const { stdout } = await runGit(root, ["--version"]);
  const version = /\d+\.\d+\.\d+/.exec(stdout.toString("utf8"))?.[0];
  if (version === undefined) return { found: ["a git that does not say its version"], problems: [] };
  const tooOld = problem("SLIP_TOOL_VERSION", `git ${version} is too old`, { hint: `install git ${gitUnderstood}` });
  return { found: [`git ${version}`], problems: satisfies(version, gitUnderstood) ? [] : [tooOld] };
}
