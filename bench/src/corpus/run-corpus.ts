/** Carries one corpus through everything: registry, release, install, comparisons. What was found is returned, not judged. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startVerdaccioProcess } from "@slipway/testkit";

import { compareDocuments } from "./compare-documents.ts";
import { compareEntries } from "./compare-entries.ts";
import { compareTarballs } from "./compare-tarballs.ts";
import { prepareCorpus } from "./corpus.ts";
import type { CorpusOptions } from "./corpus.ts";
import { uploadExternals } from "./externals.ts";
import { installTops } from "./install.ts";
import { releaseCorpus } from "./release.ts";
import type { CorpusFindings } from "./results.ts";

export async function runCorpus(options: Required<CorpusOptions>): Promise<CorpusFindings> {
  const { say } = options;
  const folder = await mkdtemp(join(tmpdir(), "slipway-corpus-"));
  try {
    const corpus = await prepareCorpus(folder, options);
    const registry = await startVerdaccioProcess();
    try {
      say(`${corpus.family}: uploading ${corpus.externals.length} packages that are there beforehand`);
      await uploadExternals(registry.url, registry.token, corpus.externals);
      say(`${corpus.family}: releasing ${corpus.packages.length} packages`);
      const release = await releaseCorpus(corpus, registry);
      say(`${corpus.family}: comparing`);
      const packs = await compareTarballs(corpus, release.tarballs, join(folder, "pack-home"));
      const entries = await compareEntries(corpus, release, registry.url);
      const documents = await compareDocuments(corpus, release);
      say(`${corpus.family}: installing`);
      const install = await installTops(corpus.packages, registry, join(folder, "consumer"));
      return {
        family: corpus.family,
        pinnedAt: corpus.pinnedAt,
        packageCount: corpus.packages.length,
        edgeCount: corpus.packages.reduce((sum, { dependencies }) => sum + dependencies.length, 0),
        externalCount: corpus.externals.length,
        first: release.first,
        second: release.second,
        packs,
        entries,
        documents,
        install,
      };
    } finally {
      await registry.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
