/** The part of @npmcli/agent that is used here; the package has no types. */
declare module "@npmcli/agent" {
  import type { AgentOptions } from "node:https";
  import { Agent as HttpAgent } from "node:http";

  export interface ProxyAgentOptions extends AgentOptions {
    readonly proxy: string;
    readonly timeouts?: { readonly connection?: number };
  }

  export class Agent extends HttpAgent {
    constructor(options: ProxyAgentOptions);
  }
}
