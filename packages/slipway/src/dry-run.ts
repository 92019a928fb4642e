/**
 * A registry that only reads. Writes are answered as if they had been accepted and show in later reads, so the same loop makes
 * the same reads and arrives at exactly the writes that a real run would send. Nothing leaves this process.
 */
import type { Answer, Clock, Packument, PackumentVersion, Reading, RegistryPort, UploadRequest } from "@slipway/core";

const accepted: Answer = { kind: "response", status: 201, headers: {}, body: undefined };

interface Overlay {
  readonly versions: Map<string, { readonly entry: PackumentVersion; readonly integrity: string; readonly sizeBytes: number }>;
  readonly tags: Map<string, string | undefined>;
}

export function createDryRunRegistry(real: RegistryPort, clock: Clock): RegistryPort {
  const overlays = new Map<string, Overlay>();
  const overlayOf = (name: string): Overlay => {
    const known = overlays.get(name) ?? { versions: new Map(), tags: new Map() };
    overlays.set(name, known);
    return known;
  };
  return {
    url: real.url,
    async readPackument(name, kind) {
      const overlay = overlays.get(name);
      const reading = await real.readPackument(name, kind);
      return overlay === undefined ? reading : applyOverlay(name, reading, overlay, clock);
    },
    readVersion: (name, version) => real.readVersion(name, version),
    async readTarball(name, version, url, keepBytes) {
      const sent = overlays.get(name)?.versions.get(version);
      if (sent === undefined) return real.readTarball(name, version, url, keepBytes);
      return { kind: "shown", value: { integrity: sent.integrity, sizeBytes: sent.sizeBytes, bytes: undefined }, at: clock.now(), fresh: true };
    },
    async upload(request: UploadRequest) {
      const { name, version, tag, manifest, integrity, bytes } = request;
      const entry = { integrity, tarball: undefined, gitHead: undefined, deprecated: undefined, attested: false, manifest };
      overlayOf(name).versions.set(version, { entry, integrity, sizeBytes: bytes.length });
      overlayOf(name).tags.set(tag, version);
      return accepted;
    },
    async setDistTag(name, tag, version) {
      overlayOf(name).tags.set(tag, version);
      return accepted;
    },
    async removeDistTag(name, tag) {
      overlayOf(name).tags.set(tag, undefined);
      return accepted;
    },
    deprecate: async () => accepted,
    removeTarball: async () => accepted,
  };
}

function applyOverlay(name: string, reading: Reading<Packument>, overlay: Overlay, clock: Clock): Reading<Packument> {
  if (reading.kind === "unavailable") return reading;
  const base = reading.kind === "shown" ? reading.value : undefined;
  const versions = new Map(base?.versions);
  const distTags = new Map(base?.distTags);
  for (const [version, { entry }] of overlay.versions) versions.set(version, entry);
  for (const [tag, version] of overlay.tags) {
    if (version === undefined) distTags.delete(tag);
    else distTags.set(tag, version);
  }
  return { kind: "shown", value: { name, versions, distTags, time: base?.time, rev: base?.rev }, at: clock.now(), fresh: true };
}
