/** Which commands the package managers are run with. What they do is shown by test/e2e. */
import { expect, test } from "vitest";
import { bunWay } from "../../src/package-managers/bun.ts";
import { divide, type PackItem, type PackOptions } from "../../src/package-managers/pack-step.ts";
import { pnpmWay } from "../../src/package-managers/pnpm.ts";
import { yarnWay } from "../../src/package-managers/yarn.ts";

function item(name: string, scripts: PackItem["scripts"] = {}): PackItem {
  return { name, version: "1.0.0", dir: `packages/${name.split("/").at(-1)}`, scripts };
}

const options: PackOptions = { root: "/root", into: "/into", ignoreScripts: false, isAlone: false };

test("a thousand packages are packed by a few commands that every system can take", () => {
  const items = Array.from({ length: 1000 }, (_, index) => item(`@organisation/package-${index}`));
  for (const way of [pnpmWay, yarnWay]) {
    const steps = way.listSteps(items, options);
    expect(steps.length).toBeLessThan(4);
    for (const step of steps) expect(step.args.join(" ").length).toBeLessThan(32_000);
    expect(steps.flatMap((step) => step.items)).toEqual(items);
  }
  expect(bunWay.listSteps(items, options)).toHaveLength(1000);
});

test.each([
  { way: pnpmWay, what: "pnpm", names: ["@a/b-c", "@a-b/c"] },
  { way: pnpmWay, what: "pnpm", names: ["@a/b", "a-b"] },
  { way: yarnWay, what: "yarn", names: ["@a/b-c", "@a-b/c"] },
])("$what packs $names into two folders: their files would have one name", ({ way, names }) => {
  const steps = way.listSteps(
    names.map((name) => item(name)),
    options,
  );
  expect(steps.map((step) => step.items.map((one) => one.name))).toEqual(names.map((name) => [name]));
  expect(new Set(steps.map((step) => step.into)).size).toBe(2);
});

test("packages keep their order when they are divided", () => {
  const names = ["a", "b", "a", "c", "b"];
  const batches = divide(
    names.map((name) => item(name)),
    (one) => one.name,
  );
  expect(batches.map((batch) => batch.map((one) => one.name))).toEqual([
    ["a", "b"],
    ["a", "c", "b"],
  ]);
});

test("bun packs packages with scripts first and alone, and the others together", () => {
  const items = [
    item("@x/a"),
    item("@x/b", { prepack: "build" }),
    item("@x/c", { test: "t" }),
    item("@x/d", { prepublishOnly: "b" }),
  ];
  const steps = bunWay.listSteps(items, options);
  expect(steps.map((step) => [step.items[0]?.name, step.args[0], step.isConcurrent])).toEqual([
    ["@x/b", "pm", false],
    ["@x/d", "run", false],
    ["@x/d", "pm", false],
    ["@x/a", "pm", true],
    ["@x/c", "pm", true],
  ]);
  const ignoring = bunWay.listSteps(items, { ...options, ignoreScripts: true });
  expect(ignoring.every((step) => step.isConcurrent && step.args.includes("--ignore-scripts"))).toBe(true);
});

test("yarn packs packages with scripts one by one in the order given, and the others together", () => {
  const items = [item("@x/a"), item("@x/b", { prepack: "build" }), item("@x/c"), item("@x/d", { prepublish: "b" })];
  const steps = yarnWay.listSteps(items, options);
  expect(steps.map((step) => step.args)).toEqual([
    ["workspace", "@x/b", "pack", "--out", "/into/0/%s-%v.tgz"],
    ["workspace", "@x/d", "run", "prepublish"],
    ["workspace", "@x/d", "pack", "--out", "/into/1/%s-%v.tgz"],
    "workspaces foreach --all --verbose --include @x/a --include @x/c pack --out /into/2/%s-%v.tgz".split(" "),
  ]);
  expect(yarnWay.listSteps(items, { ...options, ignoreScripts: true })).toHaveLength(1);
});

test("a repository of one package is packed without a word about others", () => {
  const alone = { ...options, isAlone: true };
  const only = [{ ...item("x"), dir: "." }];
  expect(pnpmWay.listSteps(only, alone).map((step) => step.args)).toEqual([["pack", "--pack-destination", "/into/0"]]);
  expect(yarnWay.listSteps(only, alone).map((step) => step.args)).toEqual([["pack", "--out", "/into/0/%s-%v.tgz"]]);
});

test("what tools say of each file is kept from the terminal, what scripts say is not", () => {
  const pnpm = ["packages/a prepack$ build", "building", "package: @x/a@1.0.0", "Tarball Contents", "index.js"];
  const yarn = ['[@x/a]: ➤ YN0036: Calling the "prepack" lifecycle script', "[@x/a]: ➤ YN0000: index.js", "Done in 0s"];
  const bun = ["$ build", "building", "/into/0/x-a-1.0.0.tgz"];
  expect(pnpm.filter(pnpmWay.createFilter())).toEqual(pnpm.slice(0, 2));
  expect(yarn.filter(yarnWay.createFilter())).toEqual(yarn.slice(0, 1));
  expect(bun.filter(bunWay.createFilter())).toEqual(bun.slice(0, 2));
});
