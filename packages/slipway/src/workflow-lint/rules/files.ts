/** What is wrong with a file as a whole, or with a comment in it; `lint.ts` finds these itself. */
import type { Rule } from "../rule.ts";
import { unpinnedAction } from "./actions.ts";

const nothing: Rule["check"] = () => [];

const frame = (
  comment: string,
): string => `- uses: actions/download-artifact@v8 # slipway-ignore unpinned-action${comment}
- run: npx --yes slipway publish release-folder
`;

export const notAWorkflow: Rule = {
  id: "not-a-workflow",
  severity: "error",
  title: "a file among the workflows is none",
  why: "GitHub does not run a file that is not YAML or has no `jobs`, and says so only on its own page.",
  fix: "correct the file, or move it elsewhere",
  example: {
    frame: "workflow",
    before: "on: push # <--\n",
    after: "on: push\npermissions: {}\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: echo\n",
  },
  check: nothing,
};

export const ignoreWithoutReason: Rule = {
  id: "ignore-without-reason",
  severity: "warning",
  title: "a finding is accepted without a reason, or none is there to be accepted",
  why: "`# slipway-ignore <rule>: <reason>` on a line, or on a line of its own above it, accepts what that rule reports there. Without a reason nobody can tell later whether it still holds, so the finding stays; a comment that accepts nothing hides what may come.",
  fix: "write `# slipway-ignore <rule>: <reason>`, or remove the comment",
  isForAll: true,
  example: {
    frame: "steps",
    alsoFound: [unpinnedAction.id],
    before: frame(" # <--"),
    after: frame(": our fork, whose tags nobody else can move"),
  },
  check: nothing,
};
