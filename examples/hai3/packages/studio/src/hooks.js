import { createHai3Hooks } from "@hai3/react";

/**
 * The hooks of @hai3/react, and one for a studio.
 *
 * @param {import("@hai3/react").ReactLike} React
 * @returns {import("../types/index.js").StudioHooks}
 */
export function createStudioHooks(React) {
  const hooks = createHai3Hooks(React);
  return {
    ...hooks,
    useStudioLog: (studio, pattern = "*") => {
      const entries = hooks.useStore({ get: studio.entries, subscribe: studio.subscribe }, (all) => all);
      return pattern === "*" ? entries : studio.find(pattern);
    },
  };
}
