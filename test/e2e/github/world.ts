/**
 * A repository on a fake GitHub, and runs of its workflows: each job a fresh folder with the token that its permissions give, each use of the action the bundled
 * one in a process of its own.
 */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { cleanEnvironment, startProcess, type TestWorkspace } from "@slipway/testkit";
import {
  type ArtifactStore,
  artifactRoutes,
  createArtifactStore,
  type StoredRun,
} from "@slipway/testkit/github/artifacts";
import { type JobService, startJobService } from "@slipway/testkit/github/job-service";
import { readTags } from "@slipway/testkit/github/bare-repository";
import { type FakeGithub, startFakeGithub } from "@slipway/testkit/github/server";
import { readWorkflowFile, type WorkflowFile, type WorkflowJob } from "@slipway/testkit/github/workflow-file";
import {
  type ActionCall,
  type ActionStart,
  type JobGrant,
  type RunOptions,
  runWorkflow,
  type WorkflowRun,
} from "@slipway/testkit/github/workflow-run";
import { parse } from "yaml";
import type { BundledAction } from "./bundle.ts";

export interface WorldOptions {
  readonly bundle: BundledAction;
  /** What is released; its HEAD is pushed as main. */
  readonly workspace: TestWorkspace;
  /** Text of .github/workflows/release.yml. */
  readonly workflow: string;
  /** Of the environment `npm`. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Dates identity tokens; default this machine's clock. */
  readonly now?: () => number;
  /** Script that stands in for an installation, run where the workflow says `npm ci` or `npm install`. */
  readonly install?: string;
  /** Further variables of every step. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunRequest {
  /** An earlier attempt of the same run: its failed jobs are run again. */
  readonly rerun?: { readonly of: StoredRun; readonly earlier: WorkflowRun; readonly all?: boolean };
  readonly event?: string;
  readonly signal?: AbortSignal;
  readonly graceMs?: RunOptions["graceMs"];
  readonly onProcess?: RunOptions["onProcess"];
  /** Runs the action of this job under strace, which writes here. */
  readonly trace?: { readonly job: string; readonly file: string };
  readonly env?: Readonly<Record<string, string>>;
  /** Further fields of the event's payload. */
  readonly payload?: object;
  /** As for the pull request of a fork: no token may write, and there are no secrets. */
  readonly isFork?: boolean;
}

export interface FinishedRun {
  readonly run: StoredRun;
  readonly result: WorkflowRun;
}

export interface GithubWorld {
  readonly repository: string;
  readonly sha: string;
  readonly github: FakeGithub;
  readonly service: JobService;
  readonly store: ArtifactStore;
  readonly file: WorkflowFile;
  /** Folder of everything that runs leave. */
  readonly dir: string;
  /** Secrets of all jobs so far. */
  readonly secrets: readonly string[];
  run(request?: RunRequest): Promise<FinishedRun>;
  /** Tags of the repository with the commit each leads to. */
  tags(): Readonly<Record<string, string>>;
  close(): Promise<void>;
}

const repository = "acme/shop";
const workflowPath = ".github/workflows/release.yml";

export async function createGithubWorld(options: WorldOptions): Promise<GithubWorld> {
  const { workspace } = options;
  const dir = await mkdtemp(join(tmpdir(), "slipway-github-"));
  const gitDir = join(dir, "shop.git");
  await workspace.git("init", "-q", "--bare", "-b", "main", gitDir);
  await workspace.git("push", "-q", gitDir, "HEAD:refs/heads/main");
  const sha = (await workspace.git("rev-parse", "HEAD")).trim();
  const store = createArtifactStore();
  const service = await startJobService(store, options.now);
  const github = await startFakeGithub({ repository, gitDir, routes: artifactRoutes(store, () => service.url) });
  const file = await readWorkflowFile(workflowPath, options.workflow);
  const defaults = await readDefaults(options.bundle);
  const path = await makePath(dir, options.install);
  const secrets: string[] = [];
  let runs = 0;
  let jobToken = "";

  async function run(request: RunRequest = {}): Promise<FinishedRun> {
    const event = request.event ?? "push";
    const own =
      request.rerun?.of ??
      store.addRun({ id: 7_000 + (runs += 1), headSha: sha, path: workflowPath, event, headRepository: repository });
    const attempt = (request.rerun?.earlier.attempt ?? 0) + 1;
    const openJob = async (job: WorkflowJob): Promise<JobGrant> => {
      const asked = Object.entries(job.permissions ?? { contents: "read" });
      const isFork = request.isFork === true;
      const token = github.issueToken(
        Object.fromEntries(asked.map(([scope, level]) => [scope, isFork ? "read" : level])),
      );
      const identity = {
        repository,
        workflow: "release.yml",
        ref: "refs/heads/main",
        sha,
        eventName: event,
        runId: own.id,
        runAttempt: attempt,
        environment: job.environment,
      };
      const served = service.openJob(own.backendId, job.permissions?.["id-token"] === "write" ? identity : undefined);
      secrets.push(token, ...served.secrets);
      // Jobs run one after the other, and what an action gets by default is the token of its own.
      jobToken = token;
      return {
        token,
        env: served.env,
        secrets: job.environment === "npm" && !isFork ? (options.secrets ?? {}) : {},
        async close() {
          github.revokeToken(token);
          served.close();
        },
      };
    };
    const result = await runWorkflow(file, {
      dir: join(dir, `run-${own.id}-${attempt}`),
      github: {
        repository,
        sha,
        ref: "refs/heads/main",
        event_name: event,
        run_id: own.id,
        run_attempt: attempt,
        // On a host of this name the toolkit's client for artifacts takes the server for GitHub itself; nothing but git asks it.
        server_url: github.url.replace("127.0.0.1", "github.localhost"),
        api_url: github.apiUrl,
        workflow_ref: `${repository}/${workflowPath}@refs/heads/main`,
      },
      event: { compare: `${github.url}/${repository}/compare/a...b`, ...request.payload },
      env: { PATH: path, ...options.env, ...request.env },
      actions: {
        "actions/checkout": checkout,
        "actions/setup-node": async () => undefined,
        "slipway-release/slipway": startPart(options.bundle.main, () => defaults(jobToken), request.trace),
      },
      posts: { "slipway-release/slipway": startPart(options.bundle.post, () => defaults(jobToken), undefined) },
      openJob,
      ...(request.rerun === undefined
        ? {}
        : { earlier: request.rerun.all === true ? emptied(request.rerun.earlier) : request.rerun.earlier }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
      ...(request.graceMs === undefined ? {} : { graceMs: request.graceMs }),
      ...(request.onProcess === undefined ? {} : { onProcess: request.onProcess }),
    });
    return { run: own, result };
  }

  return {
    repository,
    sha,
    github,
    service,
    store,
    file,
    dir,
    secrets,
    run,
    tags: () => readTags(gitDir),
    async close() {
      await github.close();
      await service.close();
      await rm(dir, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** "Re-run all jobs": nothing is taken over but the number of the attempt. */
function emptied(run: WorkflowRun): WorkflowRun {
  return { attempt: run.attempt, jobs: new Map() };
}

/** Values of action.yml's defaults; the only expression in them is the job's token. */
async function readDefaults({ dir }: BundledAction): Promise<(token: string) => Readonly<Record<string, string>>> {
  const { inputs }: { readonly inputs: Readonly<Record<string, { readonly default?: string }>> } = parse(
    await readFile(join(dir, "action.yml"), "utf8"),
  );
  return (token) =>
    Object.fromEntries(
      Object.entries(inputs).flatMap(([name, { default: value }]) =>
        value === undefined ? [] : [[name, value.replace("${{ github.token }}", token)] as const],
      ),
    );
}

function startPart(
  script: string,
  defaults: () => Readonly<Record<string, string>>,
  trace: RunRequest["trace"],
): ActionStart {
  return async ({ env, cwd, inputs }: ActionCall) => {
    const given = Object.fromEntries(
      Object.entries(defaults())
        .filter(([name]) => inputs[name] === undefined)
        .map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
    );
    const node = [process.execPath, script] as const;
    const isTraced = trace !== undefined && env["GITHUB_JOB"] === trace.job;
    const [command = "", ...args] = isTraced
      ? ["strace", "-f", "-e", "trace=execve,openat", "-o", trace.file, ...node]
      : node;
    return startProcess(command, args, { cwd, env: { ...env, ...given }, timeoutMs: 300_000 });
  };
}

const checkout: ActionStart = async ({ inputs, env, cwd }) => {
  const depth = inputs["fetch-depth"] ?? "1";
  const url = `${env["GITHUB_SERVER_URL"]}/${env["GITHUB_REPOSITORY"]}`;
  const script = [
    "git init -q -b main .",
    `git remote add origin ${url}`,
    `git fetch -q --no-tags ${depth === "0" ? "--prune" : `--depth=${depth}`} origin +refs/heads/main:refs/remotes/origin/main`,
    ...(depth === "0" ? ["git fetch -q origin '+refs/tags/*:refs/tags/*'"] : []),
    "git checkout -q --detach refs/remotes/origin/main",
  ].join("\n");
  return startProcess("bash", ["-e", "-c", script], { cwd, env });
};

/** PATH with the Node of this process, and an npm that installs as the caller says. */
async function makePath(dir: string, install: string | undefined): Promise<string> {
  const bin = join(dir, "bin");
  await mkdir(bin);
  const path = [bin, dirname(process.execPath), cleanEnvironment()["PATH"]].join(delimiter);
  if (install === undefined) return path;
  const npm = join(bin, "npm");
  const rest = [dirname(process.execPath), cleanEnvironment()["PATH"]].join(delimiter);
  await writeFile(
    npm,
    `#!/bin/sh\ncase "$1" in ci|install) exec ${JSON.stringify(process.execPath)} --conditions=slipway-source ${JSON.stringify(install)} ;; esac\nPATH=${JSON.stringify(rest)} exec npm "$@"\n`,
  );
  await chmod(npm, 0o755);
  return path;
}
