/** The part of hosted-git-info that is used here; the package has no types. */
declare module "hosted-git-info" {
  export interface HostedRepository {
    getDefaultRepresentation(): string;
    https(): string;
    bugs(): string | undefined;
    docs(): string | undefined;
    toString(): string;
  }

  const hostedGitInfo: { fromUrl(url: string): HostedRepository | undefined };
  export default hostedGitInfo;
}
