/**
 * Two builds into one folder: the library, which shares @slipway/core with its users, and the command line, which holds what
 * every verb needs in a few files, so that a start is short. npm's own libraries are heavy and rarely needed: they stay
 * outside and are loaded where they are used.
 */
import crypto from "node:crypto";
import { cp } from "node:fs/promises";
import http from "node:http";
import process from "node:process";
import util from "node:util";
import { defineConfig, type Rolldown, type UserConfig } from "tsdown";

/**
 * An ES module that imports a built-in one makes Node read every export of it, getters too, and those load what lies behind
 * them: undici behind node:http (30 ms), WebCrypto behind node:crypto (3 ms), reports behind node:process (2 ms), decoders behind
 * node:util. Asking for the module by function, and reading only what is used, does not.
 */
const lazyModules: Readonly<Record<string, object>> = {
  "node:crypto": crypto,
  "node:http": http,
  "node:process": process,
  "node:util": util,
};
const lazyMark = "\0lazy-";

function lazySource(id: string): string {
  const names = Object.getOwnPropertyNames(lazyModules[id] ?? {}).filter(
    (name) => /^[A-Za-z]\w*$/.test(name) && name !== "default",
  );
  return [
    `const found = process.getBuiltinModule("${id}");`,
    "const read = (name) => found[name];",
    "export default found;",
    // Pure, so that the bundler drops what nobody asks for.
    ...names.map((name) => `export const ${name} = /* @__PURE__ */ read("${name}");`),
  ].join("\n");
}

const lazyBuiltins: Rolldown.Plugin = {
  name: "lazy-builtins",
  resolveId: (id) => (Object.hasOwn(lazyModules, id) ? `${lazyMark}${id}` : null),
  load: (id) => (id.startsWith(lazyMark) ? lazySource(id.slice(lazyMark.length)) : null),
};

const shared: UserConfig = {
  format: "esm",
  platform: "node",
  target: "node22.22",
  fixedExtension: false,
  // Sources of @slipway/core, so that this build does not depend on the other having run.
  inputOptions: { resolve: { conditionNames: ["slipway-source", "node", "import", "default"] } },
};

function isSource(path: string): boolean {
  return !/[\\/](node_modules|\.slipway)$/.test(path);
}

/** The workspace that `slipway demo` releases, as the repository has it. */
async function copyExample(): Promise<void> {
  await cp("../../examples/hai3", "dist/demo/hai3", { recursive: true, filter: isSource });
}

const bundled = [/^@slipway\/core$/, /^semver(\/|$)/];

export default defineConfig([
  { ...shared, entry: ["src/index.ts"], dts: { oxc: true } },
  {
    ...shared,
    entry: ["src/cli.ts"],
    dts: false,
    clean: false,
    plugins: [lazyBuiltins],
    deps: { alwaysBundle: bundled, onlyBundle: ["commander", "get-east-asian-width", "semver"] },
    onSuccess: copyExample,
    outputOptions: { chunkFileNames: "cli/[name]-[hash].js" },
  },
]);
