import assert from "node:assert/strict";
import { test } from "node:test";
import { compileRoute, createScreensets } from "@hai3/screensets";

test("a route matches, decodes and makes paths", () => {
  const route = compileRoute("/orders/:id/lines/:line");
  assert.deepEqual({ ...route.match("/orders/a%20b/lines/2?sort=up#top") }, { id: "a b", line: "2" });
  assert.equal(route.match("/orders/7"), undefined);
  assert.equal(route.match("/orders/7/lines/2/more"), undefined);
  assert.equal(route.href({ id: "a b", line: 2 }), "/orders/a%20b/lines/2");
  assert.throws(() => compileRoute("/orders/:id").href(), /needs the parameter id/);
});

test("a rest parameter takes all that is left, and only at the end", () => {
  assert.deepEqual({ ...compileRoute("/files/*path").match("/files/a/b/c.txt") }, { path: "a/b/c.txt" });
  assert.equal(compileRoute("/files/*path").href({ path: "a b/c" }), "/files/a%20b/c");
  assert.throws(() => compileRoute("/*rest/more"), /not the last segment/);
  assert.throws(() => compileRoute("orders"), /does not begin with a slash/);
});

test("a broken escape in a path is kept as it is", () => {
  assert.deepEqual({ ...compileRoute("/tags/:tag").match("/tags/100%") }, { tag: "100%" });
});

test("the most specific screen wins, whatever the order of registration", () => {
  const screensets = createScreensets();
  screensets.register({ id: "any", screens: [{ id: "rest", path: "/*path" }] });
  screensets.register({
    id: "orders",
    screens: [
      { id: "one", path: "/orders/:id" },
      { id: "new", path: "/orders/new" },
      { id: "all", path: "/orders" },
    ],
  });
  const shown = ["/orders/new", "/orders/7", "/orders", "/about/us"].map((path) => screensets.match(path)?.screen.id);
  assert.deepEqual(shown, ["new", "one", "all", "rest"]);
  assert.equal(screensets.href("orders/one", { id: 7 }), "/orders/7");
  assert.throws(() => screensets.href("orders/none"), /there is no screen orders\/none/);
});

test("ids and paths are unique, and what is taken away can come back", () => {
  const screensets = createScreensets();
  let changes = 0;
  screensets.subscribe(() => void (changes += 1));
  const home = { id: "home", screens: [{ id: "start", path: "/" }] };
  const remove = screensets.register(home);
  assert.throws(() => screensets.register(home), /registered already/);
  assert.throws(
    () => screensets.register({ id: "other", screens: [{ id: "start", path: "/" }] }),
    /other\/start and home\/start share \//,
  );
  remove();
  remove();
  assert.equal(screensets.match("/"), undefined);
  screensets.register(home);
  assert.equal(changes, 3);
  assert.deepEqual(screensets.list(), [home]);
});
