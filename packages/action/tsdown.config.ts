/**
 * The action's two parts with all that they need inside: a runner starts them from a checkout of this repository, where nothing is installed. The demonstration,
 * and with it Verdaccio, is not run by the action and stays outside.
 */
import { defineConfig, type Rolldown } from "tsdown";

/** slipway asks for this module by function, so that it is loaded late; a bundler only sees imports. */
const requiredLate: Rolldown.Plugin = {
  name: "required-late",
  transform: (code, id) =>
    id.endsWith("hosted-repository.ts")
      ? code
          .replace(/import \{ createRequire \} from "node:module";/, 'import hosted from "hosted-git-info";')
          .replace(/createRequire\(import\.meta\.url\)\("hosted-git-info"\)/, "hosted")
      : null,
};

/** npm's runner of scripts tells them where its own node-gyp lies, which no bundle has; scripts that build native code find the one of the job's npm. */
const withoutNodeGyp: Rolldown.Plugin = {
  name: "without-node-gyp",
  transform: (code, id) =>
    /run-script[\\/]lib[\\/]make-spawn-args\.js$/.test(id)
      ? code.replace(/require\.resolve\('node-gyp\/bin\/node-gyp\.js'\)/, "undefined")
      : null,
};

export default defineConfig({
  entry: { index: "src/main.ts", post: "src/post.ts" },
  format: "esm",
  platform: "node",
  target: "node24",
  fixedExtension: false,
  dts: false,
  // Of the libraries that are no ES modules, one that runs lifecycle scripts asks where it lies.
  shims: true,
  plugins: [requiredLate, withoutNodeGyp],
  inputOptions: { resolve: { conditionNames: ["slipway-source", "node", "import", "default"] } },
  deps: { alwaysBundle: [/.*/], neverBundle: ["verdaccio"], onlyBundle: false },
});
