import { knownAnswers as cases } from "@slipway/testkit";
import { expect, test } from "vitest";
import { type Answer, answerTable, classify, messageOf } from "../src/index.ts";

function response(status: number, body: unknown): Answer {
  return { kind: "response", status, headers: {}, body };
}

test.each(cases)("$what is $class", ({ answer, class: wanted, row, code, rest }) => {
  const result = classify(answer, "upload", "a@1.0.0");
  expect({ class: result.class, row: result.row, code: result.problem?.code }).toEqual({ class: wanted, row, code });
  expect(result).toMatchObject(rest ?? {});
  if (rest?.retryAfterMs === undefined) expect(result.retryAfterMs).toBeUndefined();
});

test("every row of the table is the first match of some case", () => {
  const seen = new Set(cases.map((item) => item.row));
  expect(answerTable.filter((row) => !seen.has(row.id))).toEqual([]);
});

test("no unknown answer is ever taken for success", () => {
  for (let status = 100; status < 600; status += 1) {
    if (status >= 200 && status < 300) continue;
    expect(classify(response(status, "words nobody has seen"), "upload", "a@1.0.0").class).not.toBe("accepted");
  }
});

test.each([
  {
    body: "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<hr>nginx</body>\r\n</html>\r\n",
    message: "413 Request Entity Too Large",
  },
  { body: "<!DOCTYPE html><html><body><h1>Bad\n gateway</h1></body></html>", message: "Bad gateway" },
  { body: " plain text \n", message: "plain text" },
  { body: { error: "conflict", reason: "there" }, message: "conflict: there" },
  { body: undefined, message: "" },
])("the message of a body is one line that says something: $message", ({ body, message }) => {
  expect(messageOf(body)).toBe(message);
});
