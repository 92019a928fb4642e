/**
 * What a release would be after each event and strategy, on real repositories: planned from the registry, narrowed with `--base auto`, and found by the
 * shell of request 002 beside them. docs/events.md shows what is measured here.
 */
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  cleanEnvironment,
  createWorkspace,
  runProcess,
  runSlipway,
  startVerdaccio,
  type Verdaccio,
} from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Moment, stories, type Story } from "./stories.ts";

const script = fileURLToPath(new URL("./seed-002-detect.sh", import.meta.url));
const page = new URL("../../../docs/events.md", import.meta.url);

let verdaccio: Verdaccio;
let bin = "";

beforeAll(async () => {
  verdaccio = await startVerdaccio();
  // Stands in for jq, which a machine need not have: it reads one field of a manifest, and like jq prints nothing for no input.
  bin = await mkdtemp(join(tmpdir(), "slipway-bin-"));
  const source = `#!${process.execPath}\nconst text = require("node:fs").readFileSync(0, "utf8");\nif (text !== "") console.log(JSON.parse(text)[process.argv[2]] ?? null);\n`;
  await writeFile(join(bin, "json"), source);
  await chmod(join(bin, "json"), 0o755);
});

afterAll(async () => {
  await verdaccio.close();
  await rm(bin, { recursive: true });
});

interface PlanJson {
  readonly plan: {
    readonly packages: readonly { readonly name: string; readonly version: string }[];
    readonly steps: readonly {
      readonly name: string;
      readonly goal: { readonly kind: string; readonly sendTag?: string };
    }[];
    readonly warnings: readonly string[];
    readonly source: { readonly base?: string; readonly baseFrom?: string };
  };
}

interface Measured {
  readonly planned: readonly string[];
  readonly withBase: readonly string[] | string;
  readonly written: readonly string[];
  readonly mended: readonly string[];
  readonly warnings: readonly string[];
}

/** Names without the scope that keeps the stories apart. */
function short(text: string): string {
  return text.replaceAll(/@story-\d+\//g, "");
}

function namesOf({ plan }: PlanJson): readonly string[] {
  return plan.packages.map(({ name, version }) => {
    const goal = plan.steps.find((step) => step.name === name && step.goal.kind === "publish")?.goal;
    const tag = goal?.sendTag === "latest" || goal?.sendTag === undefined ? "" : ` ${goal.sendTag}`;
    return short(`${name}@${version}${tag}`);
  });
}

async function plan(
  moment: Moment,
  ...args: readonly string[]
): Promise<{ readonly found: readonly string[] | string; readonly json: PlanJson | undefined }> {
  const eventPath = join(moment.checkout.root, "..", `event-${moment.checkout.root.split("/").at(-1)}.json`);
  await writeFile(eventPath, JSON.stringify(moment.payload));
  const { code, stdout } = await runSlipway(["plan", "--json", ...args], {
    cwd: moment.checkout.root,
    registry: verdaccio.url,
    token: verdaccio.token,
    env: {
      GITHUB_ACTIONS: "true",
      GITHUB_EVENT_NAME: moment.event,
      GITHUB_EVENT_PATH: eventPath,
      GITHUB_REF: moment.ref ?? "refs/heads/main",
    },
  });
  await rm(eventPath);
  const json = JSON.parse(stdout);
  if (code !== 0) return { found: json.problems[0].code, json: undefined };
  return { found: namesOf(json), json };
}

/** Exit code 0 whatever it finds: that is how a job turns green without having released anything. */
async function detect({ checkout, seedBase }: Moment, separator: string): Promise<readonly string[]> {
  const env = cleanEnvironment({
    BASE_COMMIT: seedBase,
    SEPARATOR: separator,
    PATH: `${bin}${delimiter}${process.env["PATH"]}`,
  });
  const { code, stdout } = await runProcess("bash", [script], { cwd: checkout.root, env });
  expect(code).toBe(0);
  return stdout.split("\n").filter(Boolean).map(short);
}

async function measure(story: Story, index: number): Promise<Measured> {
  const scope = `@story-${index}`;
  const publishConfig = { access: "public" };
  const main = await createWorkspace({
    packages: [
      { name: `${scope}/a`, manifest: { publishConfig } },
      { name: `${scope}/b`, manifest: { publishConfig } },
      { name: `${scope}/tool`, private: true },
    ],
  });
  const release = async (): Promise<void> => {
    const { code, stderr } = await runSlipway(["publish"], {
      cwd: main.root,
      registry: verdaccio.url,
      token: verdaccio.token,
    });
    expect(code, stderr).toBe(0);
  };
  await release();
  const moment = await story.tell({ main, first: main.commit(), release });
  const plain = await plan(moment);
  const narrowed = await plan(moment, "--base", "auto");
  const measured: Measured = {
    planned: typeof plain.found === "string" ? [plain.found] : plain.found,
    withBase: narrowed.found,
    written: await detect(moment, "/"),
    mended: await detect(moment, ""),
    warnings: [...(plain.json?.plan.warnings ?? []), ...(narrowed.json?.plan.warnings ?? [])].map(short),
  };
  if (narrowed.json !== undefined) expect(narrowed.json.plan.source.baseFrom).toMatch(/\w/);
  await moment.checkout.dispose();
  await main.dispose();
  return measured;
}

const measured: Measured[] = [];

test.each(stories.map((story, index) => ({ story, index, title: `${story.event}: ${story.strategy}` })))(
  "$title",
  async ({ story, index }) => {
    const found = await measure(story, index);
    measured[index] = found;
    expect(found).toMatchObject({
      planned: story.planned,
      withBase: story.withBase,
      mended: story.mended,
      written: [],
    });
    // What a base leaves out although the registry lacks it is named.
    if (typeof found.withBase !== "string")
      for (const spec of story.planned.filter((item) => !found.withBase.includes(item)))
        expect(found.warnings.join("\n")).toContain(spec.split(" ")[0]);
    if (story.event === "re-run of an old run")
      expect(found.warnings.join("\n")).toMatch(/not the newest of main: 2 commits come after it/);
  },
);

function cell(value: readonly string[] | string): string {
  if (typeof value === "string") return `error \`${value}\``;
  return value.length === 0
    ? "nothing"
    : value
        .map((item) => `\`${item.split(" ")[0]}\`${item.includes(" ") ? ` (${item.split(" ")[1]})` : ""}`)
        .join(", ");
}

test("docs/events.md shows what was measured", async () => {
  const rows = stories.map((story, index) => {
    const found = measured[index];
    return `| ${[story.event, story.strategy, cell(found?.planned ?? []), cell(found?.withBase ?? []), cell(found?.written ?? []), cell(found?.mended ?? [])].join(" | ")} |`;
  });
  const head = ["event", "what happened", "`slipway plan`", "`--base auto`", "request 002", "its path mended"];
  const table = [`| ${head.join(" | ")} |`, `| ${head.map(() => "---").join(" | ")} |`, ...rows].join("\n");
  const text = await readFile(page, "utf8");
  const fresh = text.replace(
    /(<!-- events -->\n)[\s\S]*?(<!-- end -->)/,
    (_, start, end) => `${start}\n${table}\n\n${end}`,
  );
  // `SLIPWAY_WRITE=1` brings the page up to date.
  if (process.env["SLIPWAY_WRITE"] === "1") await writeFile(page, fresh);
  expect(await readFile(page, "utf8")).toBe(fresh);
});
