/** Where a file or a function has grown until nobody sees all of it at once. */
import { expect, test } from "vitest";
import { listFiles, parseSource, readSource, readText } from "./source-files.ts";

const fileLinesMax = 400;
/** Tests hold tables of cases, which are read case by case. */
const testLinesMax = 700;
const fileLinesNoted = 320;
const functionLinesMax = 90;

const paths = listFiles().filter(
  (path) => path.endsWith(".ts") && !path.startsWith("examples/") && !path.includes("/fixtures/"),
);
const sizes = paths.map((path) => ({ path, lineCount: readText(path).split("\n").length - 1 }));

const isTest = (path: string): boolean => /(^|\/)test\//.test(path);

test(`no source is longer than ${fileLinesMax} lines, no test longer than ${testLinesMax}`, () => {
  expect(sizes.length).toBeGreaterThan(0);
  const noted = sizes.filter(({ path, lineCount }) => lineCount > (isTest(path) ? fileLinesMax : fileLinesNoted));
  for (const { path, lineCount } of noted) console.log(`${lineCount} lines: ${path}`);
  expect(noted.filter(({ path, lineCount }) => lineCount > (isTest(path) ? testLinesMax : fileLinesMax))).toEqual([]);
});

test(`no function is longer than ${functionLinesMax} lines`, () => {
  const long = paths.flatMap((path) =>
    readSource(path)
      .functions.filter(({ lineCount }) => lineCount > functionLinesMax)
      .map(({ name, line, lineCount }) => `${path}:${line} ${name}: ${lineCount} lines`),
  );
  expect(long).toEqual([]);
});

test("functions of every form are measured", () => {
  const body = "{\n  return 1;\n}";
  const { functions } = parseSource(
    "example.ts",
    `function a() ${body}\nconst b = () => ${body};\nconst c = { d() ${body} };\n`,
  );
  expect(functions.map(({ line, lineCount }) => [line, lineCount])).toEqual([
    [1, 3],
    [4, 3],
    [7, 3],
  ]);
});
