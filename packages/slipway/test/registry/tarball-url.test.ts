import { expect, test } from "vitest";
import { findTarballUrl } from "../../src/registry/tarball-url.ts";

const fallback = new URL("https://r.test/npm/a/-/a-1.0.0.tgz");
const registry = new URL("https://r.test/npm/");
const defaultRegistry = "https://public.test/";

test.each<[string, string | undefined, string | undefined, string | undefined]>([
  ["what was announced", "https://cdn.test/x/a.tgz", undefined, "https://cdn.test/x/a.tgz"],
  ["the registry's own address when nothing was announced", undefined, undefined, fallback.href],
  ["an address relative to the registry", "a/-/a.tgz", undefined, "https://r.test/npm/a/-/a.tgz"],
  [
    "the default registry's host replaced",
    "https://public.test/a/-/a.tgz?x=1",
    undefined,
    "https://r.test/a/-/a.tgz?x=1",
  ],
  ["the default registry's host, by its name", "https://public.test/a.tgz", "npmjs", "https://r.test/a.tgz"],
  ["nothing replaced with never", "https://public.test/a.tgz", "never", "https://public.test/a.tgz"],
  ["every host replaced with always", "https://cdn.test/a/-/a.tgz", "always", "https://r.test/a/-/a.tgz"],
  ["the host that is named", "http://inner.test:4873/a.tgz", "inner.test:4873", "https://r.test/a.tgz"],
  ["another host than the named one", "https://cdn.test/a.tgz", "inner.test", "https://cdn.test/a.tgz"],
  ["the named prefix", "https://old.test/npm/v1/a/-/a.tgz", "https://old.test/npm/v1", "https://r.test/npm/a/-/a.tgz"],
  [
    "a longer name than the prefix",
    "https://old.test/npm2/a.tgz",
    "https://old.test/npm",
    "https://old.test/npm2/a.tgz",
  ],
  ["https for http on the registry's own host", "http://r.test/npm/a.tgz", undefined, "https://r.test/npm/a.tgz"],
  ["http on another port of it", "http://r.test:8080/a.tgz", undefined, "http://r.test:8080/a.tgz"],
  ["http on another host", "http://cdn.test/a.tgz", undefined, "http://cdn.test/a.tgz"],
  ["nothing for a file", "file:///etc/passwd", undefined, undefined],
  ["nothing for what is no URL", "http://", undefined, undefined],
])("a tarball is fetched from %s", (_, announced, rule, expected) => {
  const replacement = { ...(rule === undefined ? {} : { rule }), defaultRegistry };
  expect(findTarballUrl(announced, fallback, registry, replacement)?.href).toBe(expected);
});

test("without npm's configuration no host is replaced", () => {
  expect(findTarballUrl("https://public.test/a.tgz", fallback, registry, {})?.href).toBe("https://public.test/a.tgz");
});
