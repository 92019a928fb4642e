/**
 * `slipway demo`: releases an example workspace to a registry on this machine, installs it, releases it again, bumps two
 * packages and releases those. It runs the real verbs; it must not know anything they do not.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fail, formatSpec, type Report } from "@slipway/core";
import { type DemoRegistry, startDemoRegistry } from "../demo/registry.ts";
import { bumpPackages, createDemoWorkspace, installAndImport, installedVersion } from "../demo/workspace.ts";
import { readWorkspace } from "../workspace-reader.ts";
import { count, formatDuration } from "../views/quantities.ts";
import { formatReport } from "../views/report-view.ts";
import { formatAside, formatRow } from "../views/rows.ts";
import { startStage } from "../views/stage.ts";
import { wrapTo } from "../views/text-width.ts";
import { formatVerifications } from "../views/verify-view.ts";
import { publish } from "./publish.ts";
import { verify } from "./verify.ts";
import { isFlagSet, type Verb, type VerbContext } from "./verb.ts";

export interface DemoData {
  readonly published: number;
  readonly bumped: readonly string[];
  readonly durationMs: number;
  /** Left in place with `--keep`. */
  readonly dir: string | undefined;
}

interface Stage {
  readonly context: VerbContext;
  readonly registry: DemoRegistry;
  readonly root: string;
  readonly dir: string;
  readonly names: readonly string[];
}

export const demo: Verb<DemoData> = {
  async command(_args, flags, context) {
    const startedAt = context.clock.now();
    const dir = await mkdtemp(join(tmpdir(), "slipway-demo-"));
    const isKept = isFlagSet(flags, "keep");
    let registry: DemoRegistry | undefined;
    try {
      registry = await startDemoRegistry(dir);
      const stage = await prepare(dir, registry, context);
      const published = await releaseAll(stage);
      await releaseAgain(stage);
      const bumped = await releaseTwo(stage);
      return { published, bumped, durationMs: context.clock.now() - startedAt, dir: isKept ? dir : undefined };
    } catch (cause) {
      if (!context.signal.aborted) throw cause;
      // Ctrl-C reaches npm too: whatever failed then is no fault of the demonstration.
      return fail("SLIP_INTERRUPTED", "the demonstration was interrupted", { cause, hint: "run `slipway demo` again" });
    } finally {
      await registry?.close();
      if (!isKept) await rm(dir, { recursive: true, force: true });
    }
  },
  views: {
    human: (data, terminal) =>
      [
        "",
        formatRow(
          {
            tone: "good",
            verb: "Demo done",
            what: `${data.published} packages, then nothing, then ${data.bumped.length}; every byte read back`,
            note: formatDuration(data.durationMs),
          },
          terminal,
          0,
        ),
        formatAside(
          "next: run `slipway plan` in your own workspace; it reads, and writes nothing to a registry",
          terminal,
        ),
        ...(data.dir === undefined ? [] : [`Kept in ${data.dir}`]),
      ].join("\n"),
    json: (data) => data,
  },
  exitCode: () => 0,
};

function heading(context: VerbContext, number: number, text: string): void {
  const { terminal } = context;
  const [first = "", ...rest] = wrapTo(text, Math.max(40, (terminal.columns ?? 200) - 3));
  terminal.talk(
    [`\n${terminal.paint("busy", `${number}.`)} ${first}`, ...rest.map((line) => `   ${line}`), ""].join("\n"),
  );
}

/** npm's configuration of this machine has no say in the demonstration, and the demonstration leaves none behind. */
async function isolate(dir: string, registry: DemoRegistry, context: VerbContext): Promise<VerbContext> {
  const home = join(dir, "home");
  await mkdir(home);
  const npmrc = join(home, ".npmrc");
  await writeFile(
    npmrc,
    `registry=${registry.url}\n${registry.url.replace("http:", "")}:_authToken=${registry.token}\n`,
    { mode: 0o600 },
  );
  const kept = Object.entries(context.env).filter(([name]) => !/^(npm_|git_|node_options$)/i.test(name));
  const env = {
    ...Object.fromEntries(kept),
    HOME: home,
    npm_config_userconfig: npmrc,
    npm_config_cache: join(dir, "cache"),
    npm_config_update_notifier: "false",
  };
  return { ...context, env, cwd: join(dir, "workspace"), isInteractive: false };
}

async function prepare(dir: string, registry: DemoRegistry, outer: VerbContext): Promise<Stage> {
  const context = await isolate(dir, registry, outer);
  const root = join(dir, "workspace");
  heading(context, 1, "A registry of our own, and a workspace of nine packages in six layers");
  await createDemoWorkspace(root, context.env);
  const { packages } = await readWorkspace(root);
  context.terminal.line("good", "Started", "Verdaccio", registry.url);
  const names = packages.filter((item) => !item.isPrivate).map((item) => item.name);
  context.terminal.line("good", "Created", count(names.length, "package"), root);
  return { context, registry, root, dir, names };
}

async function release(stage: Stage): Promise<Report> {
  const { context } = stage;
  const { report } = await publish.command([], { yes: true }, context);
  context.terminal.talk(formatReport(report, context.terminal));
  if (report.exitCode !== 0) fail("SLIP_DEMO_FAILED", `a release ended with exit code ${report.exitCode}`);
  return report;
}

function expect(holds: boolean, what: string): void {
  if (!holds) fail("SLIP_DEMO_FAILED", what);
}

async function releaseAll(stage: Stage): Promise<number> {
  const { context, names } = stage;
  heading(context, 2, "`slipway publish`: a package is sent when all it depends on can be installed");
  const report = await release(stage);
  expect(
    report.counts.published === names.length,
    `${report.counts.published} of ${names.length} packages were published`,
  );
  heading(context, 3, "`slipway verify`: entry, tarball, manifest, closure, tag and origin of each version");
  const verified = await verify.command([], {}, context);
  context.terminal.talk(formatVerifications(verified.verifications, context.terminal));
  expect(verify.exitCode(verified) === 0, "a published version could not be verified");
  heading(context, 4, "npm installs them from that registry, and Node imports each one");
  const project = join(stage.dir, "consumer");
  const specs = report.versions.map((item) => formatSpec(item.name, item.version));
  const installing = startStage({ ...context, verb: "Installing", what: "npm install" });
  const imported = await installAndImport(project, specs, names, context.env).finally(installing.end);
  for (const line of imported) {
    const [name = "", exports = ""] = line.split(" ");
    context.terminal.line(
      "good",
      "Imported",
      formatSpec(name, await installedVersion(project, name)),
      count(Number(exports), "export"),
    );
  }
  return report.counts.published;
}

async function releaseAgain({ context, registry, ...stage }: Stage): Promise<void> {
  heading(context, 5, "The same command again: there is nothing to do, and nothing is sent");
  const before = registry.writes();
  await release({ context, registry, ...stage });
  const sent = registry.writes() - before;
  context.terminal.line("good", "Counted", `${sent} writes`, "in the registry's own access log");
  expect(sent === 0, `a finished release sent ${sent} writes`);
}

async function releaseTwo(stage: Stage): Promise<readonly string[]> {
  const { context, root, names } = stage;
  heading(context, 6, "A pull request with two new versions is merged: only those are released");
  const bumped = await bumpPackages(root, ["state", "framework"], context.env);
  for (const spec of bumped) context.terminal.line("good", "Bumped", spec);
  const report = await release(stage);
  expect(
    report.counts.published === bumped.length,
    `${report.counts.published} packages were published, not ${bumped.length}`,
  );
  const project = join(stage.dir, "second-consumer");
  await installAndImport(
    project,
    bumped,
    names.filter((name) => bumped.some((spec) => spec.startsWith(`${name}@`))),
    context.env,
  );
  context.terminal.line("good", "Imported", bumped.join(" "), "installed by npm");
  return bumped;
}
