/**
 * What to tell of uploads that a registry may find too large, or has found so. Registries do not say where their limit is: it must
 * not guess one, only name the sizes that matter and where limits are set.
 */
import type { Problem } from "@slipway/core";
import { formatSize } from "./views/quantities.ts";

/** The smallest limit that is common: Verdaccio 6.10 takes `10mb` (of 1024) unless its configuration says otherwise. */
const commonLimitBytes = 10 * 1024 * 1024;

/** Bytes of a tarball inside its publish document, which is JSON: base64. */
function sentBytes(tarballBytes: number): number {
  return 4 * Math.ceil(tarballBytes / 3);
}

/** A warning for a tarball that not every registry takes; undefined for all others. */
export function warnOfSize(tarballBytes: number): string | undefined {
  return sentBytes(tarballBytes) <= commonLimitBytes
    ? undefined
    : `${formatSize(sentBytes(tarballBytes))} to upload (base64): registries have a limit, Verdaccio's is 10mb unless max_body_size is set`;
}

/** Adds to a refusal for its size how large the upload was. Other problems stay as they are. */
export function explainTooLarge(refusal: Problem, tarballBytes: number): Problem {
  if (refusal.code !== "SLIP_UPLOAD_TOO_LARGE") return refusal;
  const sizes = `${formatSize(sentBytes(tarballBytes))} were sent: the tarball has ${formatSize(tarballBytes)}, its upload is base64`;
  return {
    ...refusal,
    details: [sizes],
    hint: `make the package smaller, or raise the limit above ${formatSize(sentBytes(tarballBytes))} (Verdaccio: max_body_size, 10mb unless set; nginx before it: client_max_body_size, 1m unless set), then run the same command again`,
  };
}
