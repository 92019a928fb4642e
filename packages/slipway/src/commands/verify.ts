/** `slipway verify`: reads published versions back, every facet. Needs no publish credential and writes nothing. */
import { resolve } from "node:path";
import { stat } from "node:fs/promises";
import {
  defaultLimits,
  fail,
  findNameFault,
  findVersionFault,
  formatSpec,
  parseSpec,
  ProblemsError,
  type Verification,
} from "@slipway/core";
import { readNpmConfig } from "../auth/npmrc.ts";
import { parseRegistryUrl } from "../auth/registry-url.ts";
import { findNearestName } from "../nearest.ts";
import { openRegistries } from "../registries.ts";
import { answerQuestion, askFolder, askWorkspace, repositoryAt, type VerifyQuestion } from "../verify-question.ts";
import type { VerifyTarget } from "../verifying.ts";
import { formatVerifications } from "../views/verify-view.ts";
import { readWorkspace } from "../workspace-reader.ts";
import { type ExitCode, type Flags, textFlag, type Verb, type VerbContext } from "./verb.ts";

export interface VerifyData {
  readonly verifications: readonly Verification[];
  readonly durationMs: number;
}

export const verify: Verb<VerifyData> = {
  async command(args, flags, context) {
    const startedAt = context.clock.now();
    const question = await understand(args, flags, context);
    try {
      const verifications = await answerQuestion(question, context, flags);
      return { verifications, durationMs: context.clock.now() - startedAt };
    } finally {
      question.registries.close();
    }
  },
  views: {
    human: (data, terminal) => formatVerifications(data.verifications, terminal, data.durationMs),
    json: ({ verifications }) => ({ verifications }),
  },
  exitCode: ({ verifications }) => exitCodeOfVerifications(verifications),
};

function exitCodeOfVerifications(verifications: readonly Verification[]): ExitCode {
  const results = new Set(
    verifications.flatMap((item) =>
      item.checks.filter((check) => check.facet !== "origin").map((check) => check.result),
    ),
  );
  return results.has("failed") ? 1 : results.has("unknown") ? 3 : 0;
}

async function understand(args: readonly string[], flags: Flags, context: VerbContext): Promise<VerifyQuestion> {
  const [first] = args;
  if (first === undefined) return askWorkspace(flags, context);
  const path = resolve(context.cwd, first);
  if (args.length === 1 && (await isFolder(path))) return askFolder(path, context);
  return askSpecs(args, flags, context);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Not a path: then it is a spec.
    return false;
  }
}

async function askSpecs(args: readonly string[], flags: Flags, context: VerbContext): Promise<VerifyQuestion> {
  const registry = textFlag(flags, "registry");
  const settings = await readNpmConfig({
    cwd: context.cwd,
    env: context.env,
    ...(registry === undefined ? {} : { cliRegistry: parseRegistryUrl(registry, "--registry") }),
  });
  const names = args.some((text) => isVersionless(text)) ? await findSpecsHere(context.cwd) : [];
  const targets = args.map((text): VerifyTarget => {
    const { name, version } = parseSpec(text);
    if (version === undefined || version === "") return failUnknown(text, names);
    // A registry would be asked for what is no package, and its refusal would look like an outage. Old names may be upper case.
    const nameFault = findNameFault(name.toLowerCase());
    if (nameFault !== undefined) return fail("SLIP_USAGE", `the name in ${JSON.stringify(text)} ${nameFault}`);
    const versionFault = findVersionFault(version);
    if (versionFault !== undefined) return fail("SLIP_USAGE", `the version in ${JSON.stringify(text)} ${versionFault}`);
    return { name, version, registry: settings.registryFor(name) };
  });
  const registries = await openRegistries(
    targets.map((target) => target.registry),
    { settings, limits: defaultLimits, clock: context.clock },
  );
  return { targets, registries, limits: defaultLimits, repository: await repositoryAt(context.cwd) };
}

function isVersionless(text: string): boolean {
  const { version } = parseSpec(text);
  return version === undefined || version === "";
}

/** Specs of the workspace, if there is one here: what somebody may have meant. */
async function findSpecsHere(cwd: string): Promise<readonly string[]> {
  try {
    const { packages } = await readWorkspace(cwd);
    return packages.filter((item) => !item.isPrivate).map((item) => formatSpec(item.name, item.version));
  } catch (error) {
    // Specs may be verified anywhere: no workspace, or a broken one, only means that nothing can be proposed.
    if (error instanceof ProblemsError) return [];
    throw error;
  }
}

function failUnknown(text: string, specs: readonly string[]): never {
  const names = new Map(specs.map((spec) => [parseSpec(spec).name, spec]));
  const near = findNearestName(parseSpec(text).name, [...names.keys()]);
  const question = near === undefined ? "" : `; did you mean ${names.get(near)}?`;
  return fail(
    "SLIP_USAGE",
    `${JSON.stringify(text)} is neither a release folder nor of the form name@version${question}`,
  );
}
