/** The walk against npm-packlist itself, on random packages. */
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { listFiles } from "../../src/tarball/file-list.ts";
import { listFilesWithNpm } from "../../src/tarball/npm-file-list.ts";
import { readPackageManifest } from "../../src/tarball/package-manifest.ts";
import { manifestText, type Tree, withTree } from "./package-tree.ts";

const name = fc.constantFrom(
  "a",
  "b",
  "lib",
  "dist",
  "x.js",
  "y.js",
  "z.map",
  "README.md",
  ".env",
  "node_modules",
  ".git",
  "index.orig",
  "B.js",
);
const pattern = fc.oneof(
  { weight: 2, arbitrary: name },
  fc.constantFrom(
    "*",
    "**",
    "*.js",
    "lib/",
    "dist/**",
    "/lib",
    "**/*.map",
    "lib/*",
    "*/x.js",
    "{a,b}",
    "./lib",
    "lib/**/*.js",
    "**/lib",
    "[ab]",
    "a/b",
    "lib/x.js",
    "dist/lib",
  ),
);
const entryOfFiles = fc.tuple(fc.constantFrom("", "", "", "!"), pattern).map(([bang, text]) => bang + text);
const ignoreText = fc
  .array(
    fc.tuple(fc.constantFrom("", "", "!"), pattern).map(([bang, text]) => bang + text),
    { maxLength: 4 },
  )
  .map((lines) => `${lines.join("\n")}\n`);

/** Files at up to four levels; names double as folders, so that every name is met as both. */
const files = fc
  .array(fc.array(name, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 14 })
  .map((paths) => paths.map((portions) => portions.join("/")));
const ignoreFiles = fc.array(
  fc.tuple(
    fc.constantFrom("", "lib/", "a/", "dist/", "lib/a/"),
    fc.constantFrom(".npmignore", ".gitignore"),
    ignoreText,
  ),
  { maxLength: 4 },
);
const manifestFields = fc.record(
  {
    files: fc.array(entryOfFiles, { maxLength: 4 }),
    main: fc.constantFrom("x.js", "./x.js", "lib/x.js", "dist/a/y.js", "lib"),
    bin: fc.constantFrom("x.js", "lib/y.js", { one: "a/x.js", two: "dist/y.js" }),
  },
  { requiredKeys: [] },
);

/** A tree without the paths that would have to be a file and a folder at once. */
function treeOf(paths: readonly string[]): Tree {
  const kept: string[] = [];
  for (const path of paths)
    if (!kept.some((other) => other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`)))
      kept.push(path);
  return Object.fromEntries(kept.map((path) => [path, "x"]));
}

test("random packages have the files that npm-packlist lists, in its order", async () => {
  await fc.assert(
    fc.asyncProperty(files, ignoreFiles, manifestFields, async (paths, ignores, fields) => {
      const rules = Object.fromEntries(ignores.map(([folder, file, text]) => [folder + file, text]));
      // Ignore files come first, so that their folders stay folders.
      const placed = treeOf([...Object.keys(rules), ...paths]);
      await withTree({ ...placed, ...rules, "package.json": manifestText(fields) }, async (dir) => {
        const manifest = await readPackageManifest(dir);
        expect(await listFiles(manifest)).toEqual(await listFilesWithNpm(manifest, {}));
      });
    }),
    { numRuns: process.env["SLIPWAY_DEEP"] === "1" ? 10_000 : 300 },
  );
});

test("random packages of a workspace also follow the ignore files above them", async () => {
  const above = fc.array(
    fc.tuple(fc.constantFrom("", "packages/"), fc.constantFrom(".npmignore", ".gitignore"), ignoreText),
    { minLength: 1, maxLength: 3 },
  );
  await fc.assert(
    fc.asyncProperty(files, ignoreFiles, above, manifestFields, async (paths, ignores, aboveIgnores, fields) => {
      const rules = Object.fromEntries(ignores.map(([folder, file, text]) => [folder + file, text]));
      const own: Tree = {
        ...treeOf([...Object.keys(rules), ...paths]),
        ...rules,
        "package.json": manifestText(fields),
      };
      const tree: Tree = {
        ...Object.fromEntries(aboveIgnores.map(([folder, file, text]) => [folder + file, text])),
        ...Object.fromEntries(Object.entries(own).map(([path, entry]) => [`packages/one/${path}`, entry])),
      };
      await withTree(tree, async (workspaceRoot) => {
        const manifest = await readPackageManifest(join(workspaceRoot, "packages/one"));
        expect(await listFiles(manifest, { workspaceRoot })).toEqual(
          await listFilesWithNpm(manifest, { workspaceRoot }),
        );
      });
    }),
    { numRuns: process.env["SLIPWAY_DEEP"] === "1" ? 3_000 : 150 },
  );
});
