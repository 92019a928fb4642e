import assert from "node:assert/strict";
import { test } from "node:test";
import { createHai3 } from "@hai3/framework";
import { createHai3Hooks } from "@hai3/react";

/** As much of React as the hooks need: one tree, rendered again when a store says so. */
function createTinyReact() {
  /** @type {Set<() => void>} */
  let subscriptions = new Set();
  let renders = 0;
  const React = {
    /** @param {any} value @returns {any} */
    createContext(value) {
      const context = { value, Provider: undefined };
      context.Provider = /** @type {any} */ (
        (/** @type {any} */ props) => {
          context.value = props.value;
          return props.children;
        }
      );
      return context;
    },
    useContext: (/** @type {any} */ context) => context.value,
    createElement(/** @type {any} */ type, /** @type {any} */ props, /** @type {any[]} */ ...children) {
      return { type, props: { ...props, children: children[0] } };
    },
    useSyncExternalStore(/** @type {any} */ subscribe, /** @type {any} */ getSnapshot) {
      const before = getSnapshot();
      subscriptions.add(
        subscribe(() => {
          if (!Object.is(before, getSnapshot())) rerender();
        }),
      );
      return before;
    },
  };
  let rerender = () => {};
  return {
    React,
    renders: () => renders,
    /** @param {() => any} makeTree */
    render(makeTree) {
      /** @type {{ output: any }} */
      const root = { output: undefined };
      rerender = () => {
        for (const stop of subscriptions) stop();
        subscriptions = new Set();
        renders += 1;
        let node = makeTree();
        while (typeof node?.type === "function") node = node.type(node.props);
        root.output = node;
      };
      rerender();
      return root;
    },
  };
}

async function startApp() {
  const app = createHai3({
    state: { user: "Ada", clicks: 0 },
    screensets: [
      {
        id: "shop",
        screens: [
          { id: "home", path: "/" },
          { id: "order", path: "/orders/:id" },
        ],
      },
    ],
    i18n: { locale: "en", messages: { en: { hi: "Hello, {name}" }, de: { hi: "Hallo, {name}" } } },
  });
  await app.start();
  return app;
}

test("a component renders again when the part that it uses is another, and only then", async () => {
  const app = await startApp();
  const { React, render, renders } = createTinyReact();
  const { Hai3Provider, useAppState } = createHai3Hooks(React);
  const Name = () => useAppState((state) => state["user"]);
  const root = render(() => React.createElement(Hai3Provider, { app }, React.createElement(Name, {})));
  assert.equal(root.output, "Ada");
  app.get("state").update((state) => ({ ...state, clicks: 1 }));
  assert.equal(renders(), 1);
  app.get("state").update((state) => ({ ...state, user: "Grace" }));
  assert.equal(root.output, "Grace");
  assert.equal(renders(), 2);
  await app.stop();
});

test("screens and translations follow navigation and locale", async () => {
  const app = await startApp();
  const { React, render } = createTinyReact();
  const { Hai3Provider, useNavigate, useScreen, useService, useTranslation } = createHai3Hooks(React);
  /** @type {ReturnType<typeof useNavigate>} */
  let navigate = () => assert.fail("nothing was rendered");
  const Page = () => {
    navigate = useNavigate();
    const screen = useScreen();
    const { t, locale } = useTranslation();
    assert.equal(useService("i18n").locale, locale);
    return `${screen?.screen.id} ${screen?.params["id"] ?? "-"} ${t("hi", { name: locale })}`;
  };
  const root = render(() => React.createElement(Hai3Provider, { app }, React.createElement(Page, {})));
  assert.equal(root.output, "home - Hello, en");
  navigate("shop/order", { id: 7 });
  assert.equal(root.output, "order 7 Hello, en");
  app.get("i18n").setLocale("de");
  assert.equal(root.output, "order 7 Hallo, de");
  await app.stop();
});

test("a hook outside the provider says what is missing", () => {
  const { React } = createTinyReact();
  assert.throws(() => createHai3Hooks(React).useApp(), /no <Hai3Provider/);
});
