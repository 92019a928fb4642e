/** What became of the comment on a pull request, for the terminal. */
import type { Commenting } from "../commenting.ts";
import type { Row } from "./rows.ts";
import type { Tone } from "./terminal.ts";

const commentWords: Readonly<Record<Commenting["result"], readonly [Tone, string]>> = {
  created: ["good", "Commented"],
  updated: ["good", "Commented"],
  unchanged: ["quiet", "Unchanged"],
  "not-needed": ["quiet", "No comment"],
  "no-pull-request": ["quiet", "No comment"],
  "not-allowed": ["warn", "No comment"],
};

export function commentRow({ result, pullRequest, url, reason }: Commenting): Row {
  const [tone, verb] = commentWords[result];
  const where = pullRequest === undefined ? "no pull request" : `pull request ${pullRequest}`;
  const notes: Readonly<Record<Commenting["result"], string>> = {
    created: url ?? "a first comment",
    updated: url ?? "its text is changed",
    unchanged: "the comment says so already",
    "not-needed": "there is nothing to say",
    "no-pull-request": "this event has none to comment on",
    "not-allowed": `the job's summary has the text: ${reason ?? ""}`,
  };
  return { tone, verb, what: where, note: notes[result] };
}
