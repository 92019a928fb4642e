/** References to repositories on the git hosts that npm knows, as npm 12 spells them. Pure. */

/** A repository on a git host that npm knows, in the parts its URLs are made of. */
export interface HostedRepository {
  /** A shortcut is `github:u/r` or `u/r`. */
  readonly kind: "https" | "git" | "ssh" | "shortcut";
  /** `github.com/u/r`. */
  readonly path: string;
  /** `someone@`, or nothing. */
  readonly user: string;
  /** `#main`, or nothing. */
  readonly committish: string;
}

const hosts: Readonly<Record<string, string>> = {
  github: "github.com",
  gitlab: "gitlab.com",
  bitbucket: "bitbucket.org",
};
const hostNames = "(?:www\\.)?(github\\.com|gitlab\\.com|bitbucket\\.org)";
const shortcut = /^(?:(github|gitlab|bitbucket):)?([\w-][\w.-]*\/[\w.-]+?)(?:\.git)?(#.*)?$/;
const scpUrl = new RegExp(`^git@${hostNames}:([^/]+/[^/#]+?)(?:\\.git)?(#.*)?$`);
const webUrl = new RegExp(
  `^(git\\+https|https?|git|git\\+ssh|ssh)://([^@/]*@)?${hostNames}[/:]([^/]+/[^/#]+?)(?:\\.git)?(?:/tree/([^/#]+)[^#]*|/)?(#.*)?$`,
);

/** Reads a reference; undefined for text that names no repository on a known host. */
export function readHosted(text: string): HostedRepository | undefined {
  const [, host = "github", repository, fragment = ""] = shortcut.exec(text) ?? [];
  if (repository !== undefined)
    return { kind: "shortcut", path: `${hosts[host]}/${repository}`, user: "", committish: fragment };
  const scp = scpUrl.exec(text);
  if (scp) return { kind: "ssh", path: `${scp[1]}/${scp[2]}`, user: "", committish: scp[3] ?? "" };
  const url = webUrl.exec(text);
  if (!url) return undefined;
  const [, protocol = "", user = "", name, path, tree, committish = ""] = url;
  // Plain http is none of the addresses that hosted-git-info knows a host by, and it then answers with ssh.
  const kind = protocol.endsWith("ssh") || protocol === "http" ? "ssh" : protocol === "git" ? "git" : "https";
  return {
    kind,
    path: `${name}/${path}`,
    user: kind === "https" ? user : "",
    committish: tree === undefined ? committish : `#${tree}`,
  };
}

/** As npm writes it into `repository.url`. */
export function repositoryUrl({ kind, path, user, committish }: HostedRepository): string {
  const prefix = { https: "git+https://", git: "git://", ssh: "git+ssh://git@", shortcut: "git+https://" }[kind];
  return `${prefix}${user}${path}.git${committish}`;
}

/** As npm writes it into a map of dependencies. */
export function dependencyReference(repository: HostedRepository): string {
  if (repository.kind !== "shortcut") return repositoryUrl(repository);
  const [domain = "", ...path] = repository.path.split("/");
  const host = Object.keys(hosts).find((name) => hosts[name] === domain);
  return `${host}:${path.join("/")}${repository.committish}`;
}

/** The page of the repository, at the commit that was named. */
export function readmePage({ path, committish }: HostedRepository): string {
  return `https://${path}${committish === "" ? "" : `/tree/${committish.slice(1)}`}#readme`;
}
