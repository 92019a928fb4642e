/** Staged versions by id, as npm lists them; what staging means for the package, the world knows. */
import { createHash, randomUUID } from "node:crypto";
import type { UploadRequest } from "@slipway/core";

export interface StagedItem {
  readonly id: string;
  readonly packageName: string;
  readonly version: string;
  /** Fixed when it is staged. */
  readonly tag: string;
  readonly createdAt: string;
  readonly actor: string;
  readonly actorType: string;
  readonly shasum: string;
  readonly access: string;
}

export interface StagedUpload {
  readonly item: StagedItem;
  readonly bytes: Uint8Array;
}

export interface Stages {
  readonly add: (request: UploadRequest, actor: string, actorType: string, at: number) => StagedItem;
  readonly find: (id: string) => StagedUpload | undefined;
  /** Oldest first; those of one package where one is named. */
  readonly list: (packageName: string | undefined) => readonly StagedItem[];
  readonly remove: (id: string) => void;
}

export function createStages(): Stages {
  const uploads = new Map<string, StagedUpload>();
  return {
    add(request, actor, actorType, at) {
      const item: StagedItem = {
        id: randomUUID(),
        packageName: request.name,
        version: request.version,
        tag: request.tag,
        createdAt: new Date(at).toISOString(),
        actor,
        actorType,
        shasum: createHash("sha1").update(request.bytes).digest("hex"),
        access: request.access ?? "public",
      };
      uploads.set(item.id, { item, bytes: request.bytes });
      return item;
    },
    find: (id) => uploads.get(id),
    list: (packageName) =>
      [...uploads.values()]
        .map(({ item }) => item)
        .filter((item) => packageName === undefined || item.packageName === packageName),
    remove: (id) => void uploads.delete(id),
  };
}
