/** The trials that were asked for: each case of each registry with each tool. Starts the simulated registries, one a trial. */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { startHttpFace } from "@slipway/testkit";
import type { Verdaccio } from "@slipway/testkit";

import { slipwayConfig } from "../../../test/e2e/publishers.ts";
import type { Program, ProgramId } from "../programs.ts";
import { allFaults, npmCases } from "./cases.ts";
import type { NpmCase, VerdaccioCase } from "./cases.ts";
import type { Verdict } from "./judge.ts";
import type { FaultOptions } from "./options.ts";
import { npmSpeed } from "./results.ts";
import { folders } from "./tools.ts";
import type { FaultTool, Folder } from "./tools.ts";
import { runFaultTrial } from "./trial.ts";
import { truthOfFace, truthOverHttp } from "./truth.ts";

export interface TrialsContext {
  readonly options: FaultOptions;
  readonly verdaccio: Verdaccio;
  readonly programs: ReadonlyMap<ProgramId, Program>;
  /** Ends what is under way. */
  readonly signal: AbortSignal;
}

type Trial = () => Promise<Verdict>;

const runsMax = 2;
const pauseMs = 10 * 60_000;
const npmConfig = {
  limits: {
    settleMs: 500,
    pollFirstMs: 200,
    pollMaxMs: 500,
    resendDelaysMs: [500, 1000],
    lostMs: 2_000,
    readTimeoutMs: 10_000,
  },
  wait: "20s",
};

async function keepFolder({ options }: TrialsContext, name: string, folder: string): Promise<void> {
  if (options.keep !== undefined) await cp(folder, join(options.keep, name), { recursive: true });
}

function onVerdaccio(context: TrialsContext, tool: FaultTool, fault: VerdaccioCase, struck: Folder): Trial {
  const { verdaccio, programs, signal } = context;
  const scope = `${tool.id}-${allFaults.indexOf(fault)}-${struck}`;
  return async () =>
    await runFaultTrial(
      {
        registry: "verdaccio",
        tool,
        fault: fault.name,
        struck,
        scope,
        url: verdaccio.url,
        token: verdaccio.token,
        truth: truthOverHttp(verdaccio.url),
        rules: fault.rules(`/@${scope}/${struck}`),
        isLasting: fault.isLasting === true,
        isSilent: fault.isSilent === true,
        hasHigher: fault.hasHigher === true,
        runsMax,
        config: slipwayConfig(fault),
        speed: 1,
        waitScale: 20,
        settle: () => undefined,
        programs,
        signal,
      },
      async (folder) => await keepFolder(context, `verdaccio-${scope}`, folder),
    );
}

function onNpm(context: TrialsContext, tool: FaultTool, item: NpmCase): Trial {
  const { programs, signal } = context;
  const { profile, seed = 1, struck = "b" } = item;
  const scope = "demo";
  return async () => {
    const face = await startHttpFace({ profile, seed, speed: npmSpeed });
    try {
      await item.prepare?.(
        face,
        folders.map((letter) => `@${scope}/${letter}`),
      );
      return await runFaultTrial(
        {
          registry: "npm",
          tool,
          fault: item.name,
          struck,
          scope,
          url: face.url,
          token: face.token,
          truth: truthOfFace(face),
          rules: item.rules?.(`/@${scope}/${struck}`) ?? [],
          isLasting: false,
          isSilent: false,
          hasHigher: item.hasHigher === true,
          runsMax: item.runsMax ?? runsMax,
          config: npmConfig,
          speed: npmSpeed,
          waitScale: npmSpeed,
          settle: () => face.pass(item.pauseMs ?? pauseMs),
          programs,
          signal,
        },
        async (folder) => await keepFolder(context, `npm-${tool.id}-${npmCases.indexOf(item)}`, folder),
      );
    } finally {
      await face.close();
    }
  };
}

export function listTrials(context: TrialsContext): readonly Trial[] {
  const { tools, packages, ...cases } = context.options;
  return [
    ...cases.verdaccioCases.flatMap((fault) =>
      packages.flatMap((letter) => tools.map((tool) => onVerdaccio(context, tool, fault, letter))),
    ),
    ...cases.npmCases.flatMap((item) => tools.map((tool) => onNpm(context, tool, item))),
  ];
}
