/** Where a package manager's own file sends a release. */
import { afterAll, expect, test } from "vitest";
import { readDeclaredRegistries } from "../../src/package-managers/declared-registries.ts";
import { makeFolder, problemsOf, type Scratch } from "./scratch-repository.ts";

const scratches: Scratch[] = [];
afterAll(() => {
  for (const scratch of scratches) scratch.remove();
});

function makeWorkspace(file: string, lines: readonly string[]): string {
  const scratch = makeFolder();
  scratches.push(scratch);
  scratch.write({ [file]: lines.join("\n") });
  return scratch.root;
}

const yarn = [
  "npmScopes:",
  "  one: { npmPublishRegistry: 'http://one.example/p', npmRegistryServer: 'http://one.example/i' }",
  "  two: { npmRegistryServer: 'http://two.example/i' }",
  "  three: { npmAlwaysAuth: true }",
  "npmPublishRegistry: http://all.example/p/",
  "npmRegistryServer: http://all.example/i/",
];

test.each<
  readonly [
    what: string,
    manager: "npm" | "pnpm" | "yarn" | "bun",
    file: string,
    lines: readonly string[],
    expected: readonly (string | undefined)[],
  ]
>([
  [
    "yarn's file",
    "yarn",
    ".yarnrc.yml",
    yarn,
    ["http://one.example/p/", "http://all.example/p/", "http://all.example/p/", "http://all.example/p/"],
  ],
  [
    "the registry of yarn's installs",
    "yarn",
    ".yarnrc.yml",
    ["npmRegistryServer: http://i.example"],
    Array<string>(4).fill("http://i.example/"),
  ],
  ["yarn's file without any", "yarn", ".yarnrc.yml", ["nodeLinker: pnp"], Array<undefined>(4).fill(undefined)],
  ["no file of yarn's", "yarn", "other", [], Array<undefined>(4).fill(undefined)],
  [
    "pnpm's registry",
    "pnpm",
    "pnpm-workspace.yaml",
    ["registry: http://all.example"],
    Array<string>(4).fill("http://all.example/"),
  ],
  [
    "pnpm's registries by scope",
    "pnpm",
    "pnpm-workspace.yaml",
    ["registries:", "  default: http://all.example", "  '@one': http://one.example"],
    ["http://one.example/", ...Array<string>(3).fill("http://all.example/")],
  ],
  [
    "pnpm's registries by URL",
    "pnpm",
    "pnpm-workspace.yaml",
    [
      "registries:",
      "  http://x.example/:",
      "    scopes: ['@one', '@two']",
      "  http://d.example/:",
      "    scopes: ['@']",
    ],
    ["http://x.example/", "http://x.example/", "http://d.example/", "http://d.example/"],
  ],
  [
    "a variable, which pnpm passes over",
    "pnpm",
    "pnpm-workspace.yaml",
    ["registry: http://\u0024{HOST}/"],
    Array<undefined>(4).fill(undefined),
  ],
  ["npm, which reads neither", "npm", ".yarnrc.yml", yarn, Array<undefined>(4).fill(undefined)],
  ["bun, which reads neither", "bun", ".yarnrc.yml", yarn, Array<undefined>(4).fill(undefined)],
])("%s says where packages go", async (_, manager, file, lines, expected) => {
  const registryFor = await readDeclaredRegistries(makeWorkspace(file, lines), manager);
  expect(["@one/a", "@two/a", "@three/a", "plain"].map(registryFor)).toEqual(expected);
});

test("a registry that is no URL, or that a variable decides, is named with its line", async () => {
  const lines = [
    "nodeLinker: pnp",
    "npmPublishRegistry: \u0024{HOST}",
    "npmScopes: { one: { npmPublishRegistry: ftp://x } }",
  ];
  const registryFor = await readDeclaredRegistries(makeWorkspace(".yarnrc.yml", lines), "yarn");
  expect(await problemsOf(() => registryFor("plain"))).toMatchObject([
    {
      code: "SLIP_REGISTRY_INVALID",
      message: "npmPublishRegistry in .yarnrc.yml:2 holds a variable, which Slipway does not fill in",
      hint: "pass --registry, or set publishConfig.registry",
    },
  ]);
  expect(await problemsOf(() => registryFor("@one/a"))).toMatchObject([
    {
      code: "SLIP_REGISTRY_INVALID",
      message: expect.stringContaining('npmPublishRegistry in .yarnrc.yml:3 is "ftp://x"'),
    },
  ]);
});
