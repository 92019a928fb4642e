/**
 * A bus for named events. Listeners are called in the order in which they came; `*` hears everything.
 *
 * @returns {import("../types/index.js").Events}
 */
export function createEvents() {
  /** @type {{ type: string, listener: (event: import("../types/index.js").AppEvent) => void }[]} */
  let entries = [];
  return {
    emit(type, detail) {
      const event = { type, detail };
      for (const entry of entries) if (entry.type === type || entry.type === "*") entry.listener(event);
    },
    on(type, listener) {
      const entry = { type, listener };
      entries = [...entries, entry];
      return () => {
        entries = entries.filter((other) => other !== entry);
      };
    },
  };
}
