/** Time, network and process reach the library through arguments; only the modules listed here touch them themselves. */
import { expect, test } from "vitest";
import { listFiles, parseSource, readSource } from "./source-files.ts";

const watched = [
  "globalThis",
  "Date",
  "performance",
  "fetch",
  "process",
  "setTimeout",
  "setInterval",
  "setImmediate",
] as const;
type Watched = (typeof watched)[number];

interface Permission {
  readonly names: readonly Watched[];
  readonly reason: string;
}

const permissions: Readonly<Record<string, Permission>> = {
  "cli.ts": { names: ["process"], reason: "the executable: arguments, Node's version, exit code" },
  "main.ts": { names: ["process"], reason: "names Node and the platform where it reports a bug" },
  "run-verb.ts": { names: ["process"], reason: "hands streams, signals, environment and folder to the verbs" },
  "system-clock.ts": {
    names: ["Date", "setTimeout", "setInterval"],
    reason: "the real clock behind the port, and the frames of the live line",
  },
  "auth/trusted-publishing.ts": { names: ["Date"], reason: "the instant at which an exchanged token ends, as text" },
  "hosting/github-releases.ts": { names: ["Date"], reason: "the instant of a commit, which GitHub gives as text" },
  "demo/registry.ts": { names: ["process"], reason: "the registry is a process of its own, started with this Node" },
  "demo/workspace.ts": { names: ["process"], reason: "the environment that git, npm and Node are started with" },
  "doctor-tools.ts": { names: ["process"], reason: "the Node that runs it is one of the tools" },
  "git.ts": { names: ["process"], reason: "the environment that git is started with" },
  "git-base.ts": { names: ["process"], reason: "default for the CI variables" },
  "registries.ts": { names: ["process"], reason: "Node's version and platform in the user agent" },
  "folder-lock.ts": {
    names: ["process"],
    reason: "the lock names this process, and looks for the one that holds it",
  },
  "release-folder.ts": { names: ["process"], reason: "the pid keeps temporary files of two processes apart" },
  "package-managers/find-tool.ts": { names: ["process"], reason: "this Node, and the platform of native programs" },
  "package-managers/run-tool.ts": { names: ["process"], reason: "signals a process group; Windows has none" },
  "registry/http.ts": { names: ["setTimeout"], reason: "time-outs of sockets, which no test may fake away" },
  "registry/probe.ts": { names: ["Date"], reason: "the registry's clock, as its Date header tells it" },
  "registry/token-list.ts": { names: ["Date"], reason: "the instant at which a token ends, as text" },
  "registry/registry-writes.ts": { names: ["process"], reason: "_nodeVersion of the publish document" },
  "tarball/lifecycle.ts": { names: ["process"], reason: "what npm tells scripts about the process that runs them" },
};

const folder = "packages/slipway/src/";

const named = new Map(
  listFiles()
    .filter((path) => path.startsWith(folder) && path.endsWith(".ts"))
    .map((path) => {
      const { identifiers } = readSource(path);
      return [path.slice(folder.length), watched.filter((name) => identifiers.has(name))] as const;
    })
    .filter(([, names]) => names.length > 0),
);

test("only the listed modules name time, network or process", () => {
  const wrong = [...named].flatMap(([path, names]) =>
    names.filter((name) => permissions[path]?.names.includes(name) !== true).map((name) => `${path} names ${name}`),
  );
  expect(wrong).toEqual([]);
});

test("no permission is left over", () => {
  const unused = Object.entries(permissions).flatMap(([path, { names }]) =>
    names.filter((name) => named.get(path)?.includes(name) !== true).map((name) => `${path} no longer names ${name}`),
  );
  expect(unused).toEqual([]);
});

test.each([
  ["const at = Date.now();", ["Date"]],
  ["const at = new Date(1);", ["Date"]],
  ["function f(env = process.env) { return env; }", ["process"]],
  ["setTimeout(() => fetch(url), 1);", ["fetch", "setTimeout"]],
  ["const text = `${process.pid}`;", ["process"]],
  ["const x = globalThis as { process: unknown };", ["globalThis"]],
  ["// process\nconst s = 'process'; const o = { process: 1, fetch() {} }; o.process; port.fetch();", []],
  ["let at: Date | undefined; type P = typeof process; function f(d: Date): void {}", []],
] as const)("%s names %j", (text, expected) => {
  const { identifiers } = parseSource("example.ts", text);
  expect(watched.filter((name) => identifiers.has(name))).toEqual(expected);
});
