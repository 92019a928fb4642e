/**
 * What any registry of the `verdaccio` kind does when spoken to through RegistryPort: one list, held against the real
 * Verdaccio and against the simulator, so that the simulator cannot drift. It must not depend on time, on the order of
 * the list, or on a package that another expectation made.
 */
import assert from "node:assert/strict";

import {
  assertAbsent,
  assertAccepted,
  fresh,
  isAccepted,
  send,
  shown,
  statusOf,
  tags,
  tarball,
  versionOf,
} from "./conformance-subject.ts";
import type { ConformanceSubject } from "./conformance-subject.ts";
import { integrityOf } from "./upload-document.ts";

export interface Expectation {
  readonly title: string;
  /** Rejects with an AssertionError when the registry does otherwise. */
  readonly check: (subject: ConformanceSubject) => Promise<void>;
}

const publishing: readonly Expectation[] = [
  {
    title: "an accepted upload is shown at once, fresh and plain, with the integrity that was sent",
    async check(subject) {
      const { answer, integrity } = await send(subject, "1.0.0");
      assert.equal(statusOf(answer), 201);
      for (const kind of ["fresh", "plain", "full"] as const) {
        const packument = shown(await subject.registry.readPackument(subject.name, kind));
        assert.equal(packument.name, subject.name);
        assert.deepEqual([...packument.versions.keys()], ["1.0.0"]);
        assert.equal(versionOf(packument, "1.0.0").integrity, integrity);
        assert.equal(versionOf(packument, "1.0.0").deprecated, undefined);
        assert.equal(versionOf(packument, "1.0.0").attested, false);
      }
      assert.equal(shown(await subject.registry.readVersion(subject.name, "1.0.0")), true);
    },
  },
  {
    title: "a fresh reading says that it is fresh",
    async check(subject) {
      assert.equal((await subject.registry.readPackument(subject.name, "fresh")).kind, "absent");
      await send(subject, "1.0.0");
      const reading = await subject.registry.readPackument(subject.name, "fresh");
      assert.ok(reading.kind === "shown" && reading.fresh);
    },
  },
  {
    title: "the tarball is served byte for byte, with or without an announced address",
    async check(subject) {
      const { bytes, integrity } = await send(subject, "1.0.0");
      const served = await tarball(subject, "1.0.0", true);
      assert.deepEqual(
        { integrity: served.integrity, sizeBytes: served.sizeBytes },
        { integrity, sizeBytes: bytes.length },
      );
      assert.deepEqual(Buffer.from(served.bytes ?? []), Buffer.from(bytes));
      const unannounced = await subject.registry.readTarball(subject.name, "1.0.0", undefined, false);
      assert.deepEqual(shown(unannounced), { integrity, sizeBytes: bytes.length, bytes: undefined });
    },
  },
  {
    title: "the manifest that was sent is shown; gitHead in the full packument only",
    async check(subject) {
      const manifest = { dependencies: { other: "^1.0.0" }, gitHead: "0123456789abcdef0123456789abcdef01234567" };
      await send(subject, "1.0.0", { manifest });
      const full = versionOf(await fresh(subject), "1.0.0");
      const plain = versionOf(shown(await subject.registry.readPackument(subject.name, "plain")), "1.0.0");
      assert.equal(full.gitHead, manifest.gitHead);
      assert.equal(plain.gitHead, undefined);
      for (const entry of [full, plain]) assert.deepEqual(entry.manifest["dependencies"], manifest.dependencies);
    },
  },
  {
    title: "the full packument tells when each version was published",
    async check(subject) {
      await send(subject, "1.0.0");
      for (const kind of ["fresh", "full"] as const) {
        const { time } = shown(await subject.registry.readPackument(subject.name, kind));
        assert.match(time?.get("1.0.0") ?? "", /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
      }
    },
  },
  {
    title: "a second version is added, and the first stays as it was",
    async check(subject) {
      const first = await send(subject, "1.0.0");
      const second = await send(subject, "1.1.0-beta.1", { tag: "beta" });
      assert.equal(statusOf(second.answer), 201);
      const { versions } = await fresh(subject);
      assert.deepEqual([...versions.keys()].toSorted(), ["1.0.0", "1.1.0-beta.1"]);
      assert.equal((await tarball(subject, "1.0.0")).integrity, first.integrity);
      assert.equal((await tarball(subject, "1.1.0-beta.1")).integrity, second.integrity);
    },
  },
  ...(["contents of the first", "other contents"] as const).map((contents) => ({
    title: `a version that is present is refused with 409, also with ${contents === "other contents" ? contents : "the same"}`,
    async check(subject: ConformanceSubject) {
      const first = await send(subject, "1.0.0", { contents: "contents of the first" });
      const { answer } = await send(subject, "1.0.0", { contents, tag: "next" });
      assert.equal(statusOf(answer), 409);
      assert.deepEqual(answer.kind === "response" && answer.body, { error: "this package is already present" });
      assert.equal(versionOf(await fresh(subject), "1.0.0").integrity, first.integrity);
      assert.equal((await tarball(subject, "1.0.0")).integrity, first.integrity);
      assert.deepEqual(await tags(subject), { latest: "1.0.0" });
    },
  })),
  {
    title: "a wrong integrity is accepted, and shown beside a tarball that does not hash to it",
    async check(subject) {
      const claimed = integrityOf(Buffer.from("something else"));
      const { answer, integrity } = await send(subject, "1.0.0", { integrity: claimed });
      assert.equal(statusOf(answer), 201);
      assert.equal(versionOf(await fresh(subject), "1.0.0").integrity, claimed);
      assert.equal((await tarball(subject, "1.0.0")).integrity, integrity);
    },
  },
];

const absences: readonly Expectation[] = [
  {
    title: "a package that was never published is absent to every read",
    async check({ registry, name }) {
      for (const kind of ["fresh", "plain", "full"] as const) assertAbsent(await registry.readPackument(name, kind));
      assertAbsent(await registry.readVersion(name, "1.0.0"));
      assertAbsent(await registry.readTarball(name, "1.0.0", undefined, false));
    },
  },
  {
    title: "a version that was never published is absent, though its package is shown",
    async check(subject) {
      await send(subject, "1.0.0");
      assertAbsent(await subject.registry.readVersion(subject.name, "9.9.9"));
      assertAbsent(await subject.registry.readTarball(subject.name, "9.9.9", undefined, false));
      assert.equal((await fresh(subject)).versions.has("9.9.9"), false);
    },
  },
  {
    title: "nothing can be changed in a package that does not exist, and trying does not make it",
    async check({ registry, name }) {
      assert.equal(isAccepted(await registry.setDistTag(name, "next", "1.0.0")), false);
      assert.equal(isAccepted(await registry.removeDistTag(name, "next")), false);
      assert.equal(isAccepted(await registry.deprecate(name, "1.0.0", "old")), false);
      assert.equal(isAccepted(await registry.removeTarball(name, "1.0.0")), false);
      assertAbsent(await registry.readPackument(name, "fresh"));
    },
  },
];

const tagging: readonly Expectation[] = [
  {
    title: "a first version becomes latest whatever tag is sent",
    async check(subject) {
      await send(subject, "1.0.0-beta.1", { tag: "beta" });
      assert.deepEqual(await tags(subject), { beta: "1.0.0-beta.1", latest: "1.0.0-beta.1" });
    },
  },
  {
    title: "a later version under another tag leaves latest alone",
    async check(subject) {
      await send(subject, "1.0.0");
      await send(subject, "1.1.0", { tag: "next" });
      assert.deepEqual(await tags(subject), { latest: "1.0.0", next: "1.1.0" });
    },
  },
  {
    title: "an upload moves the tag that it carries, down too",
    async check(subject) {
      await send(subject, "1.0.0");
      await send(subject, "2.0.0");
      assert.deepEqual(await tags(subject), { latest: "2.0.0" });
      await send(subject, "1.0.1");
      assert.deepEqual(await tags(subject), { latest: "1.0.1" });
    },
  },
  {
    title: "a tag can be set, moved up and down, and removed; other tags stay",
    async check(subject) {
      const { registry, name } = subject;
      await send(subject, "1.0.0");
      await send(subject, "1.1.0");
      for (const version of ["1.0.0", "1.1.0", "1.0.0"]) {
        assert.equal(statusOf(await registry.setDistTag(name, "stable", version)), 201);
        assert.deepEqual(await tags(subject), { latest: "1.1.0", stable: version });
      }
      assert.equal(statusOf(await registry.removeDistTag(name, "stable")), 201);
      assert.deepEqual(await tags(subject), { latest: "1.1.0" });
    },
  },
  {
    title: "latest may be moved down",
    async check(subject) {
      await send(subject, "1.0.0");
      await send(subject, "1.1.0");
      assert.equal(statusOf(await subject.registry.setDistTag(subject.name, "latest", "1.0.0")), 201);
      assert.deepEqual(await tags(subject), { latest: "1.0.0" });
    },
  },
  {
    title: "setting a tag to what it is already is accepted",
    async check(subject) {
      await send(subject, "1.0.0");
      assert.equal(statusOf(await subject.registry.setDistTag(subject.name, "latest", "1.0.0")), 201);
      assert.deepEqual(await tags(subject), { latest: "1.0.0" });
    },
  },
  {
    title: "a tag cannot be set to a version that is not there",
    async check(subject) {
      await send(subject, "1.0.0");
      assert.equal(statusOf(await subject.registry.setDistTag(subject.name, "latest", "9.9.9")), 404);
      assert.deepEqual(await tags(subject), { latest: "1.0.0" });
    },
  },
  {
    title: "removing a tag that is not there changes nothing",
    async check(subject) {
      await send(subject, "1.0.0");
      assertAccepted(await subject.registry.removeDistTag(subject.name, "next"));
      assert.deepEqual(await tags(subject), { latest: "1.0.0" });
    },
  },
  {
    title: "without latest the highest version takes its place, prereleases included",
    async check(subject) {
      await send(subject, "1.0.0");
      await send(subject, "2.0.0-beta.1", { tag: "beta" });
      assertAccepted(await subject.registry.removeDistTag(subject.name, "latest"));
      assert.deepEqual(await tags(subject), { beta: "2.0.0-beta.1", latest: "2.0.0-beta.1" });
    },
  },
];

const deprecating: readonly Expectation[] = [
  {
    title: "a deprecation is shown, fresh and plain, of its version only, and nothing else changes",
    async check(subject) {
      const { registry, name } = subject;
      const first = await send(subject, "1.0.0");
      await send(subject, "1.1.0", { manifest: { dependencies: { other: "^1.0.0" } } });
      assertAccepted(await registry.deprecate(name, "1.0.0", "use 1.1.0"));
      for (const kind of ["fresh", "plain"] as const) {
        const packument = shown(await registry.readPackument(name, kind));
        assert.equal(versionOf(packument, "1.0.0").deprecated, "use 1.1.0");
        assert.equal(versionOf(packument, "1.1.0").deprecated, undefined);
        assert.deepEqual(versionOf(packument, "1.1.0").manifest["dependencies"], { other: "^1.0.0" });
      }
      assert.equal((await tarball(subject, "1.0.0")).integrity, first.integrity);
      assert.deepEqual(await tags(subject), { latest: "1.1.0" });
    },
  },
  {
    title: "an empty message undoes a deprecation",
    async check(subject) {
      const { registry, name } = subject;
      await send(subject, "1.0.0");
      assertAccepted(await registry.deprecate(name, "1.0.0", "old"));
      assertAccepted(await registry.deprecate(name, "1.0.0", ""));
      assert.equal(versionOf(await fresh(subject), "1.0.0").deprecated, undefined);
    },
  },
  {
    title: "a version that is not there cannot be deprecated, and trying does not make it",
    async check(subject) {
      await send(subject, "1.0.0");
      assert.equal(isAccepted(await subject.registry.deprecate(subject.name, "9.9.9", "old")), false);
      assert.deepEqual([...(await fresh(subject)).versions.keys()], ["1.0.0"]);
    },
  },
];

const removing: readonly Expectation[] = [
  {
    title: "a removed tarball is absent, the other version's is not, and the packument shows both",
    async check(subject) {
      const { registry, name } = subject;
      await send(subject, "1.0.0");
      const second = await send(subject, "1.1.0");
      assertAccepted(await registry.removeTarball(name, "1.0.0"));
      assertAbsent(await registry.readTarball(name, "1.0.0", undefined, false));
      assert.equal((await tarball(subject, "1.1.0")).integrity, second.integrity);
      assert.deepEqual([...(await fresh(subject)).versions.keys()].toSorted(), ["1.0.0", "1.1.0"]);
    },
  },
  // Measured on Verdaccio 6.10.4: the tarball is written before the metadata is looked at. Only the same bytes heal.
  ...(["the same contents", "other contents"] as const).map((contents) => ({
    title: `what is sent after a tarball was removed becomes the tarball, though the answer is 409: ${contents}`,
    async check(subject: ConformanceSubject) {
      const { registry, name } = subject;
      const first = await send(subject, "1.0.0", { contents: "the same contents" });
      assertAccepted(await registry.removeTarball(name, "1.0.0"));
      const second = await send(subject, "1.0.0", { contents });
      assert.equal(statusOf(second.answer), 409);
      assert.equal(versionOf(await fresh(subject), "1.0.0").integrity, first.integrity);
      assert.equal((await tarball(subject, "1.0.0")).integrity, second.integrity);
    },
  })),
  {
    title: "a tarball that is not there cannot be removed",
    async check(subject) {
      await send(subject, "1.0.0");
      assert.equal(statusOf(await subject.registry.removeTarball(subject.name, "9.9.9")), 404);
    },
  },
];

const wedges: readonly Expectation[] = (["first", "later"] as const).flatMap((which) => [
  {
    title: `a wedged ${which} version is refused with 409, and neither packument nor version document shows it`,
    async check(subject: ConformanceSubject) {
      if (which === "later") await send(subject, "1.0.0");
      await subject.wedge("1.1.0");
      const { answer } = await send(subject, "1.1.0");
      assert.equal(statusOf(answer), 409);
      assert.deepEqual(answer.kind === "response" && answer.body, { error: "this package is already present" });
      assertAbsent(await subject.registry.readVersion(subject.name, "1.1.0"));
      for (const kind of ["fresh", "plain"] as const) {
        const { versions } = shown(await subject.registry.readPackument(subject.name, kind));
        assert.deepEqual([...versions.keys()], which === "later" ? ["1.0.0"] : []);
      }
    },
  },
  {
    title: `a wedged ${which} version can be published once its tarball is removed`,
    async check(subject: ConformanceSubject) {
      if (which === "later") await send(subject, "1.0.0");
      await subject.wedge("1.1.0");
      assertAccepted(await subject.registry.removeTarball(subject.name, "1.1.0"));
      assertAbsent(await subject.registry.readTarball(subject.name, "1.1.0", undefined, false));
      const { answer, integrity } = await send(subject, "1.1.0");
      assert.equal(statusOf(answer), 201);
      assert.equal((await tarball(subject, "1.1.0")).integrity, integrity);
      assert.deepEqual(await tags(subject), { latest: "1.1.0" });
    },
  },
]);

export const conformance: readonly Expectation[] = [
  ...publishing,
  ...absences,
  ...tagging,
  ...deprecating,
  ...removing,
  ...wedges,
];
