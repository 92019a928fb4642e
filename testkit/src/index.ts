/** What tests and benches use. Nothing outside them imports it. */
export { foldAccessLog, isRegistryWrite, writesOf } from "./access-log.ts";
export type { AccessLogEntry } from "./access-log.ts";
export { conformance } from "./conformance.ts";
export type { Expectation } from "./conformance.ts";
export type { ConformanceSubject } from "./conformance-subject.ts";
export { startFaultProxy, startLatencyProxy } from "./fault-proxy.ts";
export type { FaultProxy, FaultProxyOptions, LatencyProxy } from "./fault-proxy.ts";
export type { Fault, FaultRule, FaultStage } from "./fault-rules.ts";
export { httpRequest } from "./http-request.ts";
export type { HttpRequest, HttpResponse } from "./http-request.ts";
export { emptyPlan, plainOptions, planOf, smallPlan, stepsOf } from "./small-plan.ts";
export { knownAnswers } from "./known-answers.ts";
export type { KnownAnswer } from "./known-answers.ts";
export { installAndImport, npm } from "./npm-client.ts";
export type { LoadedPackage, NpmOptions } from "./npm-client.ts";
export type { FaultProxyHooks } from "./proxy-exchange.ts";
export type { ProxyLogEntry, ProxyOutcome } from "./proxy-log.ts";
export {
  cleanEnvironment,
  createHome,
  runProcess,
  runSlipway,
  startNode,
  startProcess,
  startSlipway,
} from "./run-process.ts";
export type {
  Environment,
  Home,
  HomeOptions,
  ProcessOptions,
  ProcessResult,
  RunningProcess,
  SlipwayOptions,
} from "./run-process.ts";
export { startHttpFace } from "./simulator/http-face.ts";
export type { HttpFace, HttpFaceOptions } from "./simulator/http-face.ts";
export { npm as npmProfile } from "./simulator/npm-profile.ts";
export type { Profile } from "./simulator/profile.ts";
export { allAfter } from "./simulator/visibility.ts";
export { chain, createWorkspace, layers, twelveWithDiamonds } from "./test-workspace.ts";
export type { PackageSpec, TestWorkspace, WorkspaceSpec } from "./test-workspace.ts";
export { integrityOf } from "./upload-document.ts";
export { registryNpmrc, startVerdaccio, startVerdaccioProcess } from "./verdaccio.ts";
export type { Verdaccio, VerdaccioOptions, VerdaccioProcess, VerdaccioUser } from "./verdaccio.ts";
