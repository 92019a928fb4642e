/**
 * One bug for each rule and invariant that the simulator can judge, planted from outside: a port that lies, a limit that
 * does not hold, a decision that is changed. The product has no switch for any of them.
 */
import {
  type Action,
  type Decision,
  type RegistryPort,
  type RunState,
  type StepState,
  type TarballContents,
  decide,
} from "@slipway/core";
import type { Tampering } from "../../src/simulator/machine.ts";
import { packSim } from "../../src/simulator/sim-tarball.ts";

export interface PlantedBug {
  /** As docs/ARCHITECTURE.md numbers rules and invariants. */
  readonly breaks: string;
  /** What is wrong, as a sentence for the table. */
  readonly bug: string;
  /** Ids of the oracle's rules; one of them has to speak. */
  readonly caughtBy: readonly string[];
  readonly tamper: Tampering;
}

/** Changes the state before each decision, as a wrong fold would have left it. */
function misjudge(change: (node: StepState, state: RunState, now: number) => void): Tampering {
  return {
    decide(state, now) {
      for (const node of state.nodes.values()) change(node, state, now);
      return decide(state, now);
    },
  };
}

function redecide(change: (decision: Decision, state: RunState, now: number) => readonly Action[]): Tampering {
  return {
    decide(state, now) {
      const decision = decide(state, now);
      return { ...decision, actions: change(decision, state, now) };
    },
  };
}

function replacePort(change: (port: RegistryPort) => Partial<RegistryPort>): Tampering {
  return { registry: (port) => ({ ...port, ...change(port) }) };
}

/** Lists served tarballs as if they were whatever was read last of ours. */
function listOnlyOurs(): Tampering {
  return {
    tarballs(store) {
      let ours: TarballContents | undefined;
      return {
        async read(name, version) {
          const tarball = await store.read(name, version);
          ours = await store.list(tarball.bytes);
          return tarball;
        },
        list: async (bytes) => ours ?? store.list(bytes),
      };
    },
  };
}

let repacked = 0;

export const plantedBugs: readonly PlantedBug[] = [
  {
    breaks: "rule 1",
    bug: "the gate opens before every step was looked at",
    caughtBy: ["rule 1"],
    tamper: misjudge((node, state, now) => {
      state.isGateOpen = true;
      node.observedAt ??= now;
    }),
  },
  {
    breaks: "rule 1",
    bug: "a reading that failed counts as absence",
    caughtBy: ["rule 1"],
    tamper: replacePort((port) => ({
      async readPackument(name, kind) {
        const reading = await port.readPackument(name, kind);
        return reading.kind === "unavailable" ? { kind: "absent", at: reading.at, fresh: true } : reading;
      },
    })),
  },
  {
    breaks: "rule 2, I7",
    bug: "the journal says that a line is durable before it is",
    caughtBy: ["I7"],
    tamper: {
      journal: (port) => ({
        append(events) {
          // What becomes of the line is nobody's business here: that is the bug.
          port.append(events).catch(() => {});
          return Promise.resolve();
        },
      }),
    },
  },
  {
    breaks: "rule 2, I7",
    bug: "lines about writes are kept in memory only",
    caughtBy: ["I7"],
    tamper: {
      journal: (port) => ({ append: (events) => port.append(events.filter(({ type }) => type !== "write-started")) }),
    },
  },
  {
    breaks: "rule 2",
    bug: "the client sends its upload a second time by itself",
    caughtBy: ["rule 2"],
    tamper: replacePort((port) => ({
      async upload(request) {
        const [first] = await Promise.all([port.upload(request), port.upload(request)]);
        return first;
      },
    })),
  },
  {
    breaks: "rule 3",
    bug: "the look before a write is answered by a cache",
    caughtBy: ["rule 1", "rule 3"],
    tamper: replacePort((port) => ({
      async readPackument(name) {
        const reading = await port.readPackument(name, "plain");
        return reading.kind === "unavailable" ? reading : { ...reading, fresh: true };
      },
    })),
  },
  {
    breaks: "rule 3",
    bug: "a cached 404 is believed and the version sent again",
    caughtBy: ["rule 3"],
    tamper: misjudge((node) => {
      if (node.status !== "accepted" || node.shown !== null) return;
      node.status = "ready";
      node.nextAt = 0;
    }),
  },
  {
    breaks: "rule 3",
    bug: "the version document is read before the first write",
    caughtBy: ["rule 3 (404)"],
    tamper: replacePort((port) => ({
      async readPackument(name, kind) {
        await port.readVersion(name, "1.0.0");
        return port.readPackument(name, kind);
      },
    })),
  },
  {
    breaks: "rule 3",
    bug: "a version that is being scanned is looked for through the caches",
    caughtBy: ["rule 3 (scan)"],
    tamper: replacePort((port) => ({
      async readPackument(name, kind) {
        await port.readPackument(name, "plain");
        return port.readPackument(name, kind);
      },
    })),
  },
  {
    breaks: "rule 3",
    bug: "absence is believed at once after a write that may have landed",
    caughtBy: ["rule 3 (settle)"],
    tamper: { limits: { settleMs: 0 } },
  },
  {
    breaks: "rule 4",
    bug: "the same bytes are sent again without a pause, and without end",
    caughtBy: ["rule 4"],
    tamper: { limits: { settleMs: 0, resendDelaysMs: Array.from({ length: 50 }, () => 0) } },
  },
  {
    breaks: "rule 4",
    bug: "an upload that was accepted and is not shown yet is sent again",
    caughtBy: ["rule 4"],
    tamper: { limits: { lostMs: 0, lostAsyncMs: 0 } },
  },
  {
    breaks: "rule 4",
    bug: "an upload whose answer got lost is sent again without asking whether the registry is scanning it",
    caughtBy: ["rule 4 (scan)"],
    tamper: replacePort(() => ({ readStatus: async () => undefined })),
  },
  {
    breaks: "rule 4",
    bug: "a 429 is not waited for",
    caughtBy: ["rule 4 (429)"],
    tamper: misjudge((node, state) => {
      state.pausedUntil.clear();
      node.nextAt = 0;
    }),
  },
  {
    breaks: "rule 4",
    bug: "a refused upload is tried again",
    caughtBy: ["rule 4"],
    tamper: misjudge((node, state) => {
      if (node.problem?.code !== "SLIP_UPLOAD_UNAUTHORISED" || node.status !== "failed") return;
      node.status = "ready";
      state.open.add(node);
    }),
  },
  {
    breaks: "rule 5, I9",
    bug: "a dependent waits for nothing",
    caughtBy: ["rule 5, I9"],
    tamper: misjudge((node) => {
      node.waitingOn = 0;
    }),
  },
  {
    breaks: "rule 5, I9",
    bug: "a dependency counts once its upload was answered",
    caughtBy: ["rule 5, I9"],
    tamper: misjudge((node, state) => {
      const answered = node.step.after.every((id) => {
        const status = state.nodes.get(id)?.status;
        return status === "accepted" || status === "done";
      });
      if (answered) node.waitingOn = 0;
    }),
  },
  {
    breaks: "rule 6",
    bug: "the shortest chain goes first",
    caughtBy: ["rule 6"],
    tamper: redecide(({ actions }) => actions.toSorted((a, b) => a.priority - b.priority)),
  },
  {
    breaks: "rule 7",
    bug: "the first failure stops everything",
    caughtBy: ["rule 7"],
    tamper: redecide(({ actions }, state) =>
      [...state.nodes.values()].some(({ status }) => status === "failed") ? [] : actions,
    ),
  },
  {
    breaks: "rule 8, I6",
    bug: "a tarball counts as downloaded without a request",
    caughtBy: ["rule 8, I6"],
    tamper: replacePort((port) => ({
      async readTarball(name, version) {
        const reading = await port.readPackument(name, "plain");
        const integrity = reading.kind === "shown" ? reading.value.versions.get(version)?.integrity : undefined;
        if (integrity === undefined) return { kind: "absent", at: reading.at, fresh: false };
        return { kind: "shown", at: reading.at, fresh: true, value: { integrity, sizeBytes: 1, bytes: undefined } };
      },
    })),
  },
  {
    breaks: "rule 8, I6",
    bug: "an accepted upload counts as published",
    caughtBy: ["rule 8, I6"],
    tamper: misjudge((node, state) => {
      if (node.status !== "accepted") return;
      node.status = "done";
      state.open.delete(node);
    }),
  },
  {
    breaks: "I6",
    bug: "the run exits 0 although a step has failed",
    caughtBy: ["I6"],
    tamper: { exitCode: (exitCode) => (exitCode === 1 ? 0 : exitCode) },
  },
  {
    breaks: "I6",
    bug: "the run exits 3 although everything is shown",
    caughtBy: ["I6"],
    tamper: { exitCode: (exitCode) => (exitCode === 0 ? 3 : exitCode) },
  },
  {
    breaks: "rule 9",
    bug: "a stuck tarball is removed at once",
    caughtBy: ["rule 9"],
    tamper: { limits: { wedgeMs: 0 } },
  },
  {
    breaks: "rule 9",
    bug: "a stuck tarball that this release has not uploaded is removed",
    caughtBy: ["rule 9"],
    tamper: misjudge((node) => {
      node.mayHaveWedged = true;
    }),
  },
  {
    breaks: "I1",
    bug: "the plan has lost its order",
    caughtBy: ["I1"],
    tamper: { plan: (plan) => ({ ...plan, steps: plan.steps.map((step) => ({ ...step, after: [] })) }) },
  },
  {
    breaks: "I2, I8",
    bug: "the tarball is packed again for each upload",
    caughtBy: ["I2", "I8"],
    tamper: {
      tarballs: (store) => ({
        list: store.list,
        async read(name, version) {
          const tarball = await store.read(name, version);
          repacked += 1;
          return packSim(tarball.manifest, [], `packed ${repacked} times`);
        },
      }),
    },
  },
  {
    breaks: "I3",
    bug: "the publish document leaves the dependencies out",
    caughtBy: ["I3"],
    tamper: replacePort((port) => ({
      upload: (request) => port.upload({ ...request, manifest: { ...request.manifest, dependencies: {} } }),
    })),
  },
  {
    breaks: "I4",
    bug: "a look of any age is good enough for a tag",
    caughtBy: ["I4"],
    tamper: { limits: { lookMaxAgeMs: Number.MAX_SAFE_INTEGER } },
  },
  {
    breaks: "I4",
    bug: "every upload moves latest",
    caughtBy: ["I4"],
    tamper: replacePort((port) => ({ upload: (request) => port.upload({ ...request, tag: "latest" }) })),
  },
  {
    breaks: "I8",
    bug: "a tag that nobody planned is written beside each upload",
    caughtBy: ["I8"],
    tamper: replacePort((port) => ({
      async upload(request) {
        const answer = await port.upload(request);
        await port.setDistTag(request.name, "newest", request.version);
        return answer;
      },
    })),
  },
  {
    breaks: "I10",
    bug: "the next run does not wait for the request of a dead one",
    caughtBy: ["I10"],
    tamper: { limits: { settleMs: 0 } },
  },
  {
    breaks: "rule 1, I17",
    bug: "whatever is served counts as the same files",
    caughtBy: ["I17"],
    tamper: listOnlyOurs(),
  },
  {
    breaks: "I18",
    bug: "no limit ends a wait",
    caughtBy: ["I18"],
    tamper: { limits: { waitMs: Number.MAX_SAFE_INTEGER, waitTotalMs: Number.MAX_SAFE_INTEGER } },
  },
  {
    breaks: "L1",
    bug: "a build of the same commit with another time stamp counts as foreign",
    caughtBy: ["L1"],
    tamper: {
      tarballs: (store) => ({
        read: store.read,
        async list(bytes) {
          const contents = await store.list(bytes);
          repacked += 1;
          return { ...contents, manifest: { ...contents.manifest, engines: { node: `>=${repacked}` } } };
        },
      }),
    },
  },
  {
    breaks: "L2",
    bug: "a step that failed has lost its problem",
    caughtBy: ["L2"],
    tamper: misjudge((node) => {
      if (node.status === "failed") node.problem = undefined;
    }),
  },
  {
    breaks: "L5",
    bug: "each check of a version sets its tag once more",
    caughtBy: ["L5"],
    tamper: replacePort((port) => ({
      async readTarball(name, version, url, keepBytes) {
        await port.setDistTag(name, "latest", version);
        return port.readTarball(name, version, url, keepBytes);
      },
    })),
  },
];

/** Bugs that the simulator cannot have: each is planted in the tests that judge its invariant. */
export const plantedBeside: readonly {
  readonly breaks: string;
  readonly bug: string;
  /** Test files, from the top of the repository. */
  readonly caughtBy: readonly string[];
}[] = [
  {
    breaks: "I11",
    bug: "the message of an answer repeats the token, in each of its forms",
    caughtBy: ["packages/slipway/test/registry/secrets.test.ts"],
  },
  {
    breaks: "I11",
    bug: "a password stands in the output or in the journal, in each of its forms",
    caughtBy: ["test/e2e/canary.test.ts"],
  },
  {
    breaks: "I13",
    bug: "`publish DIR` loads the repository's configuration",
    caughtBy: ["test/e2e/publish-folder.test.ts"],
  },
  {
    breaks: "I5",
    bug: "what is shown is tagged while the rest of the release is not, or an answer that could not be read counts as shown",
    caughtBy: ["packages/core/test/git-tags.test.ts"],
  },
  {
    breaks: "I14",
    bug: "every git tag goes to the commit that is checked out, also that of a version made from an earlier one",
    caughtBy: ["packages/core/test/git-tags.test.ts"],
  },
  {
    breaks: "I4",
    bug: "the latest release moves back to an older line when an old run is started again",
    caughtBy: ["packages/core/test/git-tags.test.ts"],
  },
  {
    breaks: "rule 10",
    bug: "the token for the git remote is a header, which git sends along a redirect",
    caughtBy: ["packages/slipway/test/git-remote.test.ts"],
  },
  {
    breaks: "L3",
    bug: "verification reads again until there is an answer",
    caughtBy: ["packages/slipway/test/loop/verifying.test.ts"],
  },
  {
    breaks: "L4",
    bug: "the journal's reader takes a torn last line",
    caughtBy: ["packages/slipway/test/folder/journal.test.ts"],
  },
  {
    breaks: "L4",
    bug: "the journal's writer appends behind a torn line",
    caughtBy: ["packages/slipway/test/folder/journal.test.ts"],
  },
];

/** Rules and invariants without a planted bug, and where they are judged instead. */
export const elsewhere: Readonly<Record<string, string>> = {
  I12: "trust levels come with provenance",
  I15: "the audit trail comes later",
  I16: "retention comes later",
};

/** The table as docs/reliability.md holds it. */
export function toTable(): string {
  const rows = plantedBugs.map(
    ({ breaks, bug, caughtBy }) => `| ${breaks} | ${bug} | ${caughtBy.map((id) => `oracle: ${id}`).join(" or ")} |`,
  );
  const beside = plantedBeside.map(
    ({ breaks, bug, caughtBy }) => `| ${breaks} | ${bug} | ${caughtBy.map((file) => `\`${file}\``).join(" and ")} |`,
  );
  const rest = Object.entries(elsewhere).map(([id, where]) => `| ${id} | none | ${where} |`);
  return ["| rule or invariant | planted bug | caught by |", "|---|---|---|", ...rows, ...beside, ...rest, ""].join(
    "\n",
  );
}
