/**
 * Records what slipway shows in a real terminal, against a real registry that is slow, refuses or falls silent, as SVGs in
 * docs/screens. `npm run screens [name...]`; needs tmux and git.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  cleanEnvironment,
  createHome,
  type FaultProxy,
  type Home,
  startFaultProxy,
  startVerdaccio,
  type Verdaccio,
} from "@slipway/testkit";
import { bumpPackages, createDemoWorkspace } from "../../packages/slipway/src/demo/workspace.ts";
import { scenes } from "./scenes.ts";
import { drawScreen } from "./svg.ts";
import { startTerminal, type TerminalRun } from "./terminal.ts";

const target = new URL("../../docs/screens/", import.meta.url);

async function setUp(): Promise<{ verdaccio: Verdaccio; proxy: FaultProxy; home: Home; root: string }> {
  const verdaccio = await startVerdaccio();
  const proxy = await startFaultProxy({ target: verdaccio.url });
  const home = await createHome({ registry: proxy.url, token: verdaccio.token });
  const root = join(await mkdtemp(join(tmpdir(), "slipway-screens-")), "hai3");
  await createDemoWorkspace(root, cleanEnvironment(home.env));
  return { verdaccio, proxy, home, root };
}

async function record(name: string): Promise<void> {
  const scene = scenes[name];
  if (scene === undefined) throw new Error(`there is no screen ${name}; there are ${Object.keys(scenes).join(", ")}`);
  const { verdaccio, proxy, home, root } = await setUp();
  const env = cleanEnvironment(home.env);
  const open: (() => Promise<void>)[] = [];
  try {
    const terminal = async (command: string, options: Partial<TerminalRun> = {}) => {
      const { env: more, ...rest } = options;
      const started = await startTerminal({ command, cwd: root, columns: 100, ...rest, env: { ...env, ...more } });
      open.push(started.close);
      return started;
    };
    const run = async (command: string, options: Partial<TerminalRun> = {}): Promise<readonly string[]> => {
      const started = await terminal(command, options);
      await started.end();
      return started.capture();
    };
    const { lines, columns = 100 } = await scene.play({
      root,
      proxy,
      terminal,
      run,
      bump: (dirs) => bumpPackages(root, dirs, env),
    });
    const shown = lines.map((line) => line.replaceAll(home.dir, "~").replaceAll(root, "hai3"));
    await writeFile(new URL(`${name}.svg`, target), drawScreen({ lines: shown, columns, title: scene.title }));
    process.stdout.write(`docs/screens/${name}.svg\n`);
  } finally {
    for (const close of open) await close();
    await proxy.close();
    await verdaccio.close();
    await home.remove();
    await rm(join(root, ".."), { recursive: true, force: true });
  }
}

await mkdir(target, { recursive: true });
const asked = process.argv.slice(2);
for (const name of asked.length > 0 ? asked : Object.keys(scenes)) await record(name);
