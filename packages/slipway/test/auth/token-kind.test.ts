/** What a token's form tells. */
import { expect, test } from "vitest";
import { isShownAs, readTokenForm } from "../../src/auth/token-kind.ts";

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

const forms = [
  ["npm_0123456789abcdefghijABCDEFGHIJ012345", "npm", undefined],
  ["01234567-89ab-cdef-0123-456789abcdef", "npm-classic", undefined],
  [`${part({ alg: "HS256" })}.${part({ exp: 1_800_000_000 })}.c2ln`, "jwt", 1_800_000_000_000],
  [`${part({ alg: "HS256" })}.${part({ name: "slipway" })}.c2ln`, "jwt", undefined],
  [`${part({ alg: "HS256" })}.${part({ exp: "soon" })}.c2ln`, "jwt", undefined],
  // Verdaccio's legacy tokens: AES, as base64.
  ["kq0YbDsPS3hGfF1vGn0Kf8c5lFvcUQ==", "opaque", undefined],
  ["a.b.c", "opaque", undefined],
  ["", "opaque", undefined],
] as const;

test.each(forms)("%s is told by its form", (token, kind, endsAt) => {
  expect(readTokenForm(token)).toEqual({ kind, endsAt });
});

const shown = [
  ["npm_NYn6xxxxxxxxxxxxjCq0", "npm_NYn6...jCq0", true],
  ["npm_NYn6xxxxxxxxxxxxjCq0", "npm_NYn6", true],
  ["npm_NYn6xxxxxxxxxxxxjCq1", "npm_NYn6...jCq0", false],
  ["npm_AAAAxxxxxxxxxxxxjCq0", "npm_NYn6...jCq0", false],
  ["npm_NYn6xxxxxxxxxxxxjCq0", "npm_...jCq0", false],
  ["npm_NYn6jCq0", "npm_NYn6...jCq0", false],
  ["npm_NYn6xxxxxxxxxxxxjCq0", "", false],
] as const;

test.each(shown)("%s is shown as %s: %s", (token, text, isSame) => {
  expect(isShownAs(token, text)).toBe(isSame);
});
