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

export default defineConfig({
  entry: { index: "src/main.ts", post: "src/post.ts" },
  format: "esm",
  platform: "node",
  target: "node24",
  fixedExtension: false,
  dts: false,
  plugins: [requiredLate],
  inputOptions: { resolve: { conditionNames: ["slipway-source", "node", "import", "default"] } },
  deps: { alwaysBundle: [/.*/], neverBundle: ["verdaccio"], onlyBundle: false },
});
