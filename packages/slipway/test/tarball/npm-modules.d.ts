/** libnpmpack has no types; these are the parts that tests hold our tarballs against. */
declare module "libnpmpack" {
  export default function pack(
    spec: string,
    options: {
      readonly ignoreScripts: boolean;
      readonly prefix?: string;
      readonly workspaces?: readonly string[];
    },
  ): Promise<Buffer>;
}
