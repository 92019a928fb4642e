/** What tests and benches use. Nothing outside them imports it. */
export { foldAccessLog, isRegistryWrite, writesOf } from "./access-log.ts";
export type { AccessLogEntry } from "./access-log.ts";
export { startFaultProxy } from "./fault-proxy.ts";
export type { FaultProxy, FaultProxyOptions } from "./fault-proxy.ts";
export type { Fault, FaultRule, FaultStage } from "./fault-rules.ts";
export { httpRequest } from "./http-request.ts";
export type { HttpRequest, HttpResponse } from "./http-request.ts";
export type { FaultProxyHooks, ProxyLogEntry, ProxyOutcome } from "./proxy-exchange.ts";
export { integrityOf } from "./upload-document.ts";
export { registryNpmrc, startVerdaccio, startVerdaccioProcess } from "./verdaccio.ts";
export type { Verdaccio, VerdaccioOptions, VerdaccioProcess, VerdaccioUser } from "./verdaccio.ts";
