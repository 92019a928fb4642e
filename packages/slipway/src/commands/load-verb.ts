/** Loads the module of one verb, and no other: a start is short. */
import type { Verb } from "./verb.ts";

const loaders: Readonly<Record<string, () => Promise<Verb<unknown>>>> = {
  plan: async () => (await import("./plan.ts")).plan,
  pack: async () => (await import("./pack.ts")).pack,
  publish: async () => (await import("./publish.ts")).publish,
  verify: async () => (await import("./verify.ts")).verify,
  tag: async () => (await import("./tag.ts")).tag,
  status: async () => (await import("./status.ts")).status,
  doctor: async () => (await import("./doctor.ts")).doctor,
  init: async () => (await import("./init.ts")).init,
  demo: async () => (await import("./demo.ts")).demo,
  completion: async () => (await import("./completion.ts")).completion,
  help: async () => (await import("./help.ts")).help,
};

export async function loadVerb(name: string): Promise<Verb<unknown>> {
  const load = loaders[name];
  if (load === undefined) throw new Error(`the verb ${name} has no module`);
  return load();
}
