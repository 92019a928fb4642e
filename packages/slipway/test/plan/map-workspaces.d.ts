/** npm's own search for workspaces, which ships no types; only what the parity test calls. */
declare module "@npmcli/map-workspaces" {
  function mapWorkspaces(options: {
    readonly cwd: string;
    readonly pkg: { readonly workspaces: readonly string[] };
  }): Promise<Map<string, string>>;
  export default mapWorkspaces;
}
