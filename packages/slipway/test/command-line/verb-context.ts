/** What a verb is given that touches neither files nor registries. */
import type { VerbContext } from "../../src/commands/verb.ts";
import { systemClock } from "../../src/system-clock.ts";
import { createTerminal } from "../../src/views/terminal.ts";

export function verbContext(): VerbContext {
  const output = { write: () => true };
  return {
    cwd: import.meta.dirname,
    env: {},
    terminal: createTerminal({
      stdout: output,
      stderr: output,
      isStdoutColored: false,
      isStderrColored: false,
      live: undefined,
    }),
    clock: systemClock,
    signal: new AbortController().signal,
    isInteractive: false,
    confirm: async () => false,
    ask: async () => undefined,
    onJsonEvent: undefined,
  };
}
