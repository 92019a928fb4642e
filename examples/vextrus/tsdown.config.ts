// One build makes both forms of all packages, each with its own declarations: dist/index.{mjs,cjs,d.mts,d.cts}.
import { defineConfig, type UserConfig } from "tsdown";

const config: UserConfig = defineConfig({
  workspace: "packages/*",
  entry: "src/index.ts",
  format: ["esm", "cjs"],
  platform: "node",
  target: "node20",
  // Every export says its type, so each file's declarations can be made from that file alone, without the compiler.
  dts: { oxc: true },
});

export default config;
