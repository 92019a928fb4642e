/** What the manifests of the published packages promise: packing one alone, from a fresh clone, ships what it has to. */
import { expect, test } from "vitest";
import { listFiles, readText } from "./source-files.ts";

const paths = listFiles();
const manifests = paths.filter(
  (path) => /^packages\/[^/]+\/package\.json$/.test(path) && JSON.parse(readText(path)).private !== true,
);

test.each(manifests)("%s builds before it is packed what git does not hold", (path) => {
  const { files, scripts } = JSON.parse(readText(path));
  const folder = path.replace("package.json", "");
  const built = files.filter((name: string) => !paths.some((item) => item.startsWith(`${folder}${name}/`)));
  expect(built).toEqual(["dist"]);
  expect(scripts).toMatchObject({ build: "tsdown", prepack: "npm run build" });
});
