/** The parts of npm's own libraries that tests compare with; the packages have no types. */
declare module "npm-registry-fetch" {
  const fetch: {
    getAuth(
      uri: string,
      options: Readonly<Record<string, unknown>>,
    ): { readonly token: string | null; readonly auth: string | null };
  };
  export default fetch;
}

declare module "pacote" {
  const pacote: {
    manifest(spec: string, options: object): Promise<Record<string, unknown>>;
    packument(name: string, options: object): Promise<{ readonly versions: Readonly<Record<string, unknown>> }>;
  };
  export default pacote;
}

declare module "libnpmpublish" {
  const npm: { publish(manifest: object, bytes: Buffer, options: object): Promise<unknown> };
  export default npm;
}
