/** What the expectations of `conformance.ts` are written with: sending, reading back, and asserting on both. */
import assert from "node:assert/strict";

import type { Answer, Packument, PackumentVersion, Reading, RegistryPort, ServedTarball } from "@slipway/core";

import { tinyTarball } from "./tiny-tarball.ts";
import { integrityOf } from "./upload-document.ts";

/** What an expectation is given: a registry, and a package name that nobody has used there. */
export interface ConformanceSubject {
  readonly registry: RegistryPort;
  readonly name: string;
  /**
   * Stores the tarball of a version without its metadata, as a registry does that is killed or runs out of disk in the
   * middle of an upload.
   */
  readonly wedge: (version: string) => Promise<void>;
}

interface Sent {
  readonly bytes: Uint8Array;
  readonly integrity: string;
  readonly answer: Answer;
}

interface SendOptions {
  readonly tag?: string;
  readonly contents?: string;
  readonly manifest?: Readonly<Record<string, unknown>>;
  /** Claimed in place of the bytes' own. */
  readonly integrity?: string;
}

export async function send(
  { registry, name }: ConformanceSubject,
  version: string,
  options: SendOptions = {},
): Promise<Sent> {
  const manifest = { name, version, ...options.manifest };
  const bytes = tinyTarball(manifest, options.contents ?? `contents of ${name}@${version}`);
  const integrity = integrityOf(bytes);
  const answer = await registry.upload({
    name,
    version,
    tag: options.tag ?? "latest",
    access: "public",
    manifest,
    bytes,
    integrity: options.integrity ?? integrity,
  });
  return { bytes, integrity, answer };
}

export function statusOf(answer: Answer): number | string {
  return answer.kind === "response" ? answer.status : answer.reason;
}

export function isAccepted(answer: Answer): boolean {
  return answer.kind === "response" && answer.status >= 200 && answer.status < 300;
}

export function assertAccepted(answer: Answer): void {
  assert.ok(isAccepted(answer), `not accepted: ${statusOf(answer)}`);
}

export function shown<T>(reading: Reading<T>): T {
  if (reading.kind !== "shown") assert.fail(`expected something shown, found it ${JSON.stringify(reading)}`);
  return reading.value;
}

export function assertAbsent(reading: Reading<unknown>): void {
  assert.equal(reading.kind, "absent");
}

export async function fresh({ registry, name }: ConformanceSubject): Promise<Packument> {
  return shown(await registry.readPackument(name, "fresh"));
}

export async function tags(subject: ConformanceSubject): Promise<Readonly<Record<string, string>>> {
  const { distTags } = await fresh(subject);
  const plain = shown(await subject.registry.readPackument(subject.name, "plain"));
  assert.deepEqual(Object.fromEntries(plain.distTags), Object.fromEntries(distTags), "fresh and plain tags differ");
  return Object.fromEntries(distTags);
}

export function versionOf(packument: Packument, version: string): PackumentVersion {
  const entry = packument.versions.get(version);
  if (entry === undefined) assert.fail(`${packument.name}@${version} is not shown`);
  return entry;
}

/** Downloads a version from where its packument says that it is. */
export async function tarball(subject: ConformanceSubject, version: string, keepBytes = false): Promise<ServedTarball> {
  const { tarball: url } = versionOf(await fresh(subject), version);
  return shown(await subject.registry.readTarball(subject.name, version, url, keepBytes));
}
