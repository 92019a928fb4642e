/** Values in generated YAML. Whatever comes from a repository goes through here: it may hold quotes, colons, line breaks or `${{`. */
import { stringify } from "yaml";

/**
 * A scalar on one line. `${{` of a stranger would be an expression to GitHub wherever it stands; it is parted by an expression that
 * gives the same two characters.
 */
export function scalar(value: string): string {
  const harmless = value.replaceAll("${{", "${{ '${{' }}");
  return stringify(harmless, { lineWidth: 0, defaultStringType: "QUOTE_DOUBLE" }).trimEnd();
}

/** A command of a shell on one line, for a reader: quoted only where YAML would take it for something else. */
export function command(value: string): string {
  return stringify(value, { lineWidth: 0 }).trimEnd();
}

/** Indents every line but empty ones. */
export function indent(text: string, spaces: number): string {
  return text.replaceAll(/^(?=.)/gm, " ".repeat(spaces));
}
