import assert from "node:assert/strict";
import { test } from "node:test";
import { createHai3 } from "@hai3/framework";
import { createStudio, createStudioHooks } from "@hai3/studio";

test("the studio keeps the last events, numbered and dated", async () => {
  const app = createHai3({ state: { count: 0 } });
  let time = 1000;
  const studio = createStudio(app, { capacity: 3, now: () => (time += 1) });
  await app.start();
  app.get("state").set({ count: 1 });
  app.get("navigation").go("/orders");
  assert.deepEqual(
    studio.entries().map(({ number, at, type }) => [number, at, type]),
    [
      [4, 1004, "app:started"],
      [5, 1005, "state:changed"],
      [6, 1006, "navigation:changed"],
    ],
  );
  assert.deepEqual(
    studio.find("app:*").map((entry) => entry.type),
    ["app:started"],
  );
  studio.clear();
  studio.pause();
  app.get("navigation").go("/");
  studio.resume();
  await app.stop();
  assert.deepEqual(
    studio.entries().map((entry) => entry.type),
    ["app:stopped"],
  );
  studio.dispose();
  app.events.emit("unheard");
  assert.equal(studio.entries().length, 1);
});

test("an inspection shows what the app holds, started or not", async () => {
  const app = createHai3({ state: { user: "Ada" }, path: "/start", i18n: { locale: "de" } });
  const studio = createStudio(app);
  assert.deepEqual(studio.inspect().state, undefined);
  await app.start();
  assert.deepEqual(studio.inspect(), {
    status: "started",
    plugins: ["state", "screensets", "i18n"],
    services: ["state", "screensets", "navigation", "i18n"],
    state: { user: "Ada" },
    path: "/start",
    locale: "de",
  });
  await app.stop();
});

test("the log can be written as NDJSON, whatever events carry", () => {
  const app = createHai3();
  const studio = createStudio(app, { now: () => 0 });
  app.events.emit("odd", { size: 5n, failure: new TypeError("no"), call() {} });
  assert.equal(
    studio.toNdjson(),
    '{"number":1,"at":0,"type":"odd","detail":{"size":"5n","failure":"TypeError: no","call":"[function call]"}}\n',
  );
});

test("the hook shows the log through React's own subscription", () => {
  const app = createHai3();
  const studio = createStudio(app);
  let told = 0;
  const { useStudioLog, useApp } = createStudioHooks({
    createContext: () => ({ Provider: undefined }),
    useContext: () => app,
    createElement: () => undefined,
    useSyncExternalStore: (subscribe, getSnapshot) => {
      subscribe(() => void (told += 1));
      return getSnapshot();
    },
  });
  app.events.emit("one:a");
  app.events.emit("two:b");
  assert.equal(useApp(), app);
  assert.equal(useStudioLog(studio).length, 2);
  app.events.emit("one:c");
  assert.equal(told, 1);
  assert.deepEqual(
    useStudioLog(studio, "one:*").map((entry) => entry.type),
    ["one:a", "one:c"],
  );
});
