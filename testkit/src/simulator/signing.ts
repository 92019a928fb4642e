/** The registry's own signatures, as `npm audit signatures` checks them: ECDSA P-256 over `<name>@<version>:<integrity>`. */
import { createHash, createSign, generateKeyPairSync } from "node:crypto";

export interface Signing {
  /** The document of `/-/npm/v1/keys`. */
  readonly keys: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  readonly sign: (name: string, version: string, integrity: string) => { readonly keyid: string; readonly sig: string };
}

export function createSigning(): Signing {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const der = publicKey.export({ format: "der", type: "spki" });
  const keyid = `SHA256:${createHash("sha256").update(der).digest("base64").replace(/=+$/, "")}`;
  const type = "ecdsa-sha2-nistp256";
  const made = new Map<string, string>();
  return {
    keys: { keys: [{ expires: null, keyid, keytype: type, scheme: type, key: der.toString("base64") }] },
    sign(name, version, integrity) {
      const text = `${name}@${version}:${integrity}`;
      // ECDSA gives another signature each time; a registry signs once.
      const sig = made.get(text) ?? createSign("SHA256").update(text).sign(privateKey, "base64");
      made.set(text, sig);
      return { keyid, sig };
    },
  };
}
