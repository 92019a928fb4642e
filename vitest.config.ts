import { defineConfig } from "vitest/config";

const conditions = ["slipway-source", "node", "import", "default"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["slipway-source"] } },
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "testkit/test/**/*.test.ts",
      "bench/test/**/*.test.ts",
      "test/**/*.test.ts",
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
