/**
 * Looks at everything that a release needs before anything is built or sent, and says all that is wrong at once. It reads
 * the workspace, git and the registries and writes nothing; what it finds is data.
 */
import { readFileSync } from "node:fs";
import { access, constants, statfs } from "node:fs/promises";
import { join } from "node:path";
import { exitCodeOf, isJsonObject, isPublishStep, type Plan, problem } from "@slipway/core";
import type { Flags, VerbContext } from "./commands/verb.ts";
import { attempt, type Check, failed, passed, warned } from "./doctor-check.ts";
import { judgeCredentials } from "./doctor-credentials.ts";
import { checkTools } from "./doctor-tools.ts";
import { checkNumbers, checkStaged } from "./doctor-versions.ts";
import { normaliseRemote } from "./git.ts";
import { makePlan, openProject, type Planning, type Project } from "./planning.ts";
import type { RegistryProbe } from "./registry/probe.ts";
import { count, formatSize } from "./views/quantities.ts";
import type { Finding } from "./workflow-lint/rule.ts";
import { examineWorkflows, type WorkflowExamination } from "./workflow-lint/workflow-check.ts";

export interface Examination {
  readonly checks: readonly Check[];
  readonly registries: readonly RegistryProbe[];
  /** What the workflows of the repository do that endangers a release, by file and line. */
  readonly workflows: readonly Finding[];
  readonly exitCode: 0 | 1 | 2 | 3;
}

/** Clocks further apart than this make tokens look expired or not yet valid. */
const skewMaxMs = 120_000;
const freeMinBytes = 500 * 1024 * 1024;

export async function examine(flags: Flags, context: VerbContext): Promise<Examination> {
  const opened = await attempt(openProject(flags, context));
  if ("problems" in opened) return conclude([failed("workspace", context.cwd, opened.problems)], []);
  const project = opened.value;
  let planned: Awaited<ReturnType<typeof attempt<Planning>>> | undefined;
  try {
    planned = await attempt(makePlan(flags, context));
    const planning = "value" in planned ? planned.value : undefined;
    const urls = [
      ...new Set(project.workspace.packages.flatMap((item) => (item.isPrivate ? [] : [project.registryOf(item)]))),
    ];
    const probes = await Promise.all(urls.map((url) => project.registries.probe(url, findSample(planning?.plan, url))));
    const workflows = await examineWorkflows(project.workspace.root, project.workspace.packages, urls);
    return conclude(
      [
        checkWorkspace(project),
        checkSource(project),
        await checkTools(project.workspace, context),
        "value" in planned ? checkPlan(planned.value.plan) : failed("plan", "the release", planned.problems),
        ...probes.flatMap((probe) => checkRegistry(probe)),
        ...(await checkCredentials(project, planning, probes, context)),
        ...(planning === undefined
          ? []
          : await checkVersions(
              project,
              planning,
              urls.filter((_url, index) => probes[index]?.isReachable),
            )),
        checkWorkflows(workflows),
        await checkDisk(project.workspace.root),
      ],
      probes,
      workflows?.findings,
    );
  } finally {
    project.registries.close();
    if (planned !== undefined && "value" in planned) planned.value.project.registries.close();
  }
}

function conclude(
  checks: readonly Check[],
  registries: readonly RegistryProbe[],
  workflows: readonly Finding[] = [],
): Examination {
  const codes = new Set(checks.flatMap((check) => check.problems.map((item) => exitCodeOf(item.code))));
  const exitCode = ([2, 1, 3] as const).find((code) => codes.has(code)) ?? 0;
  return { checks, registries, workflows, exitCode };
}

/** A version that a registry shows, so that it can be asked about. */
function findSample(
  plan: Plan | undefined,
  url: string,
): { readonly name: string; readonly version: string } | undefined {
  return plan?.kept.find((item) => item.registry === url && item.integrity !== undefined);
}

function checkWorkspace({ workspace }: Project): Check {
  const publishable = workspace.packages.filter((item) => !item.isPrivate).length;
  const note = `${count(workspace.packages.length, "package")}, ${publishable} publishable, ${workspace.manager.name}`;
  return passed("workspace", workspace.root, note);
}

function checkSource({ source }: Project): Check {
  const { commit, isClean, repository } = source;
  if (commit === undefined)
    return warned("source", "git", "no commit", [
      "versions carry no gitHead: an interrupted release cannot be finished on another machine",
    ]);
  const about = `commit ${commit.slice(0, 12)}`;
  if (!isClean)
    return warned("source", about, "the work tree has changes that are not committed", [
      "versions carry no gitHead: an interrupted release cannot be finished on another machine",
    ]);
  return passed("source", about, repository ?? "no remote called origin");
}

function checkPlan(plan: Plan): Check {
  const uploads = plan.steps.filter((step) => isPublishStep(step) && step.from === undefined).length;
  const note = `${count(uploads, "version")} to publish, ${plan.kept.length} kept`;
  return plan.warnings.length === 0
    ? passed("plan", "the release", note)
    : warned("plan", "the release", note, plan.warnings);
}

function checkRegistry(probe: RegistryProbe): readonly Check[] {
  const { url, isReachable, reason = "no answer", clockSkewMs } = probe;
  if (!isReachable)
    return [
      failed("registry", url, [problem("SLIP_REGISTRY_UNREACHABLE", `${url} cannot be reached: ${reason}`, { url })]),
    ];
  const able = probe.capabilities.filter((item) => item.state === "yes").length;
  const registry = passed("registry", url, `answers, ${able} of ${probe.capabilities.length} capabilities`);
  if (clockSkewMs === undefined) return [registry];
  const seconds = Math.abs(clockSkewMs) / 1000;
  const apart = `${seconds} s ${clockSkewMs < 0 ? "behind" : "ahead of"} this machine's`;
  return [
    registry,
    Math.abs(clockSkewMs) > skewMaxMs
      ? warned("clock", url, `its clock is ${apart}`, [
          "tokens can look expired or not yet valid: set this machine's clock",
        ])
      : passed("clock", url, clockSkewMs === 0 ? "agrees with this machine's" : `its clock is ${apart}`),
  ];
}

async function checkCredentials(
  project: Project,
  planning: Planning | undefined,
  probes: readonly RegistryProbe[],
  context: VerbContext,
): Promise<readonly Check[]> {
  const checks: Check[] = [];
  // Without a plan it is still worth knowing whether anything could be written at all.
  const publishable = project.workspace.packages.filter((item) => !item.isPrivate);
  const writes =
    planning?.plan.steps ?? publishable.map((item) => ({ registry: project.registryOf(item), name: item.name }));
  for (const probe of probes) {
    const here = writes.filter((item) => new URL(item.registry).href === probe.url);
    const prepared = await attempt(project.registries.prepareWrites(here));
    if ("problems" in prepared) checks.push(failed("credentials", probe.url, prepared.problems));
    else if (probe.isReachable)
      checks.push(
        judgeCredentials({
          probe,
          source: project.registries.describeCredentials(probe.url),
          // A token that nobody knows is asked about in vain.
          reading: probe.isAnonymous ? undefined : await project.registries.readToken(probe.url),
          warnings: prepared.value,
          limits: project.limits,
          now: context.clock.now(),
        }),
      );
  }
  return checks;
}

/** `urls` are the registries that can be reached. */
async function checkVersions(
  { workspace, source, registries }: Project,
  planning: Planning,
  urls: readonly string[],
): Promise<readonly Check[]> {
  const { plan } = planning;
  const staged = urls.map(async (url) => checkStaged(plan, url, await registries.readStaged(url)));
  return [checkNumbers(planning), ...(await Promise.all(staged)), checkRepository({ workspace, source }, plan)];
}

/** A `repository` field that is not this repository: packages with provenance are refused for it (422). */
function checkRepository({ workspace, source }: Pick<Project, "workspace" | "source">, plan: Plan): Check {
  if (source.repository === undefined) return passed("repository", "repository fields", "no remote to compare with");
  const wrong = plan.packages.flatMap(({ name, dir }) => {
    const declared = readRepository(join(workspace.root, dir, "package.json"));
    if (declared === undefined) return [`${name} has no \`repository\` in ${dir}/package.json`];
    return isSameRepository(declared, source.repository ?? "")
      ? []
      : [`${name}: ${declared} is not ${source.repository}`];
  });
  if (wrong.length === 0) return passed("repository", "repository fields", "name this repository");
  return warned(
    "repository",
    "repository fields",
    `${count(wrong.length, "package")} would be refused with provenance`,
    wrong,
  );
}

function readRepository(path: string): string | undefined {
  const manifest: unknown = JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, ""));
  const field = isJsonObject(manifest) ? manifest["repository"] : undefined;
  const url = isJsonObject(field) ? field["url"] : field;
  return typeof url === "string" && url !== "" ? url : undefined;
}

/** `github:a/b`, `a/b` and `git+https://github.com/a/b.git` are one repository. */
function isSameRepository(declared: string, repository: string): boolean {
  const shorthand = /^(?:(github|gitlab|bitbucket):)?([\w.-]+\/[\w.-]+)$/.exec(declared);
  const hosts = { github: "github.com", gitlab: "gitlab.com", bitbucket: "bitbucket.org" } as const;
  const host = hosts[(shorthand?.[1] ?? "github") as keyof typeof hosts];
  const url = shorthand === null ? declared.replace(/^git\+/, "") : `https://${host}/${shorthand[2]}`;
  return normaliseRemote(url).toLowerCase() === normaliseRemote(repository).toLowerCase();
}

function checkWorkflows(found: WorkflowExamination | undefined): Check {
  if (found === undefined) return passed("workflows", "of the repository", "none");
  const { about, problems, details, note } = found;
  if (problems.length > 0) return { ...failed("workflows", about, problems), note, details };
  return details.length > 0 ? warned("workflows", about, note, details) : passed("workflows", about, note);
}

async function checkDisk(root: string): Promise<Check> {
  try {
    await access(root, constants.W_OK);
  } catch (cause) {
    return failed("disk", root, [
      problem("SLIP_DISK", `${root} cannot be written to, so no release folder can be made`, { cause }),
    ]);
  }
  const { bavail, bsize } = await statfs(root);
  const free = bavail * bsize;
  const note = `${formatSize(free)} free`;
  return free < freeMinBytes
    ? warned("disk", root, note, ["a release folder holds every tarball of the release"])
    : passed("disk", root, note);
}
