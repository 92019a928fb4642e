/**
 * Looks into a running app: keeps its last events, and shows what is inside it.
 *
 * @param {import("@hai3/react").App} app
 * @param {import("../types/index.js").StudioOptions} [options]
 * @returns {import("../types/index.js").Studio}
 */
export function createStudio(app, { capacity = 200, now = Date.now } = {}) {
  /** @type {readonly import("../types/index.js").LogEntry[]} */
  let entries = [];
  let next = 1;
  let isPaused = false;
  /** @type {Set<() => void>} */
  const listeners = new Set();

  /** @param {readonly import("../types/index.js").LogEntry[]} kept */
  function keep(kept) {
    entries = kept;
    for (const listener of [...listeners]) listener();
  }

  const stop = app.events.on("*", ({ type, detail }) => {
    if (isPaused) return;
    keep([...entries, { number: next++, at: now(), type, detail }].slice(-capacity));
  });

  return {
    entries: () => entries,
    find: (pattern) => entries.filter((entry) => matches(entry.type, pattern)),
    clear: () => keep([]),
    pause: () => void (isPaused = true),
    resume: () => void (isPaused = false),
    inspect() {
      const services = app.services();
      return {
        status: app.status,
        plugins: app.plugins,
        services,
        state: services.includes("state") ? app.get("state").get() : undefined,
        path: services.includes("navigation") ? app.get("navigation").current.get().path : undefined,
        locale: services.includes("i18n") ? app.get("i18n").locale : undefined,
      };
    },
    toNdjson: () => entries.map((entry) => `${JSON.stringify(entry, replace)}\n`).join(""),
    subscribe(listener) {
      const entry = () => listener();
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    dispose: stop,
  };
}

/**
 * `api:*` is every type that begins with `api:`.
 *
 * @param {string} type
 * @param {string} pattern
 */
function matches(type, pattern) {
  return pattern.endsWith("*") ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

/**
 * What JSON cannot hold is named instead of lost.
 *
 * @param {string} _key
 * @param {unknown} value
 */
function replace(_key, value) {
  if (typeof value === "function") return `[function ${value.name || "anonymous"}]`;
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return value;
}
