/** Run by verdaccio.test.ts: uses every server of the testkit and closes it. It must then end by itself. */
import {
  httpRequest,
  startFaultProxy,
  startLatencyProxy,
  startVerdaccio,
  startVerdaccioProcess,
} from "../src/index.ts";

const embedded = await startVerdaccio();
const apart = await startVerdaccioProcess();
const proxy = await startFaultProxy({
  target: embedded.url,
  rules: [{ nth: 2, fault: { kind: "hang", when: "after" } }],
});
const latency = await startLatencyProxy({ target: apart.url, latencyMs: 5 });
const statuses: number[] = [];
const headers = { connection: "keep-alive" };
for (const { url } of [embedded, apart, proxy, latency]) statuses.push((await httpRequest(`${url}/-/ping`)).status);
const hanging = httpRequest(`${proxy.url}/-/ping`, { headers }).catch((error: unknown) => error);
while (proxy.log()[1]?.outcome !== "hung") await new Promise((resolve) => setTimeout(resolve, 10));
await Promise.all([latency.close(), proxy.close(), apart.close(), embedded.close()]);
console.log(statuses.join(" "), (await hanging) instanceof Error);
