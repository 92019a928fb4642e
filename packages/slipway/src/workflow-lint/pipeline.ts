/** A pipeline of GitLab CI as far as the few rules for it look: the jobs of one file, their scripts and what they inherit in it. */
import { allTexts, entriesOf, find, findText, type Place, type Text, type Value } from "./document.ts";
import { placeCommands, type PlacedCommand, readVariables, type Variable } from "./workflow.ts";

export interface PipelineJob {
  readonly id: string;
  readonly place: Place;
  readonly commands: readonly PlacedCommand[];
  /** Its own, or of what it extends in the same file. */
  readonly allowFailure: Text | undefined;
  /** The same, or the default of the file. */
  readonly interruptible: Text | undefined;
}

export interface Pipeline {
  readonly path: string;
  readonly jobs: readonly PipelineJob[];
  readonly variables: readonly Variable[];
  readonly texts: readonly Text[];
}

const extendsMax = 8;

export function readPipeline(path: string, value: Value): Pipeline {
  const jobs = entriesOf(value).filter(({ value: job }) => find(job, "script") !== undefined);
  return {
    path,
    jobs: jobs.map(({ key, place, value: job }) => ({
      id: key,
      place,
      commands: ["before_script", "script"].flatMap((part) => readCommands(find(job, part))),
      allowFailure: inherit(value, job, "allow_failure"),
      interruptible: inherit(value, job, "interruptible") ?? findText(value, "default", "interruptible"),
    })),
    variables: [find(value, "variables"), ...jobs.map(({ value: job }) => find(job, "variables"))].flatMap(
      readVariables,
    ),
    texts: allTexts(value),
  };
}

function readCommands(script: Value | undefined): readonly PlacedCommand[] {
  return script === undefined ? [] : allTexts(script).flatMap(placeCommands);
}

/** The later of several parents counts, as in GitLab. */
function inherit(file: Value, job: Value, key: string, depth: number = extendsMax): Text | undefined {
  const own = findText(job, key);
  const parents = find(job, "extends");
  if (own !== undefined || parents === undefined || depth === 0) return own;
  for (const { text } of allTexts(parents).toReversed()) {
    const parent = find(file, text);
    const found = parent === undefined ? undefined : inherit(file, parent, key, depth - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
