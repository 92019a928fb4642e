import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, bearer, createApi, retry } from "@hai3/api";

/**
 * A fetch that answers from a list and keeps what it was asked.
 *
 * @param {(() => Response)[]} answers
 */
function scripted(answers) {
  /** @type {Request[]} */
  const requests = [];
  const left = [...answers];
  return {
    requests,
    /** @param {Request} request */
    fetch: async (request) => {
      requests.push(request);
      const answer = left.shift();
      if (answer === undefined) throw new Error(`unexpected ${request.method} ${request.url}`);
      return answer();
    },
  };
}

test("a call goes below the base URL, with its query, headers and body", async () => {
  const server = scripted([() => Response.json({ id: 7 }, { status: 201 })]);
  const api = createApi({ baseUrl: "http://shop.test/v1", fetch: server.fetch, headers: { "x-app": "hai3" } });
  const order = await api.post("/orders", { item: "tea" }, { query: { dry: true, page: undefined } });
  assert.deepEqual(order, { id: 7 });
  const [request] = server.requests;
  assert.ok(request);
  assert.equal(request.url, "http://shop.test/v1/orders?dry=true");
  assert.equal(request.headers.get("x-app"), "hai3");
  assert.deepEqual(await request.json(), { item: "tea" });
});

test("an answer that is no success is an error that holds status and body", async () => {
  const server = scripted([() => Response.json({ error: "no such order" }, { status: 404 })]);
  const api = createApi({ baseUrl: "http://shop.test/", fetch: server.fetch });
  await assert.rejects(api.get("orders/9"), (error) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.message, "GET /orders/9 was answered 404");
    assert.equal(error.status, 404);
    assert.deepEqual(error.body, { error: "no such order" });
    return true;
  });
});

test("text stays text and an empty answer is undefined", async () => {
  const server = scripted([() => new Response("pong"), () => new Response(null, { status: 204 })]);
  const api = createApi({ baseUrl: "http://shop.test", fetch: server.fetch });
  assert.equal(await api.get("ping"), "pong");
  assert.equal(await api.delete("orders/1"), undefined);
});

test("interceptors wrap each other in the order given, and can be taken away", async () => {
  const server = scripted([() => Response.json(1), () => Response.json(2)]);
  /** @type {string[]} */
  const seen = [];
  /** @param {string} name @returns {import("@hai3/api").Interceptor} */
  const note = (name) => async (request, next) => {
    seen.push(`${name} out`);
    const response = await next(request);
    seen.push(`${name} back`);
    return response;
  };
  const api = createApi({ baseUrl: "http://shop.test", fetch: server.fetch, interceptors: [note("a")] });
  const remove = api.use(note("b"));
  await api.get("one");
  remove();
  await api.get("two");
  assert.deepEqual(seen, ["a out", "b out", "b back", "a back", "a out", "a back"]);
});

test("bearer asks for the token each time and leaves the header out without one", async () => {
  const server = scripted([() => Response.json(1), () => Response.json(2)]);
  /** @type {(string | undefined)[]} */
  const tokens = ["first", undefined];
  const api = createApi({ baseUrl: "http://shop.test", fetch: server.fetch, interceptors: [bearer(() => tokens.shift())] });
  await api.get("one");
  await api.get("two");
  assert.deepEqual(
    server.requests.map((request) => request.headers.get("authorization")),
    ["Bearer first", null],
  );
});

test("retry repeats what may be repeated, waiting longer each time", async () => {
  /** @type {number[]} */
  const waits = [];
  const again = retry({ delayMs: 10, sleep: async (ms) => void waits.push(ms) });
  const busy = () => new Response("busy", { status: 503 });
  const broken = () => {
    throw new TypeError("fetch failed");
  };
  const server = scripted([busy, broken, () => Response.json("there")]);
  const api = createApi({ baseUrl: "http://shop.test", fetch: server.fetch, interceptors: [again] });
  assert.equal(await api.put("orders/1", { item: "tea" }), "there");
  assert.deepEqual(waits, [10, 20]);
  const once = scripted([busy]);
  const poster = createApi({ baseUrl: "http://shop.test", fetch: once.fetch, interceptors: [again] });
  await assert.rejects(poster.post("orders"), /answered 503/);
  assert.equal(once.requests.length, 1);
});

test("a call that takes too long is aborted", async () => {
  const api = createApi({
    baseUrl: "http://shop.test",
    timeoutMs: 5,
    fetch: (request) =>
      new Promise((_, reject) => {
        const keepAlive = setTimeout(() => reject(new Error("the time-out did not come")), 5_000);
        request.signal.addEventListener("abort", () => {
          clearTimeout(keepAlive);
          reject(request.signal.reason);
        });
      }),
  });
  await assert.rejects(api.get("slow"), { name: "TimeoutError" });
});
