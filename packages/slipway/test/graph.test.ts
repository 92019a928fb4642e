/** What waits for what: layers, the longest chain, and drawings that stay readable. */
import { isPublishStep, type Plan } from "@slipway/core";
import { expect, test } from "vitest";
import { graphRelease } from "../src/release-graph.ts";
import { viewGraph } from "../src/views/graph-view.ts";
import { planOf as smallPlanOf } from "@slipway/testkit";

const plain = { paint: (_tone: string, text: string): string => text };

/** A plan in which each package waits for those named; versions are all 1.0.0. */
function planOf(edges: Readonly<Record<string, readonly string[]>>): Plan {
  const step = smallPlanOf("a").steps.find(isPublishStep);
  if (step === undefined) throw new Error("the small plan publishes nothing");
  const steps = Object.entries(edges).map(([name, after]) => ({
    ...step,
    id: `publish:${name}@1.0.0`,
    name,
    version: "1.0.0",
    after: after.map((id) => (id.includes(":") ? id : `publish:${id}@1.0.0`)),
  }));
  return { ...smallPlanOf(), steps };
}

/** So many packages a layer; each waits for all of every layer below it. */
function layered(widths: readonly number[]): Plan {
  const edges: Record<string, readonly string[]> = {};
  for (const [layer, width] of widths.entries()) {
    const below = Object.keys(edges);
    for (let index = 0; index < width; index++) edges[`@big/p${layer}-${index}`] = below;
  }
  return planOf(edges);
}

const diamond = planOf({
  base: [],
  left: ["base"],
  right: ["base"],
  "@s/top": ["left", "right", "base", "kept:old@1.0.0", "dist-tag:left@1.0.0:latest"],
});

test("packages stand in the layer after the last that they wait for", () => {
  const { layers, longestChain } = graphRelease(diamond);
  expect(layers).toEqual([["base@1.0.0"], ["left@1.0.0", "right@1.0.0"], ["@s/top@1.0.0"]]);
  expect(longestChain).toEqual(["base@1.0.0", "left@1.0.0", "@s/top@1.0.0"]);
});

test("what is waited for anyway, and what is there already, is not drawn", () => {
  expect(graphRelease(diamond).after.get("@s/top@1.0.0")).toEqual(["left@1.0.0", "right@1.0.0"]);
});

test("a small graph names each package and what it waits for", () => {
  expect(viewGraph(diamond, "text").text(plain)).toBe(
    [
      "     Layer 1  base@1.0.0",
      "     Layer 2  left@1.0.0            after base",
      "              right@1.0.0           after base",
      "     Layer 3  @s/top@1.0.0          after left, right",
      "       Graph  4 packages in 3 layers",
      "     Longest  base → left → @s/top",
    ].join("\n"),
  );
});

test("a small graph is a Mermaid flowchart", () => {
  expect(viewGraph(diamond, "mermaid").text(plain)).toBe(
    [
      "flowchart LR",
      '  p0["base@1.0.0"]',
      '  p1["left@1.0.0"]',
      '  p2["right@1.0.0"]',
      '  p3["@s/top@1.0.0"]',
      "  p0 --> p1",
      "  p0 --> p2",
      "  p1 --> p3",
      "  p2 --> p3",
    ].join("\n"),
  );
});

test("no name can mean anything to Mermaid", () => {
  const text = viewGraph(planOf({ 'a"]; click p0 href "x" %%`<b>#': [] }), "mermaid").text(plain);
  expect(text.split("\n")).toHaveLength(2);
  expect(text).toContain('  p0["a#34;#93;#59; click p0 href #34;x#34; #37;#37;#96;#60;b#62;#35;@1.0.0"]');
});

const forms = ["text", "mermaid"] as const;

test.each(forms)("a thousand packages in ten layers are told by layers, as %s", (form) => {
  const text = viewGraph(layered(Array.from({ length: 10 }, () => 100)), form).text(plain);
  expect(text).toMatch(
    form === "text" ? /^ {4}Layer 10 {2}100 packages +@big\/p9-0, .* and 97 more$/m : /layer 10: 100 packages/,
  );
  expect(text.split("\n").length).toBeLessThan(30);
});

test.each(forms)("a chain of a thousand stays readable, as %s", (form) => {
  const edges = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`c${at}`, at === 0 ? [] : [`c${at - 1}`]]));
  const text = viewGraph(planOf(edges), form).text(plain);
  expect(text).toContain("c999@1.0.0");
  expect(text.split("\n").length).toBeLessThan(form === "text" ? 60 : 310);
  expect(text).toContain(form === "text" ? "960 more layers" : "850 more layers");
});

test.each(forms)("nothing to release is said, as %s", (form) => {
  expect(viewGraph(planOf({}), form).text(plain)).toContain("nothing is to be released");
});
