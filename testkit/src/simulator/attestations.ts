/**
 * What the npm registry checks of a provenance bundle that comes with an upload, and where it shows it. It does not check the bundle's
 * cryptography: whether a signature is right, real Sigstore libraries say elsewhere.
 */
import { createHash } from "node:crypto";
import { type Answer, isJsonObject } from "@slipway/core";
import { respond } from "./profile.ts";

type JsonObject = Readonly<Record<string, unknown>>;

export interface Attestation {
  readonly predicateType: string;
  readonly bundle: JsonObject;
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return isJsonObject(json) ? json : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function statementOf(bundle: JsonObject): JsonObject | undefined {
  const envelope = isJsonObject(bundle["dsseEnvelope"]) ? bundle["dsseEnvelope"] : {};
  const { payload } = envelope;
  return typeof payload === "string" ? parseObject(Buffer.from(payload, "base64").toString("utf8")) : undefined;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((found, key) => (isJsonObject(found) ? found[key] : undefined), value);
}

function plainRepository(url: unknown): string {
  return String(url)
    .replace(/^git\+/, "")
    .replace(/\.git$/, "");
}

function refusal(why: string): { readonly answer: Answer } {
  return { answer: respond(422, { error: `Error verifying sigstore provenance bundle: ${why}` }) };
}

/** The attestation in `text`, or npm's refusal. The answers' second halves are npm's own where a public thread has them. */
export function readAttestation(
  text: string,
  name: string,
  version: string,
  manifest: JsonObject,
  bytes: Uint8Array,
): Attestation | { readonly answer: Answer } {
  const bundle = parseObject(text);
  const statement = bundle === undefined ? undefined : statementOf(bundle);
  if (bundle === undefined || statement === undefined) return refusal("Unable to parse the bundle");
  const subjects = Array.isArray(statement["subject"]) ? statement["subject"] : [];
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const sha512 = createHash("sha512").update(bytes).digest("hex");
  const isOurs = subjects.some((subject) => at(subject, "name") === purl && at(subject, "digest", "sha512") === sha512);
  if (!isOurs) return refusal(`Failed to validate subject: expected ${purl} with the sha512 of the tarball`);
  const attested = at(statement, "predicate", "buildDefinition", "externalParameters", "workflow", "repository");
  const declared = at(manifest, "repository", "url") ?? manifest["repository"];
  if (plainRepository(declared) !== plainRepository(attested))
    return refusal(
      `Failed to validate repository information: package.json: "repository.url" is ${JSON.stringify(declared ?? "")}, expected to match ${JSON.stringify(attested)} from provenance`,
    );
  return { predicateType: String(statement["predicateType"]), bundle };
}
