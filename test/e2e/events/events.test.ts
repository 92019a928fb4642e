/**
 * What a release would be after each event and strategy, on real repositories with a bare remote and checkouts as CI systems make them:
 * planned from the registry, narrowed with `--base auto`, and found by the shell of request 002 beside them. docs/events.md shows what is
 * measured here; SLIPWAY_WRITE_DOCS=1 makes it do so.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createWorkspace,
  runProcess,
  runSlipway,
  startVerdaccio,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";
import { parseSpec } from "@slipway/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Measured, renderCount, renderTable } from "./document.ts";
import { createRemote, type Remote } from "./repository.ts";
import { createDetection, type Detection, writeStandIn } from "./seed-002.ts";
import { type Moment, stories, type Story } from "./stories.ts";

const page = new URL("../../../docs/events.md", import.meta.url);

let verdaccio: Verdaccio;
let detection: Detection;

beforeAll(async () => {
  verdaccio = await startVerdaccio();
  detection = await createDetection();
});

afterAll(async () => {
  await verdaccio.close();
  await detection.remove();
});

interface PlanJson {
  readonly packages: readonly { readonly name: string; readonly version: string }[];
  readonly steps: readonly {
    readonly name: string;
    readonly from?: string;
    readonly goal: { readonly kind: string; readonly sendTag?: string };
  }[];
  readonly kept: readonly { readonly name: string; readonly version: string; readonly isUnpublished?: true }[];
  readonly warnings: readonly string[];
  readonly source: { readonly base?: string; readonly baseFrom?: string };
}

interface Answer {
  readonly plan?: PlanJson;
  readonly problems?: readonly { readonly code: string; readonly message: string; readonly hint: string }[];
}

/** Without the scope that keeps the stories apart. */
function short(text: string): string {
  return text.replaceAll(/@story-\d+\//g, "");
}

function namesOf({ packages, steps }: PlanJson): readonly string[] {
  return packages.map(({ name, version }) => {
    const step = steps.find((item) => item.name === name && item.goal.kind === "publish");
    const tag = step?.goal.sendTag === "latest" ? "" : ` ${step?.goal.sendTag}`;
    return short(`${name}@${version}${step?.from === undefined ? tag : " seen"}`);
  });
}

async function environmentOf({ env, payload }: Moment, folder: string): Promise<Readonly<Record<string, string>>> {
  if (payload === undefined) return env;
  const path = join(folder, "event.json");
  await writeFile(path, JSON.stringify(payload));
  return { ...env, GITHUB_EVENT_PATH: path };
}

async function slipway(cwd: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { url: registry, token } = verdaccio;
  return runSlipway(args, { cwd, registry, token, env });
}

async function makeMain(scope: string, remote: Remote): Promise<TestWorkspace> {
  const publishConfig = { access: "public" };
  const main = await createWorkspace({
    packages: [
      { name: `${scope}/a`, manifest: { publishConfig } },
      { name: `${scope}/b`, manifest: { publishConfig } },
      { name: `${scope}/tool`, private: true, manifest: { publishConfig } },
    ],
  });
  await main.git("remote", "add", "origin", remote.url);
  await main.git("push", "-q", "origin", "main");
  return main;
}

async function measure(story: Story, index: number): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-story-"));
  const remote = await createRemote();
  const main = await makeMain(`@story-${index}`, remote);
  const release = async (): Promise<void> => {
    const { code, stderr } = await slipway(main.root, ["publish"]);
    expect(code, stderr).toBe(0);
  };
  await release();
  const moment = await story.tell({ main, remote, first: main.commit(), release });
  const env = await environmentOf(moment, folder);
  const ask = async (...args: readonly string[]): Promise<Answer> =>
    JSON.parse((await slipway(moment.cwd, ["plan", "--json", ...args], env)).stdout) as Answer;
  const plain = await ask();
  const narrowed = await ask("--base", "auto");
  expect(plain.problems).toBeUndefined();
  const planned = plain.plan === undefined ? [] : namesOf(plain.plan);
  const withBase = narrowed.plan === undefined ? (narrowed.problems?.[0]?.code ?? "") : namesOf(narrowed.plan);
  checkSaid(story, planned, plain, narrowed);
  const written = await detection.asWritten(moment.cwd, moment.seedBase);
  const mended = await detection.mended(moment.cwd, moment.seedBase);
  // The job is green whatever was found.
  expect([written.code, mended.code]).toEqual([0, 0]);
  expect(mended.hasChanges).toBe(mended.specs.length > 0);
  const [writtenSpecs, mendedSpecs] = await Promise.all([markSeen(written.specs), markSeen(mended.specs)]);
  await Promise.all([remote.remove(), main.dispose(), rm(folder, { recursive: true })]);
  const { event, strategy } = story;
  return { event, strategy, planned, withBase, written: writtenSpecs, mended: mendedSpecs };
}

/** Its publish step asks the registry, and skips what that has. */
async function markSeen(specs: readonly string[]): Promise<readonly string[]> {
  return Promise.all(
    specs.map(async (spec) => {
      const { name, version } = parseSpec(spec);
      const { status } = await fetch(`${verdaccio.url}/${name.replace("/", "%2f")}/${version}`);
      return status === 200 ? `${short(spec)} seen` : short(spec);
    }),
  );
}

function checkSaid(story: Story, planned: readonly string[], plain: Answer, narrowed: Answer): void {
  const { plan, problems = [] } = narrowed;
  const said = [...(plain.plan?.warnings ?? []), ...(plan?.warnings ?? [])];
  said.push(...problems.flatMap(({ message, hint }) => [message, hint]));
  if (story.says !== undefined) expect(short(said.join("\n"))).toMatch(story.says);
  if (plan === undefined) return;
  expect(plan.source.base).toMatch(/^[0-9a-f]{40}$/);
  expect(plan.source.baseFrom).toMatch(/\w/);
  // What a base leaves out although the registry lacks it is named, and nothing else is.
  const left = plan.kept.filter((item) => item.isUnpublished).map(({ name, version }) => short(`${name}@${version}`));
  const taken = namesOf(plan);
  expect(left).toEqual(planned.filter((item) => !item.endsWith(" seen") && !taken.includes(item)));
}

const measured: Measured[] = [];

test.each(stories.map((story, index) => ({ story, index, title: `${story.event}: ${story.strategy}` })))(
  "$title",
  async ({ story, index }) => {
    const found = await measure(story, index);
    measured[index] = found;
    const { event, strategy, planned, withBase, mended } = story;
    expect(found).toEqual({ event, strategy, planned, withBase, mended, written: [] });
  },
);

/** What stands between two marks of the document. */
function between(name: string): RegExp {
  return new RegExp(`(?<=<!-- ${name} -->\n)[^]*?(?=\n<!-- end -->)`);
}

test("docs/events.md shows what was measured", async () => {
  const parts = { events: renderTable(measured), count: renderCount(measured) };
  let text = await readFile(page, "utf8");
  if (process.env["SLIPWAY_WRITE_DOCS"] === "1") {
    for (const [name, part] of Object.entries(parts)) text = text.replace(between(name), () => `\n${part}\n`);
    await writeFile(page, text);
  }
  for (const [name, part] of Object.entries(parts)) expect(between(name).exec(text)?.[0].trim(), name).toBe(part);
});

test("the stand-in for jq answers what the script asks, and nothing else", async () => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-jq-"));
  const jq = await writeStandIn(folder);
  const ask = async (input: string, ...args: readonly string[]): Promise<string> => {
    const { code, stdout } = await runProcess(jq, args, { input });
    return `${code} ${stdout}`;
  };
  expect(await ask('{"version":"1.0.0"}', "-r", ".version")).toBe("0 1.0.0\n");
  expect(await ask("{}", "-r", ".version")).toBe("0 null\n");
  expect(await ask("", "-r", ".version")).toBe("0 ");
  expect(await ask('{"a":1}\n{"a":2}\n', "-sc", ".")).toBe('0 [{"a":1},{"a":2}]\n');
  expect(await ask("{}", "-r", ".a | length")).toBe("3 ");
  await rm(folder, { recursive: true });
});
