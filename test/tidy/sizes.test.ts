/** Where a file or a function has grown until nobody sees all of it at once. */
import { expect, test } from "vitest";
import { listFiles, parseSource, readSource, readText } from "./source-files.ts";

const fileLinesMax = 400;
/** Tests hold tables of cases, which are read case by case. */
const testLinesMax = 800;
const fileLinesNoted = 320;
const functionLinesMax = 90;
/** A function that makes an object of functions is read function by function. */
const outerFunctionLinesMax = 180;

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

test(`no function is longer than ${functionLinesMax} lines, or ${outerFunctionLinesMax} with the functions in it`, () => {
  const long = paths.flatMap((path) =>
    readSource(path)
      .functions.filter(
        ({ lineCount, ownLineCount }) => ownLineCount > functionLinesMax || lineCount > outerFunctionLinesMax,
      )
      .map(({ name, line, lineCount }) => `${path}:${line} ${name}: ${lineCount} lines`),
  );
  expect(long).toEqual([]);
});

test("functions of every form are measured, with and without what is inside them", () => {
  const body = "{\n  return 1;\n}";
  const text = `function a() ${body}\nconst b = () => ${body};\nconst c = { d() ${body} };\nfunction e() {\n  return () => ${body};\n}\n`;
  expect(
    parseSource("example.ts", text).functions.map(({ line, lineCount, ownLineCount }) => [
      line,
      lineCount,
      ownLineCount,
    ]),
  ).toEqual(
    expect.arrayContaining([
      [1, 3, 3],
      [4, 3, 3],
      [7, 3, 3],
      [10, 5, 4],
      [11, 3, 3],
    ]),
  );
});
