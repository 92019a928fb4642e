/** Signed JSON web tokens, as GitHub gives them to jobs. */
import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";

export interface TokenSigner {
  sign(claims: Readonly<Record<string, unknown>>): string;
  /** What `jwks_uri` answers. */
  readonly keys: object;
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

export function createTokenSigner(): TokenSigner {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const kid = "fake-github-1";
  return {
    sign: (claims) => signWith(privateKey, { alg: "RS256", typ: "JWT", kid }, claims),
    keys: { keys: [{ ...publicKey.export({ format: "jwk" }), kid, alg: "RS256", use: "sig" }] },
  };
}

function signWith(key: KeyObject, header: object, claims: object): string {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(key).toString("base64url")}`;
}
