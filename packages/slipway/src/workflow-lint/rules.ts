/** All rules, in the order in which the reference lists them. */
import type { Rule } from "./rule.ts";
import { cacheWithCredential, unpinnedAction } from "./rules/actions.ts";
import { diffDecides, doubledSlash, missingHistory, privateNotFiltered, staleBase } from "./rules/changes.ts";
import { gitlabCancelledRelease, gitlabCredentialInFile, gitlabMaskedFailure } from "./rules/gitlab.ts";
import { ignoreWithoutReason, notAWorkflow } from "./rules/files.ts";
import { outputInjection, templateInjection } from "./rules/injection.ts";
import { excessivePermissions, missingPermissions, persistedCredentials, writeWithCode } from "./rules/permissions.ts";
import { fixedWait, lostOutputs, maskedFailure, versionAsProof } from "./rules/proof.ts";
import { handKeptOrder, prereleaseWithoutTag, skippedChecks, tagBeforePublish } from "./rules/publishing.ts";
import { cancelledRelease, competingPublishers, missingConcurrency } from "./rules/runs.ts";
import { credentialInFile, longLivedToken, secretOutsideEnvironment, secretWithCode } from "./rules/secrets.ts";
import { dangerousTrigger, publishOnPullRequest } from "./rules/triggers.ts";

export const rules: readonly Rule[] = [
  templateInjection,
  outputInjection,
  dangerousTrigger,
  publishOnPullRequest,
  unpinnedAction,
  cacheWithCredential,
  missingPermissions,
  excessivePermissions,
  writeWithCode,
  persistedCredentials,
  secretOutsideEnvironment,
  secretWithCode,
  longLivedToken,
  credentialInFile,
  missingConcurrency,
  cancelledRelease,
  competingPublishers,
  maskedFailure,
  versionAsProof,
  fixedWait,
  lostOutputs,
  missingHistory,
  staleBase,
  diffDecides,
  doubledSlash,
  privateNotFiltered,
  prereleaseWithoutTag,
  tagBeforePublish,
  skippedChecks,
  handKeptOrder,
  gitlabMaskedFailure,
  gitlabCancelledRelease,
  gitlabCredentialInFile,
  notAWorkflow,
  ignoreWithoutReason,
];
