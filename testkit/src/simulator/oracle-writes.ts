/** The oracle's rules about single writes: what must have happened before one is sent, and what must not. */
import type { Event } from "@slipway/core";
import semver from "semver";
import type { RunRecord, WriteRecord } from "./history.ts";
import {
  type Judged,
  type Rule,
  durableEvents,
  hasDownloaded,
  landedSurelyNot,
  looksAt,
  readsOf,
  specOf,
  statusOf,
  toleranceMs,
  uploadsOf,
  wasCorrupted,
  writesOf,
} from "./oracle-view.ts";
import { integrityOfStored, listSim } from "./sim-tarball.ts";

/** Asks a question of each write of each run. */
function eachWrite(ask: (write: WriteRecord, run: RunRecord, judged: Judged) => readonly string[]): Rule["check"] {
  return (judged) =>
    judged.history.runs.flatMap((run) =>
      writesOf(run).flatMap((write) =>
        ask(write, run, judged).map((message) => `${run.process}: ${describe(write)} ${message}`),
      ),
    );
}

function describe(record: WriteRecord): string {
  return `${record.write.kind} of ${specOf(record) ?? record.name} sent at ${record.sentAt}`;
}

/** Rule 1: nothing is written before every step of the plan was looked at. */
const looksFirst = eachWrite((write, run) => {
  const names = new Set((run.plan?.steps ?? []).map((step) => step.name));
  const unseen = [...names].filter((name) => looksAt(run, name, write.sentAt).length === 0);
  return unseen.length === 0 ? [] : [`before ${unseen.join(", ")} was looked at`];
});

/** I7: the k-th request of a step needs k durable lines that announce it, with its bytes. */
const journalsFirst = eachWrite((write, run) => {
  const isSame = (other: WriteRecord): boolean =>
    other.write.kind === write.write.kind && other.name === write.name && specOf(other) === specOf(write);
  const sentSoFar = writesOf(run).filter(
    (other) => isSame(other) && other.sentAt <= write.sentAt && other.id <= write.id,
  );
  const announced = durableEvents(run, write.sentAt).filter(
    (event) => event.type === "write-started" && announces(event, write),
  );
  return announced.length >= sentSoFar.length ? [] : ["had no durable line in the journal before it"];
});

function announces(
  event: { readonly step: string; readonly write: string; readonly integrity?: string },
  { write, name }: WriteRecord,
): boolean {
  switch (write.kind) {
    case "upload":
      return (
        event.write === "upload" &&
        event.step === `publish:${name}@${write.request.version}` &&
        event.integrity === write.request.integrity
      );
    case "remove-tarball":
      return event.write === "repair" && event.step === `publish:${name}@${write.version}`;
    case "set-tag":
    case "remove-tag":
      return (
        event.write === write.kind && event.step.startsWith(`dist-tag:${name}@`) && event.step.endsWith(`:${write.tag}`)
      );
    case "deprecate":
    case "unpublish":
    case "stage":
    case "approve":
    case "reject":
      return event.write === write.kind && event.step.startsWith(`${write.kind}:${name}@`);
  }
}

/** Rule 2: one write in flight for each package. */
const oneInFlight = eachWrite((write, run) => {
  const others = writesOf(run).filter((other) => other.id < write.id && other.name === write.name);
  const open = others.filter((other) => (other.answeredAt ?? Number.POSITIVE_INFINITY) > write.sentAt);
  return open.map((other) => `while the ${describe(other)} was in flight`);
});

/** I10: a request of a dead run has landed or never will before the next run on that machine writes the package. */
const runsDoNotInterleave = eachWrite((write, run, { history }) => {
  const earlier = history.writes.filter(
    (other) =>
      other.id < write.id && other.actor === run.machine && other.process !== run.process && other.name === write.name,
  );
  return earlier
    .filter((other) => other.arrivedAt !== undefined && other.arrivedAt > write.sentAt)
    .map((other) => `while the ${describe(other)} of ${other.process} was under way`);
});

/** Rule 3: a version that the last look past the caches showed is never uploaded, whatever a cache says. */
const decidesByFreshReads = eachWrite((write, run) => {
  const look = looksAt(run, write.name, write.sentAt).at(-1);
  if (look === undefined) return [];
  if (write.write.kind === "upload" && look.versions.has(write.write.request.version))
    return ["although the last look showed the version"];
  if (write.write.kind === "set-tag" && look.tags.get(write.write.tag) === write.write.version)
    return ["although the last look showed the tag there"];
  return [];
});

/** The request before this one for the same step whose effect was unknown, in this run. */
function previousUpload(write: WriteRecord, run: RunRecord): WriteRecord | undefined {
  return uploadsOf(run).findLast((other) => other.id < write.id && specOf(other) === specOf(write));
}

function repairedSince(run: RunRecord, write: WriteRecord, since: number): boolean {
  return writesOf(run).some(
    (other) => other.write.kind === "remove-tarball" && other.name === write.name && other.sentAt >= since,
  );
}

/** Rules 3 and 4: the same bytes are sent again only when absence has lasted. */
const resendsAfterAbsence = eachWrite((write, run, { limits }) => {
  if (write.write.kind !== "upload") return [];
  const spec = specOf(write);
  const { version } = write.write.request;
  const before = previousUpload(write, run);
  if (before !== undefined && (landedSurelyNot(before) || repairedSince(run, write, before.sentAt))) return [];
  const openedBefore = run.inherited.filter((event) => "step" in event && event.step === `publish:${spec}`);
  const last = openedBefore.findLast((event) => event.type === "write-started" || event.type === "write-ended");
  if (before === undefined && last?.type !== "write-started") return [];
  const since = before?.answeredAt ?? run.startedAt;
  const absent = looksAt(run, write.name, write.sentAt).filter((look) => look.at >= since);
  const lasted = (absent.at(-1)?.at ?? 0) - (absent[0]?.at ?? 0);
  if (absent.some((look) => look.versions.has(version))) return ["although it was shown since the last one"];
  return lasted + toleranceMs >= limits.settleMs
    ? []
    : [`after an absence of ${lasted} ms, which may be a replica that has not caught up`];
});

const refusedStatuses: ReadonlySet<number> = new Set([401, 402, 403, 404]);

/** Rule 4: delays and number of resends. */
const resendsSeldom = eachWrite((write, run, { limits }) => {
  if (write.write.kind !== "upload") return [];
  const before = previousUpload(write, run);
  if (before === undefined || landedSurelyNot(before)) return [];
  if (repairedSince(run, write, before.sentAt)) return [];
  const messages: string[] = [];
  const sent = uploadsOf(run).filter(
    (other) => other.id < write.id && specOf(other) === specOf(write) && !landedSurelyNot(other),
  );
  const delay = limits.resendDelaysMs[sent.length - 1];
  if (delay === undefined && !writesOf(run).some((other) => other.write.kind === "remove-tarball"))
    messages.push(`is resend ${sent.length} of at most ${limits.resendDelaysMs.length}`);
  const waited = write.sentAt - (before.answeredAt ?? Number.POSITIVE_INFINITY);
  if (delay !== undefined && waited + toleranceMs < delay)
    messages.push(`came ${waited} ms after the last, not ${delay}`);
  const status = statusOf(before);
  if (status !== undefined && refusedStatuses.has(status))
    messages.push("although the registry refused the one before for good");
  const patienceMs = status === 202 ? limits.lostAsyncMs : limits.lostMs;
  if (status !== undefined && status < 300 && waited + toleranceMs < patienceMs)
    messages.push("although the registry had accepted it");
  return messages;
});

/** Rule 4: what the registry has taken and is scanning is not sent again because its answer got lost: npm says so to who asks. */
const asksBeforeResending = eachWrite((write, run, { history }) => {
  if (!write.hasStatusEndpoint) return [];
  const before = previousUpload(write, run);
  if (write.write.kind !== "upload" || before?.arrivedAt === undefined || landedSurelyNot(before)) return [];
  const status = statusOf(before);
  if ((status !== undefined && status < 300) || !isAnsweredStaged(write)) return [];
  // Another machine's upload may be what holds the number.
  const isAlone = history.writes.every((other) => other.actor === run.machine || specOf(other) !== specOf(write));
  return isAlone ? ["while the registry was scanning the one before"] : [];
});

function isAnsweredStaged({ answer }: WriteRecord): boolean {
  return answer?.kind === "response" && /previously staged version/.test(JSON.stringify(answer.body));
}

/** Milliseconds that a 429 asks for, in seconds or until a date by the registry's own clock; 0 when it does not say. */
function pauseAskedFor({ answer }: WriteRecord): number {
  const { "retry-after": header = "0", date = "" } = answer?.kind === "response" ? answer.headers : {};
  return /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.parse(date);
}

/** Rule 4: a 429 pauses the registry for as long as it says. A request already journalled may still leave. */
const pausesWhenAsked = eachWrite((write, run) => {
  const pauses = writesOf(run).filter(
    (other) => statusOf(other) === 429 && other.registry === write.registry && other.id !== write.id,
  );
  return pauses.flatMap((other) => {
    const from = other.answeredAt ?? Number.POSITIVE_INFINITY;
    const until = from + pauseAskedFor(other);
    // Another step's line may have been on its way to the disk when the answer came; this step's cannot.
    const graceMs = other.name === write.name ? 0 : 40;
    return write.sentAt > from + graceMs && write.sentAt < until ? [`during a pause until ${until}`] : [];
  });
});

/** Rule 5 and I9: what a package depends on can be installed, and this run has seen that, before it is sent. */
const ordersByInstallable = eachWrite((write, run, { code, world }) => {
  if (write.write.kind !== "upload") return [];
  const { version } = write.write.request;
  const source = code.packages.find(({ item }) => item.name === write.name && item.version === version);
  return (source?.item.dependencies ?? []).flatMap((dependency) => {
    const sibling = code.packages.find(({ item }) => item.name === dependency.name)?.item;
    if (sibling === undefined || dependency.kind === "devDependencies") return [];
    const shown = world.stateOf(sibling.name, write.sentAt)?.versions.get(sibling.version);
    const isRight =
      shown?.bytes !== undefined &&
      (integrityOfStored(shown.bytes) === shown.integrity || wasCorrupted(world, sibling.name, sibling.version));
    if (shown === undefined || !isRight) return [`before ${sibling.name}@${sibling.version} could be installed`];
    return hasDownloaded(run, sibling.name, sibling.version, shown.integrity, write.sentAt)
      ? []
      : [`before this run had downloaded ${sibling.name}@${sibling.version}`];
  });
});

/** An upload that was taken, or whose end is not known. */
function mayHaveStuck(event: Event, later: readonly Event[], step: string): boolean {
  if (event.type !== "write-started" || event.write !== "upload" || event.step !== step) return false;
  const next = later.find(
    (item) => (item.type === "write-ended" || item.type === "write-started") && item.step === step,
  );
  return next?.type !== "write-ended" || ["accepted", "pending", "ambiguous"].includes(next.answer);
}

/** Rule 9: a stuck tarball is removed late, only our own, and never from under a version that is shown. */
const repairsCarefully = eachWrite((write, run, { limits, world }) => {
  if (write.write.kind !== "remove-tarball") return [];
  const { version } = write.write;
  const messages: string[] = [];
  if (world.stateOf(write.name, write.sentAt)?.versions.has(version) === true)
    messages.push("of a version that is shown");
  const step = `publish:${write.name}@${version}`;
  const known = [...run.inherited, ...durableEvents(run, write.sentAt)];
  if (!known.some((event, index) => mayHaveStuck(event, known.slice(index + 1), step)))
    messages.push("that no upload of this release explains");
  const absent = looksAt(run, write.name, write.sentAt);
  const lasted = (absent.at(-1)?.at ?? 0) - (absent[0]?.at ?? 0);
  if (lasted + toleranceMs < limits.wedgeMs) messages.push(`after an absence of ${lasted} ms`);
  const lookedUp = readsOf(run).some(
    (read) =>
      read.facet === "version" && read.name === write.name && read.version === version && read.result === "absent",
  );
  if (!lookedUp) messages.push("without a look at the version document");
  return messages;
});

const comparedFields = ["name", "version", "dependencies", "main"];

/** I3: the registry's copy of the manifest says what the tarball's own says. */
const describesTheTarball = eachWrite((write) => {
  if (write.write.kind !== "upload") return [];
  const { manifest, bytes } = write.write.request;
  const packed = listSim(bytes).manifest;
  const differing = comparedFields.filter(
    (field) => JSON.stringify(manifest[field] ?? {}) !== JSON.stringify(packed[field] ?? {}),
  );
  return differing.map((field) => `has another ${field} than its tarball`);
});

/** I8: what is written is what was planned and packed, and nothing else. */
const writesThePlan = eachWrite((write, run) => {
  const steps = run.plan?.steps ?? [];
  const { write: what, name } = write;
  if (what.kind === "set-tag" || what.kind === "remove-tag") {
    const isPlanned = steps.some(
      ({ goal, ...step }) =>
        step.name === name &&
        goal.kind === "dist-tag" &&
        goal.tag === what.tag &&
        goal.to === (what.kind === "set-tag" ? what.version : undefined),
    );
    return isPlanned ? [] : ["is not in the plan"];
  }
  if (what.kind === "remove-tarball")
    return steps.some((step) => step.name === name && step.version === what.version) ? [] : ["is not in the plan"];
  if (what.kind !== "upload") return ["is not in the plan"];
  const { version, bytes, integrity, tag } = what.request;
  const step = steps.find((item) => item.goal.kind === "publish" && item.name === name && item.version === version);
  if (step?.goal.kind !== "publish") return ["is not in the plan"];
  const messages: string[] = [];
  const packed = run.packed.get(`${name}@${version}`);
  if (integrityOfStored(bytes) !== integrity || integrity !== packed) messages.push("has other bytes than were packed");
  if (tag !== step.goal.sendTag) messages.push(`carries the tag ${tag} instead of ${step.goal.sendTag}`);
  return messages;
});

/** I2: who knows of bytes that were sent before, or sees the version shown, sends no others. */
const sendsOneContents = eachWrite((write, run) => {
  if (write.write.kind !== "upload") return [];
  const { integrity, version } = write.write.request;
  const step = `publish:${write.name}@${version}`;
  const known = [...run.inherited, ...durableEvents(run, write.sentAt)].flatMap((event) =>
    event.type === "write-started" && event.step === step && event.integrity !== undefined ? [event.integrity] : [],
  );
  return known.some((sent) => sent !== integrity) ? ["after other bytes had been sent for the same version"] : [];
});

/** I4: a tag is not written over a higher version that the run could have seen. */
const movesTagsForward = eachWrite((write, run, { limits }) => {
  const what = write.write;
  if (what.kind !== "upload" && what.kind !== "set-tag") return [];
  const { tag, version } = what.kind === "upload" ? what.request : what;
  const look = looksAt(run, write.name, write.sentAt).at(-1);
  const shown = look?.tags.get(tag);
  const messages: string[] = [];
  if (shown !== undefined && semver.gt(shown, version)) messages.push(`moves ${tag} back from ${shown}`);
  const age = write.sentAt - (look?.at ?? 0);
  if (age > limits.lookMaxAgeMs + toleranceMs) messages.push(`after a look that was ${age} ms old`);
  return messages;
});

export const writeChecks: readonly Rule[] = [
  { id: "rule 1", check: looksFirst },
  { id: "rule 2", check: oneInFlight },
  { id: "rule 3", check: decidesByFreshReads },
  { id: "rule 3 (settle)", check: resendsAfterAbsence },
  { id: "rule 4", check: resendsSeldom },
  { id: "rule 4 (scan)", check: asksBeforeResending },
  { id: "rule 4 (429)", check: pausesWhenAsked },
  { id: "rule 5, I9", check: ordersByInstallable },
  { id: "rule 9", check: repairsCarefully },
  { id: "I2", check: sendsOneContents },
  { id: "I3", check: describesTheTarball },
  { id: "I4", check: movesTagsForward },
  { id: "I7", check: journalsFirst },
  { id: "I8", check: writesThePlan },
  { id: "I10", check: runsDoNotInterleave },
];
