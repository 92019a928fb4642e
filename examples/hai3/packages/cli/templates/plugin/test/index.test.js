import assert from "node:assert/strict";
import { test } from "node:test";
import { createApp } from "@hai3/framework";
import { clockPlugin } from "../src/index.js";

test("the clock knows how long the app has been running", async () => {
  let time = 1000;
  const app = createApp({ plugins: [clockPlugin({ now: () => time })] });
  await app.start();
  time = 1250;
  assert.equal(app.get("clock").uptimeMs(), 250);
  await app.stop();
});
