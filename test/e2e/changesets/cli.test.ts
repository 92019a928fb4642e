/**
 * The real @changesets/cli, 3 and 2, makes versions, and slipway releases them to a real Verdaccio: from a changeset to a release,
 * through pre mode and out of it, and snapshots. Where version 3 says what it would publish (`publish-plan`), it is the oracle.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { httpRequest, startVerdaccio, type Verdaccio } from "@slipway/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ChangesetsProject, createProject } from "./project.ts";

let verdaccio: Verdaccio;

beforeAll(async () => {
  verdaccio = await startVerdaccio();
});

afterAll(() => verdaccio.close());

interface PlanJson {
  readonly plan: {
    readonly steps: readonly {
      readonly name: string;
      readonly version: string;
      readonly goal: { readonly kind: string; readonly access?: string; readonly sendTag?: string };
    }[];
    readonly kept: readonly { readonly name: string; readonly reason: string }[];
    readonly warnings: readonly string[];
    readonly changesets: {
      readonly pending: readonly { readonly id: string }[];
      readonly pre?: { readonly mode: string; readonly tag: string };
    };
  };
}

async function planOf(project: ChangesetsProject): Promise<PlanJson["plan"]> {
  const { code, stdout, stderr } = await project.slipway("plan", "--json");
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as PlanJson).plan;
}

/** `name@version` to dist-tag and access of what would be uploaded. */
function uploadsOf({ steps }: PlanJson["plan"]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    steps.flatMap(({ name, version, goal }) =>
      goal.kind === "publish" ? [[`${name}@${version}`, `${goal.sendTag} ${goal.access}`]] : [],
    ),
  );
}

/** The same, of `changeset publish-plan`. */
async function oracleOf(project: ChangesetsProject): Promise<Readonly<Record<string, string>>> {
  const path = join(project.workspace.root, "node_modules", "publish-plan.json");
  await project.changeset("publish-plan", "--output", path);
  const { plan } = JSON.parse(await readFile(path, "utf8")) as {
    readonly plan: readonly (readonly { kind: string; name: string; version: string; access: string; tag: string }[])[];
  };
  return Object.fromEntries(
    plan
      .flat()
      .flatMap(({ kind, name, version, access, tag }) =>
        kind === "publish" ? [[`${name}@${version}`, `${tag} ${access}`]] : [],
      ),
  );
}

async function tagsOf(name: string): Promise<unknown> {
  const { json } = await httpRequest(`${verdaccio.url}/${name.replace("/", "%2f")}?write=true`);
  return (json as { readonly "dist-tags": unknown })["dist-tags"];
}

async function versions(project: ChangesetsProject): Promise<void> {
  await project.changeset("version");
  await project.workspace.commitAll("Version packages");
}

async function publish(project: ChangesetsProject): Promise<string> {
  const { code, stdout, stderr } = await project.slipway("publish");
  expect(code, `${stdout}${stderr}`).toBe(0);
  return stderr;
}

describe.each(["3", "2"] as const)("@changesets/cli %s", (version) => {
  const [a, b, c] = ["a", "b", "c"].map((letter) => `@cli-${version}/${letter}`) as [string, string, string];
  const plain = `cli-${version}-plain`;
  let project: ChangesetsProject;

  /** What only version 3 can say. */
  const expectOracle = async (plan: PlanJson["plan"]): Promise<void> => {
    if (version === "3") expect(uploadsOf(plan)).toEqual(await oracleOf(project));
  };

  beforeAll(async () => {
    project = await createProject(
      version,
      verdaccio,
      [
        { name: a },
        { name: b, dependencies: [a], manifest: { publishConfig: { access: "restricted" } } },
        { name: plain },
        { name: `@cli-${version}/old` },
      ],
      { access: "public", baseBranch: "main", ignore: [`@cli-${version}/ol*`], linked: [[a, b]] },
    );
  });

  afterAll(() => project.dispose());

  test("the first release has the access of config.json where publishConfig does not say, without what is ignored", async () => {
    const plan = await planOf(project);
    expect(uploadsOf(plan)).toEqual({
      [`${a}@1.0.0`]: "latest public",
      [`${b}@1.0.0`]: "latest restricted",
      [`${plain}@1.0.0`]: "latest public",
    });
    await expectOracle(plan);
    expect(plan.kept).toEqual([expect.objectContaining({ name: `@cli-${version}/old`, reason: "ignored" })]);
    await publish(project);
  });

  test("a changeset waits until it has made a version, which is then released", async () => {
    await project.add("brave-cats-run", { [a]: "minor" }, "Runs faster.\n\nMuch faster.");
    await project.changeset("add", "--empty");
    await project.workspace.commitAll("An empty changeset");
    const waiting = await project.slipway("plan");
    expect(waiting.stdout).toMatch(new RegExp(`Changeset +minor ${a} +Runs faster\\.`));
    expect(waiting.stdout).toContain("nothing to release: 1 changeset waits for its version pull request");
    expect(waiting.stdout).not.toContain("Much faster");
    expect((await planOf(project)).changesets.pending).toHaveLength(2);
    await versions(project);
    const plan = await planOf(project);
    expect(plan.changesets.pending).toEqual([]);
    expect(Object.keys(uploadsOf(plan))).toContain(`${a}@1.1.0`);
    await expectOracle(plan);
    await publish(project);
    expect(await tagsOf(a)).toEqual({ latest: "1.1.0" });
  });

  test("in pre mode everything goes to its tag, and what a prerelease has used waits no more", async () => {
    await project.changeset("pre", "enter", "next");
    await project.workspace.write(
      "packages/c/package.json",
      JSON.stringify({ name: c, version: "1.0.0", exports: "./index.js" }),
    );
    await project.workspace.write("packages/c/index.js", "export const name = 1;\n");
    await project.add("tall-dogs-sit", { [b]: "patch", [c]: "minor" }, "Sits.");
    const before = await planOf(project);
    expect(before.changesets).toMatchObject({ pre: { mode: "pre", tag: "next" }, pending: [{ id: "tall-dogs-sit" }] });
    await versions(project);
    // A package that is new and no prerelease: Changesets puts it under the tag, too.
    await project.workspace.write(
      "packages/late/package.json",
      JSON.stringify({ name: `cli-${version}-late`, version: "1.0.0" }),
    );
    await project.workspace.commitAll("A late package");
    const plan = await planOf(project);
    expect(plan.changesets.pending).toEqual([]);
    const specs = Object.keys(uploadsOf(plan));
    expect(specs).toContain(`${c}@1.1.0-next.0`);
    expect(specs).toContain(`cli-${version}-late@1.0.0`);
    expect(new Set(Object.values(uploadsOf(plan)).map((text) => text.split(" ")[0]))).toEqual(new Set(["next"]));
    await expectOracle(plan);
    expect(plan.warnings).toContainEqual(expect.stringContaining(`in pre mode: cli-${version}-late@1.0.0 to next`));
    await publish(project);
    expect(await tagsOf(b)).toMatchObject({ latest: "1.0.0", next: expect.stringMatching(/-next\.0$/) });
  });

  test("a package of which there are only prereleases goes to latest, which is one of them", async () => {
    await project.add("wise-owls-see", { [c]: "patch", [b]: "patch" }, "Sees.");
    await versions(project);
    const plan = await planOf(project);
    expect(uploadsOf(plan)[`${c}@1.1.0-next.1`]).toBe("latest public");
    await expectOracle(plan);
    await publish(project);
    expect(await tagsOf(c)).toMatchObject({ latest: "1.1.0-next.1" });
  });

  test("pre exit counts once the next version ends it; then all go to latest", async () => {
    await project.changeset("pre", "exit");
    await project.workspace.commitAll("Leave pre mode");
    const leaving = await project.slipway("plan");
    expect(leaving.stdout).toContain("until `changeset version`, which ends it");
    expect((await planOf(project)).changesets.pre).toEqual({ mode: "exit", tag: "next" });
    await versions(project);
    const plan = await planOf(project);
    expect(plan.changesets.pre).toBeUndefined();
    expect(uploadsOf(plan)[`${c}@1.1.0`]).toBe("latest public");
    await expectOracle(plan);
    await publish(project);
    expect(await tagsOf(c)).toMatchObject({ latest: "1.1.0" });
  });

  test("a snapshot goes to the tag of its name, one without to `snapshot`, and never to latest", async () => {
    const before = await tagsOf(a);
    await project.add("soft-rain-falls", { [a]: "patch" }, "Falls.");
    await project.changeset("version", "--snapshot", "canary");
    const said = await publish(project);
    expect(said).toContain("the work tree has changes that are not committed");
    await project.workspace.git("checkout", "--quiet", ".");
    await project.changeset("version", "--snapshot");
    await publish(project);
    await project.workspace.git("checkout", "--quiet", ".");
    await project.changeset("version", "--snapshot", "pr7", "--snapshot-prerelease-template", "{tag}-{commit}");
    await publish(project);
    expect(await tagsOf(a)).toEqual({
      ...(before as object),
      pr7: expect.stringMatching(/^0\.0\.0-pr7-[0-9a-f]+$/),
      canary: expect.stringMatching(/^0\.0\.0-canary-\d{14}$/),
      snapshot: expect.stringMatching(/^0\.0\.0-\d{14}$/),
    });
  });
});
