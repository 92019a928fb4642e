/**
 * Two builds into one folder: the library, which shares @slipway/core with its users, and the command line, which holds what
 * every verb needs in a few files, so that a start is short. npm's own libraries are heavy and rarely needed: they stay
 * outside and are loaded where they are used.
 */
import { cp } from "node:fs/promises";
import http from "node:http";
import { defineConfig, type Rolldown, type UserConfig } from "tsdown";

/**
 * Node 24 loads undici as soon as an ES module imports node:http, because it reads every export, the getter of `WebSocket`
 * too: 30 ms. Asking for the module by function, and naming only what is no getter, does not.
 */
const names: readonly string[] = Object.entries(Object.getOwnPropertyDescriptors(http))
  .filter(([, descriptor]) => descriptor.get === undefined)
  .map(([name]) => name);
const lazyHttp: Rolldown.Plugin = {
  name: "lazy-http",
  resolveId: (id) => (id === "node:http" ? "\0lazy-http" : null),
  load: (id) =>
    id === "\0lazy-http"
      ? `const http = process.getBuiltinModule("node:http");\nexport default http;\nexport const { ${names.join(", ")} } = http;`
      : null,
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
    plugins: [lazyHttp],
    deps: { alwaysBundle: bundled, onlyBundle: ["commander", "get-east-asian-width", "semver"] },
    onSuccess: copyExample,
    outputOptions: { chunkFileNames: "cli/[name]-[hash].js" },
  },
]);
