/**
 * What a registry itself has of a version: no cache and no lagging replica stands between, so it is what the freshest
 * replica shows to an uncached read. No tool can know more, and all are judged by it.
 */
import { httpRequest, integrityOf } from "@slipway/testkit";
import type { HttpFace } from "@slipway/testkit";

/** Of every package, whatever was there before. */
export const releasedVersion = "1.0.0";

export interface Held {
  readonly latest: string | undefined;
  /** The packument shows the version, and its tarball can be downloaded and has the bytes that the packument tells. */
  readonly isInstallable: boolean;
}

export interface Truth {
  readonly read: (name: string) => Promise<Held>;
  /** The packument shows the version. */
  readonly isShown: (name: string) => Promise<boolean>;
  /** The registry has taken an upload of the version, shown or not. */
  readonly hasTaken: (name: string) => Promise<boolean>;
}

/** Of a registry without caches. */
export function truthOverHttp(url: string): Truth {
  async function readEntry(name: string) {
    const { status, json } = await httpRequest(`${url}/${name.replace("/", "%2f")}?write=true`);
    if (status !== 200) return { latest: undefined, integrity: undefined };
    const packument = json as {
      readonly versions?: Readonly<Record<string, { readonly dist: { readonly integrity: string } }>>;
      readonly "dist-tags"?: Readonly<Record<string, string>>;
    };
    const { versions = {}, "dist-tags": tags = {} } = packument;
    return { latest: tags["latest"], integrity: versions[releasedVersion]?.dist.integrity };
  }
  const isShown = async (name: string): Promise<boolean> => (await readEntry(name)).integrity !== undefined;
  return {
    isShown,
    hasTaken: isShown,
    read: async (name) => {
      const { latest, integrity } = await readEntry(name);
      if (integrity === undefined) return { latest, isInstallable: false };
      const file = `${name.slice(name.indexOf("/") + 1)}-${releasedVersion}.tgz`;
      const { status, bytes } = await httpRequest(`${url}/${name}/-/${file}`);
      return { latest, isInstallable: status === 200 && integrityOf(bytes) === integrity };
    },
  };
}

/** Of the simulated registry: asked inside, for over HTTP its tarballs come from whichever replica answers. */
export function truthOfFace({ world }: HttpFace): Truth {
  return {
    isShown: (name) => Promise.resolve(world.stateOf(name)?.versions.has(releasedVersion) === true),
    hasTaken: (name) => Promise.resolve(world.statusOf(name, releasedVersion) !== undefined),
    read: (name) => {
      const state = world.stateOf(name);
      const stored = state?.versions.get(releasedVersion);
      return Promise.resolve({
        latest: state?.distTags.get("latest"),
        isInstallable: stored?.bytes !== undefined && integrityOf(stored.bytes) === stored.integrity,
      });
    },
  };
}
