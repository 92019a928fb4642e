/** References to repositories on the git hosts that npm knows, as npm 12 spells them. Pure. */

/** A repository on a git host that npm knows, in the parts its URLs are made of. */
export interface HostedRepository {
  readonly kind: "https" | "git" | "ssh";
  readonly path: string;
}

const hostNames = "(?:www\\.)?(github\\.com|gitlab\\.com|bitbucket\\.org)";
const webUrl = new RegExp(
  `^(git\\+https|https?|git|git\\+ssh|ssh)://(?:[^@/]*@)?${hostNames}[/:]([^/]+/[^/#]+?)(?:\\.git)?/?$`,
);
const scpUrl = new RegExp(`^git@${hostNames}:([^/]+/[^/#]+?)(?:\\.git)?$`);

/** The reference as npm spells it, and the pages of the repository. Undefined for any other text. */
export function readHosted(text: string): HostedRepository | undefined {
  const short = /^(?:(github|gitlab|bitbucket):)?([\w.-]+\/[\w.-]+?)(?:\.git)?$/.exec(text);
  if (short?.[2] !== undefined && !text.startsWith(".") && !text.includes("://")) {
    const host = { github: "github.com", gitlab: "gitlab.com", bitbucket: "bitbucket.org" }[short[1] ?? "github"];
    return { kind: "https", path: `${host}/${short[2]}` };
  }
  const scp = scpUrl.exec(text);
  if (scp) return { kind: "ssh", path: `${scp[1]}/${scp[2]}` };
  const url = webUrl.exec(text);
  if (!url) return undefined;
  const protocol = url[1] ?? "";
  // Plain http is none of the addresses that hosted-git-info knows a host by, and it then answers with ssh.
  const kind = protocol.endsWith("ssh") || protocol === "http" ? "ssh" : protocol === "git" ? "git" : "https";
  return { kind, path: `${url[2]}/${url[3]}` };
}

export function repositoryUrl({ kind, path }: HostedRepository): string {
  const prefix = { https: "git+https://", git: "git://", ssh: "git+ssh://git@" }[kind];
  return `${prefix}${path}.git`;
}
