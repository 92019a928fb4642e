/** What tests and benches use. Nothing outside them imports it. */
export { foldAccessLog, isRegistryWrite, writesOf } from "./access-log.ts";
export type { AccessLogEntry } from "./access-log.ts";
export { httpRequest } from "./http-request.ts";
export type { HttpRequest, HttpResponse } from "./http-request.ts";
export { registryNpmrc, startVerdaccio, startVerdaccioProcess } from "./verdaccio.ts";
export type { Verdaccio, VerdaccioOptions, VerdaccioProcess, VerdaccioUser } from "./verdaccio.ts";
