/**
 * Which versions wait at a registry to be approved, as far as it tells. The list is npm's (`npm stage list` of npm 11.19 reads it in
 * the same pages); tokens that were exchanged for a job's identity may not see it.
 */
import { isJsonObject, messageOf } from "@slipway/core";
import { openAsking, readPages } from "./asking.ts";
import type { RegistryOptions } from "./registry-request.ts";

export interface StagedVersion {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly tag: string | undefined;
}

export type StagedReading =
  | { readonly kind: "listed"; readonly versions: readonly StagedVersion[]; readonly isWhole: boolean }
  /** The registry does not stage. */
  | { readonly kind: "absent" }
  | { readonly kind: "unknown"; readonly reason: string };

const perPage = 100;
/** Five thousand staged versions of one account. */
const pagesMax = 50;

export async function readStagedVersions(options: RegistryOptions): Promise<StagedReading> {
  const { ask, context, close } = openAsking(options, 1);
  try {
    const read = await readPages(
      (page) => ask(`-/stage?page=${page}&perPage=${perPage}`),
      (json) => {
        if (!isJsonObject(json) || !Array.isArray(json["items"])) return undefined;
        return { items: json["items"], hasMore: json["items"].length >= perPage };
      },
      pagesMax,
    );
    if ("items" in read) return { kind: "listed", versions: read.items.flatMap(parseItem), isWhole: read.isWhole };
    const { status, reason, json } = read.refusal;
    if (status !== undefined && [404, 405, 501].includes(status)) return { kind: "absent" };
    const message = context.redactor("").text(messageOf(json));
    return { kind: "unknown", reason: message === "" ? reason : `${reason}: ${message}` };
  } finally {
    close();
  }
}

function parseItem(item: Readonly<Record<string, unknown>>): readonly StagedVersion[] {
  const { id, packageName: name, version, tag } = item;
  if (typeof id !== "string" || typeof name !== "string" || typeof version !== "string") return [];
  return [{ id, name, version, tag: typeof tag === "string" ? tag : undefined }];
}
