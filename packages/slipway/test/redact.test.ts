import { expect, test } from "vitest";
import { createRedactor, secretsOfHeader } from "../src/redact.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

test.each([
  ["raw", "token is s3cr/et+value", "token is ***"],
  ["base64", `x ${base64("s3cr/et+value")} y`, "x *** y"],
  ["base64url without padding", `x ${Buffer.from("s3cr/et+value").toString("base64url")} y`, "x *** y"],
  ["URL-encoded", "?t=s3cr%2Fet%2Bvalue&x=1", "?t=***&x=1"],
  ["twice", "s3cr/et+value s3cr/et+value", "*** ***"],
])("a known secret is taken out %s", (_, text, expected) => {
  expect(createRedactor(["s3cr/et+value"]).text(text)).toBe(expected);
});

test.each([
  ["an npm token", "bad npm_abcdefghijklmnopqrstuvwxyz0123456789 token", "bad npm_*** token"],
  ["a GitHub token", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_***"],
  ["a JWT", "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl end", "got *** end"],
  ["a Bearer header", "authorization: Bearer abcdef123456", "authorization: Bearer ***"],
  ["a Basic header", "Basic dXNlcjpwYXNz", "Basic ***"],
  ["a password in a URL", "GET https://user:pass@host.test/x", "GET https://***@host.test/x"],
  ["a token in a URL", "https://abcdef@host.test/", "https://***@host.test/"],
  ["_authToken in .npmrc", "//host.test/:_authToken=abc123", "//host.test/:_authToken=***"],
  ["_authToken in JSON", '{"_authToken":"abc123"}', '{"_authToken":"***"}'],
  ["_password", "_password = c2VjcmV0 ", "_password = *** "],
])("%s is recognised by its shape", (_, text, expected) => {
  expect(createRedactor([]).text(text)).toBe(expected);
});

test.each([
  "@scope/package@1.0.0 was not found",
  "https://host.test/@scope/package/-/package-1.0.0.tgz",
  "this package is already present",
  "npm_config_registry is not set",
  "the bearer of this is basic",
  "sha512-9a0Zq+3f==",
])("%s holds no secret and stays as it is", (text) => {
  expect(createRedactor(["unrelated-secret"]).text(text)).toBe(text);
});

test("a secret inside a longer one leaves nothing of the longer one behind", () => {
  expect(createRedactor(["secret", "secret-and-more"]).text("secret-and-more secret")).toBe("*** ***");
});

test("short values are not searched for, since they would blot out words", () => {
  expect(createRedactor(["a", "", undefined, "npm"]).text("npm says a")).toBe("npm says a");
});

test("keys and nested values of JSON are redacted, other values stay", () => {
  const value = { "key-of-s3cret": [{ deep: "is s3cret" }], number: 1, none: null, yes: true };
  expect(createRedactor(["s3cret"]).json(value)).toEqual({
    "key-of-***": [{ deep: "is ***" }],
    number: 1,
    none: null,
    yes: true,
  });
});

test("the secrets of a header are its value, and for Basic the pair and the password", () => {
  expect(secretsOfHeader("Bearer abc")).toEqual(["abc"]);
  expect(secretsOfHeader(`Basic ${base64("me:pass:word")}`)).toEqual([
    base64("me:pass:word"),
    "me:pass:word",
    "pass:word",
  ]);
});

test.each(["npm_lifecycle_script", "npm_package_config_port", "npm-normalize-package-bin"])(
  "the word %s is no token",
  (word) => {
    expect(createRedactor([]).text(`running ${word}`)).toBe(`running ${word}`);
  },
);
