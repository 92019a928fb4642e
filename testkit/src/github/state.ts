/** What the fake GitHub knows besides its git repository. Data only: what may be done with it is the routes' business. */

export interface ReleaseAsset {
  readonly id: number;
  readonly name: string;
  readonly bytes: Buffer;
  readonly contentType: string;
}

export interface StoredRelease {
  readonly id: number;
  tagName: string;
  targetCommitish: string;
  name: string | null;
  body: string | null;
  isDraft: boolean;
  isPrerelease: boolean;
  isImmutable: boolean;
  /** When its commit was made, not the release: "Get the latest release" in GitHub's documentation says so. */
  createdAt: string | null;
  /** When it became a release; the latest one is the youngest of those that may be. */
  publishedAt: string | null;
  mayBeLatest: boolean;
  readonly assets: ReleaseAsset[];
}

export interface StoredComment {
  readonly id: number;
  /** Of the pull request or issue. */
  readonly number: number;
  readonly author: string;
  body: string;
}

export interface GithubState {
  readonly repository: string;
  readonly gitDir: string;
  readonly url: string;
  readonly apiUrl: string;
  readonly uploadsUrl: string;
  readonly isPublic: boolean;
  readonly hasImmutableReleases: boolean;
  readonly releases: StoredRelease[];
  /** Numbers of the pull requests that there are. */
  readonly pullRequests: Set<number>;
  /** Those whose conversation is locked. */
  readonly locked: Set<number>;
  readonly comments: StoredComment[];
  /** Set by the release that asked for it last. */
  latestReleaseId: number | undefined;
  nextId(): number;
}

export interface StateOptions {
  readonly repository: string;
  readonly gitDir: string;
  readonly url: string;
  readonly apiUrl: string;
  readonly uploadsUrl: string;
  readonly isPublic?: boolean;
  readonly hasImmutableReleases?: boolean;
}

export function createState(options: StateOptions): GithubState {
  let last = 0;
  return {
    ...options,
    isPublic: options.isPublic ?? true,
    hasImmutableReleases: options.hasImmutableReleases ?? false,
    releases: [],
    pullRequests: new Set(),
    locked: new Set(),
    comments: [],
    latestReleaseId: undefined,
    nextId: () => (last += 1),
  };
}
