/** What the snippets of the reference are put into, so that they are whole files: a workflow that has no findings of its own. */
import type { Example } from "../../src/workflow-lint/rule.ts";

const job = `on:
  push:
    branches: [main]
permissions: {}
concurrency: { group: release, cancel-in-progress: false }
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: npm
    permissions:
      contents: read
`;

export const framePath = ".github/workflows/release.yml";

export function frameExample(frame: Example["frame"], text: string): string {
  if (frame !== "steps") return text;
  // What is needed so that the rules for releases look at it, and for those about credentials.
  const publish = "- run: npx --yes slipway publish elsewhere\n";
  const isPublishing = /publish (release|package|a\.tgz|--workspace)/.test(text);
  const packages = /setup-node|packages }}|NODE_AUTH_TOKEN/.test(text) ? "      packages: write\n" : "";
  const steps = `${text}${isPublishing ? "" : publish}`.replaceAll(/^(?=.)/gm, "      ");
  return `${job}${packages}    steps:\n${steps}`;
}
