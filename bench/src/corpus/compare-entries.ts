/**
 * Reads back what the registry shows of each released package, and holds it against the package.json in the tarball:
 * raw, field by field, and in the canonical form of invariant I3.
 */
import { createHash } from "node:crypto";

import { diffPublishedFields, isJsonObject, publishedFields } from "@slipway/core";
import { httpRequest, integrityOf } from "@slipway/testkit";
import * as tar from "tar";

import type { Corpus } from "./corpus.ts";
import { explainDifferences } from "./explain.ts";
import type { Explanation } from "./explain.ts";
import type { ExplainContext } from "./npm-rules.ts";
import type { Release, ReleasedTarball } from "./release.ts";

export interface EntryComparison {
  readonly name: string;
  readonly differences: readonly Explanation[];
  /** Fields of I3 that differ even in canonical form: what an install would notice. */
  readonly installDifferences: readonly string[];
}

/** What is looked at in one tarball. */
interface TarballText {
  readonly packageJson: Readonly<Record<string, unknown>>;
  readonly paths: readonly string[];
  readonly readme: { readonly path: string; readonly text: string } | undefined;
  readonly authors: string | undefined;
}

export async function compareEntries(
  corpus: Corpus,
  release: Release,
  registry: string,
): Promise<readonly EntryComparison[]> {
  const comparisons: EntryComparison[] = [];
  for (const { name, version } of corpus.packages) {
    const tarball = release.tarballs.get(name);
    if (tarball === undefined) throw new Error(`slipway made no tarball of ${name}`);
    const answer = await httpRequest(`${registry}/${name.replace("/", "%2f")}`);
    const versions = isJsonObject(answer.json) ? answer.json["versions"] : undefined;
    const entry = isJsonObject(versions) ? versions[version] : undefined;
    if (!isJsonObject(entry)) throw new Error(`the registry does not show ${name}@${version}`);
    comparisons.push(await compareEntry(name, version, entry, tarball, { commit: release.commit, registry }));
  }
  return comparisons;
}

async function compareEntry(
  name: string,
  version: string,
  entry: Readonly<Record<string, unknown>>,
  { path, bytes }: ReleasedTarball,
  { commit, registry }: { readonly commit: string; readonly registry: string },
): Promise<EntryComparison> {
  const text = await readTarballText(path);
  const context: ExplainContext = {
    ...text,
    commit,
    integrity: integrityOf(bytes),
    shasum: createHash("sha1").update(bytes).digest("hex"),
    tarballUrl: `${registry}/${name}/-/${name.slice(name.indexOf("/") + 1)}-${version}.tgz`,
    nodeVersion: process.versions.node,
  };
  const hasGypFile = text.paths.includes("binding.gyp");
  return {
    name,
    differences: explainDifferences(text.packageJson, entry, context),
    installDifferences: diffPublishedFields(
      publishedFields(text.packageJson, { hasGypFile }),
      publishedFields(entry, { hasGypFile }),
    ),
  };
}

/** Unpacks in memory, with the library that npm unpacks with. */
async function readTarballText(file: string): Promise<TarballText> {
  const paths: string[] = [];
  const texts = new Map<string, string>();
  await tar.list({
    file,
    onReadEntry: (entry) => {
      const path = entry.path.slice(entry.path.indexOf("/") + 1);
      paths.push(path);
      if (!/^(package\.json|AUTHORS|readme(\.[^/]*)?)$/i.test(path)) return;
      const chunks: Buffer[] = [];
      entry.on("data", (chunk: Buffer) => chunks.push(chunk));
      entry.on("end", () => texts.set(path, Buffer.concat(chunks).toString("utf8")));
    },
  });
  const packageJson: unknown = JSON.parse(texts.get("package.json") ?? "null");
  if (!isJsonObject(packageJson)) throw new Error(`${file} holds no package.json`);
  const readmes = [...texts.keys()].filter((path) => /^readme(\.[^/]*)?$/i.test(path));
  const readme =
    readmes.find((path) => /\.m?a?r?k?d?o?w?n?$/i.test(path)) ?? readmes.find((path) => path.endsWith("README"));
  return {
    packageJson,
    paths,
    readme: readme === undefined ? undefined : { path: readme, text: texts.get(readme) ?? "" },
    authors: texts.get("AUTHORS"),
  };
}
