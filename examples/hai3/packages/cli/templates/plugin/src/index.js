/**
 * Provides `clock`: what time it is, and how long the app has been running.
 *
 * @param {{ now?: () => number }} [options]
 * @returns {import("@hai3/framework").Plugin}
 */
export function clockPlugin({ now = Date.now } = {}) {
  return {
    name: "__NAME__",
    setup({ provide }) {
      const startedAt = now();
      provide("clock", { now, uptimeMs: () => now() - startedAt });
    },
  };
}
