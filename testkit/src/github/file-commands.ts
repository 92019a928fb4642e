/**
 * What a step tells its runner: the files of `$GITHUB_OUTPUT`, `$GITHUB_ENV` and `$GITHUB_PATH`, and the `::commands::` in its output. Formats:
 * docs.github.com, "Workflow commands for GitHub Actions".
 */

/** Reads `name=value` and `name<<DELIMITER` blocks; the last value of a name wins. Throws for a line that is neither. */
export function parseFileCommands(text: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    if (line === "") continue;
    const equals = line.indexOf("=");
    const heredoc = line.indexOf("<<");
    if (heredoc > 0 && (equals === -1 || heredoc < equals)) {
      const delimiter = line.slice(heredoc + 2);
      const end = lines.indexOf(delimiter, at + 1);
      if (delimiter === "" || end === -1) throw new Error(`no line ends the value of ${line.slice(0, heredoc)}`);
      found[line.slice(0, heredoc)] = lines.slice(at + 1, end).join("\n");
      at = end;
    } else if (equals > 0) found[line.slice(0, equals)] = line.slice(equals + 1);
    else throw new Error(`invalid format ${JSON.stringify(line)}`);
  }
  return found;
}

export interface Annotation {
  readonly level: "error" | "warning" | "notice";
  readonly message: string;
  readonly title: string | undefined;
  readonly file: string | undefined;
  readonly line: number | undefined;
}

export interface OutputCommands {
  readonly annotations: readonly Annotation[];
  /** Titles of log groups, in order. */
  readonly groups: readonly string[];
  readonly masks: readonly string[];
}

function unescapeData(text: string): string {
  return text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
}

function unescapeProperty(text: string): string {
  return unescapeData(text.replaceAll("%3A", ":").replaceAll("%2C", ","));
}

function readProperties(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(",").flatMap((item) => {
      const at = item.indexOf("=");
      return at === -1 ? [] : [[item.slice(0, at).trim(), unescapeProperty(item.slice(at + 1))] as const];
    }),
  );
}

/** Reads the commands of a log. `::stop-commands::` holds until its token. */
export function parseOutputCommands(log: string): OutputCommands {
  const annotations: Annotation[] = [];
  const groups: string[] = [];
  const masks: string[] = [];
  let resumedBy: string | undefined;
  for (const line of log.split(/\r?\n/)) {
    const [, name = "", properties = "", rest = ""] = /^::([a-z-]+|[^:\s]+)(?: ([^:]*))?::(.*)$/.exec(line) ?? [];
    if (resumedBy !== undefined) {
      if (name === resumedBy) resumedBy = undefined;
      continue;
    }
    const message = unescapeData(rest);
    if (name === "stop-commands") resumedBy = rest;
    else if (name === "group") groups.push(message);
    else if (name === "add-mask") masks.push(message);
    else if (name === "error" || name === "warning" || name === "notice") {
      const known = readProperties(properties);
      const at = known.get("line");
      annotations.push({
        level: name,
        message,
        title: known.get("title"),
        file: known.get("file"),
        line: at === undefined ? undefined : Number(at),
      });
    }
  }
  return { annotations, groups, masks };
}
