/** `npm run corpus`: releases really published packages to an empty registry and proves what became of them. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startVerdaccioProcess } from "@slipway/testkit";

import { defaultFamily, prepareCorpus } from "./corpus.ts";
import { uploadExternals } from "./externals.ts";
import { releaseCorpus } from "./release.ts";

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function main([family = defaultFamily]: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-corpus-"));
  try {
    const corpus = await prepareCorpus(folder, { family, say });
    const registry = await startVerdaccioProcess();
    try {
      say(`uploading ${corpus.externals.length} packages from outside the family`);
      await uploadExternals(registry.url, registry.token, corpus.externals);
      say(`releasing ${corpus.packages.length} packages`);
      const release = await releaseCorpus(corpus, registry);
      process.stdout.write(`${JSON.stringify({ first: release.first, second: release.second }, null, 2)}\n`);
    } finally {
      await registry.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

await main(process.argv.slice(2));
