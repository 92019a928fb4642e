import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp, createHai3 } from "@hai3/framework";

/** @param {import("@hai3/framework").App} app */
function record(app) {
  /** @type {string[]} */
  const types = [];
  app.events.on("*", (event) => void types.push(event.type));
  return types;
}

test("plugins are set up after what they require and taken down the other way round", async () => {
  /** @type {string[]} */
  const steps = [];
  /** @param {string} name @param {string[]} [requires] */
  const plugin = (name, requires = []) => ({
    name,
    requires,
    /** @param {import("@hai3/framework").PluginContext} context */
    setup(context) {
      steps.push(`+${name}`);
      context.onStop(() => steps.push(`-${name}`));
    },
  });
  const app = createApp({ plugins: [plugin("c", ["b"]), plugin("a"), plugin("b", ["a"])] });
  assert.deepEqual(app.plugins, ["a", "b", "c"]);
  await app.start();
  await assert.rejects(app.start(), /started already/);
  await app.stop();
  assert.deepEqual(steps, ["+a", "+b", "+c", "-c", "-b", "-a"]);
});

test("plugins that cannot be ordered are refused at once", () => {
  const setup = () => {};
  assert.throws(
    () => createApp({ plugins: [{ name: "a", requires: ["b"], setup }, { name: "b", requires: ["a"], setup }] }),
    /a -> b -> a/,
  );
  assert.throws(() => createApp({ plugins: [{ name: "a", requires: ["z"], setup }] }), /requires z, which is not there/);
  assert.throws(() => createApp({ plugins: [{ name: "a", setup }, { name: "a", setup }] }), /two plugins have one name/);
});

test("a plugin that fails is named, and what stood before it is taken down", async () => {
  let isOpen = false;
  const app = createApp({
    plugins: [
      {
        name: "door",
        setup({ onStop, provide }) {
          isOpen = true;
          provide("door", {});
          onStop(() => void (isOpen = false));
        },
      },
      {
        name: "lock",
        setup() {
          throw new Error("no key");
        },
      },
    ],
  });
  await assert.rejects(app.start(), (error) => {
    assert.ok(error instanceof Error && error.cause instanceof Error);
    assert.match(error.message, /the plugin lock could not be set up/);
    assert.equal(error.cause.message, "no key");
    return true;
  });
  assert.equal(isOpen, false);
  assert.equal(app.status, "stopped");
  assert.deepEqual(app.services(), []);
});

test("a service is there once, and asking for one that is not says so", async () => {
  const app = createApp({
    plugins: [
      { name: "one", setup: ({ provide }) => provide("clock", 1) },
      { name: "two", setup: ({ provide }) => provide("clock", 2) },
    ],
  });
  await assert.rejects(app.start(), (error) => error instanceof Error && /two plugins provide clock/.test(String(error.cause)));
  assert.throws(() => app.get("clock"), /no plugin provides clock/);
});

test("the standard app brings state, screens, translations and requests together", async () => {
  const app = createHai3({
    state: { count: 0 },
    screensets: [
      {
        id: "main",
        screens: [
          { id: "home", path: "/" },
          { id: "order", path: "/orders/:id" },
        ],
      },
    ],
    i18n: { locale: "en", messages: { en: { hi: "Hello" }, de: { hi: "Hallo" } } },
    api: { baseUrl: "http://shop.test", fetch: async () => Response.json({ ok: true }) },
  });
  const types = record(app);
  await app.start();
  assert.deepEqual(app.services(), ["state", "screensets", "navigation", "i18n", "api"]);

  app.get("state").update((state) => ({ ...state, count: 1 }));
  app.get("navigation").go("/orders/7");
  assert.deepEqual({ ...app.get("navigation").current.get().match?.params }, { id: "7" });
  app.get("i18n").setLocale("de");
  assert.equal(app.get("i18n").t("hi"), "Hallo");
  assert.deepEqual(await app.get("api").get("health"), { ok: true });
  await app.stop();
  assert.deepEqual(types.slice(5), [
    "state:changed",
    "navigation:changed",
    "i18n:changed",
    "api:request",
    "api:response",
    "app:stopped",
  ]);
});

test("a screenset that comes later is matched against the path shown", async () => {
  const app = createHai3({ path: "/late" });
  await app.start();
  assert.equal(app.get("navigation").current.get().match, undefined);
  app.get("screensets").register({ id: "late", screens: [{ id: "screen", path: "/late" }] });
  assert.equal(app.get("navigation").current.get().match?.screen.id, "screen");
  await app.stop();
});
