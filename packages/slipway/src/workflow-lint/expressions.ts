/** What stands between `${{` and `}}` in a text: which contexts it reads, and where. */

export interface Expression {
  readonly text: string;
  /** Of `${{` in the text that it stands in. */
  readonly offset: number;
  /** Such as `github.event.pull_request.title`; lower case, as GitHub compares them, indexes as `.name`. */
  readonly contexts: readonly string[];
}

export function findExpressions(text: string): readonly Expression[] {
  return [...text.matchAll(/\$\{\{([\s\S]*?)\}\}/g)].map((found) => ({
    text: (found[1] ?? "").trim(),
    offset: found.index,
    contexts: findContexts(found[1] ?? ""),
  }));
}

/** Contexts that a bare expression such as that of `if:` reads. */
export function findContexts(expression: string): readonly string[] {
  const plain = expression
    .replace(/\[\s*'([\w-]+)'\s*\]/g, ".$1")
    .replace(/\[\s*(?:\d+|\*)\s*\]/g, ".*")
    .replace(/'(?:[^']|'')*'/g, "''");
  return [...plain.matchAll(/(?<![\w.-])[a-z_][\w-]*(?:\.(?:[\w-]+|\*))+/gi)].map(([path]) => path.toLowerCase());
}

/** Names of the secrets that a text reads. */
export function findSecrets(text: string): readonly { readonly name: string; readonly offset: number }[] {
  return findExpressions(text).flatMap(({ contexts, offset }) =>
    contexts.flatMap((path) => {
      const name = /^secrets\.([\w-]+)$/.exec(path)?.[1];
      return name === undefined ? [] : [{ name: name.toUpperCase(), offset }];
    }),
  );
}
