export { createStore } from "./store.js";
export { createSelector } from "./selector.js";
