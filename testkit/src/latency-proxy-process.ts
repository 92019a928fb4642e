/** The process behind `startLatencyProxy`. It must not be imported. */
import { startFaultProxy } from "./fault-proxy.ts";
import { serveFor } from "./server-process.ts";

const { target, latencyMs, connectLatencyMs } = JSON.parse(process.argv[2] ?? "");
const { url } = await startFaultProxy({ target, latencyMs, connectLatencyMs, inspect: false });
serveFor(url);
