import { createEvents } from "./events.js";

/**
 * A container of plugins: sets them up, each after what it requires, and takes them down the other way round.
 *
 * @param {{ plugins?: readonly import("../types/index.js").Plugin[] }} [options]
 * @returns {import("../types/index.js").App}
 */
export function createApp({ plugins = [] } = {}) {
  const ordered = order(plugins);
  const events = createEvents();
  /** @type {Map<string, unknown>} */
  const services = new Map();
  /** @type {(() => unknown)[]} */
  let cleanups = [];
  /** @type {"stopped" | "starting" | "started"} */
  let status = "stopped";

  /** @type {import("../types/index.js").PluginContext} */
  const context = {
    events,
    provide(name, service) {
      if (services.has(name)) throw new Error(`two plugins provide ${name}`);
      services.set(name, service);
      cleanups.push(() => services.delete(name));
    },
    get,
    onStop: (cleanup) => void cleanups.push(cleanup),
  };

  /** @param {string} name @returns {any} */
  function get(name) {
    if (!services.has(name)) throw new Error(`no plugin provides ${name}`);
    return services.get(name);
  }

  async function stop() {
    const due = cleanups.reverse();
    cleanups = [];
    /** @type {unknown[]} */
    const failures = [];
    for (const cleanup of due)
      try {
        await cleanup();
      } catch (cause) {
        failures.push(cause);
      }
    const wasStarted = status === "started";
    status = "stopped";
    if (wasStarted) events.emit("app:stopped", undefined);
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} plugins could not be taken down`);
  }

  return {
    events,
    get status() {
      return status;
    },
    plugins: ordered.map((plugin) => plugin.name),
    services: () => [...services.keys()],
    get,
    async start() {
      if (status !== "stopped") throw new Error(`the app is ${status} already`);
      status = "starting";
      for (const plugin of ordered)
        try {
          await plugin.setup(context);
          events.emit("app:plugin", { name: plugin.name });
        } catch (cause) {
          await stop();
          throw new Error(`the plugin ${plugin.name} could not be set up`, { cause });
        }
      status = "started";
      events.emit("app:started", { plugins: ordered.map((plugin) => plugin.name) });
    },
    stop,
  };
}

/**
 * Requirements first, otherwise as given.
 *
 * @param {readonly import("../types/index.js").Plugin[]} plugins
 */
function order(plugins) {
  const byName = new Map(plugins.map((plugin) => [plugin.name, plugin]));
  if (byName.size !== plugins.length) throw new Error("two plugins have one name");
  /** @type {Set<import("../types/index.js").Plugin>} */
  const done = new Set();

  /** @param {import("../types/index.js").Plugin} plugin @param {readonly string[]} path */
  function visit(plugin, path) {
    if (done.has(plugin)) return;
    if (path.includes(plugin.name)) throw new Error(`plugins require each other: ${[...path, plugin.name].join(" -> ")}`);
    for (const name of plugin.requires ?? []) {
      const required = byName.get(name);
      if (required === undefined) throw new Error(`the plugin ${plugin.name} requires ${name}, which is not there`);
      visit(required, [...path, plugin.name]);
    }
    done.add(plugin);
  }

  for (const plugin of plugins) visit(plugin, []);
  return [...done];
}
