import assert from "node:assert/strict";
import { test } from "node:test";
import { createSelector, createStore } from "@hai3/state";

test("listeners hear of each change, with the value before it", () => {
  const store = createStore(1);
  /** @type {number[][]} */
  const heard = [];
  const stop = store.subscribe((value, previous) => void heard.push([value, previous]));
  store.set(2);
  store.set(2);
  store.update((value) => value + 1);
  stop();
  store.set(9);
  assert.deepEqual(heard, [
    [2, 1],
    [3, 2],
  ]);
  assert.equal(store.get(), 9);
});

test("a batch is one change, also when its work throws", () => {
  const store = createStore({ count: 0 });
  /** @type {number[]} */
  const heard = [];
  store.subscribe((value) => void heard.push(value.count));
  assert.equal(
    store.batch(() => {
      store.set({ count: 1 });
      store.set({ count: 2 });
      return "worked";
    }),
    "worked",
  );
  assert.throws(
    () =>
      store.batch(() => {
        store.set({ count: 3 });
        throw new Error("half way");
      }),
    /half way/,
  );
  assert.deepEqual(heard, [2, 3]);
});

test("a selection is silent while its part stays equal", () => {
  const store = createStore({ user: "Ada", clicks: 0 });
  /** @type {string[]} */
  const names = [];
  store.select(
    (state) => state.user,
    (name, previous) => void names.push(`${previous} -> ${name}`),
  );
  store.update((state) => ({ ...state, clicks: 1 }));
  store.update((state) => ({ ...state, user: "Grace" }));
  assert.deepEqual(names, ["Ada -> Grace"]);
});

test("a listener may unsubscribe another while it is called", () => {
  const store = createStore(0);
  let calls = 0;
  store.subscribe(() => stop());
  const stop = store.subscribe(() => void (calls += 1));
  store.set(1);
  assert.equal(calls, 0);
});

test("a selector computes again only for other inputs", () => {
  let computed = 0;
  const total = createSelector(
    [(/** @type {{ prices: number[], rate: number }} */ state) => state.prices, (state) => state.rate],
    (prices, rate) => {
      computed += 1;
      return prices.reduce((sum, price) => sum + price, 0) * rate;
    },
  );
  const state = { prices: [1, 2], rate: 2 };
  assert.equal(total(state), 6);
  assert.equal(total({ ...state }), 6);
  assert.equal(computed, 1);
  assert.equal(total({ ...state, rate: 3 }), 9);
  assert.equal(computed, 2);
});
