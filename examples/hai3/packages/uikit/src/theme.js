/** @type {import("../types/index.js").Theme} */
export const defaultTheme = { accent: "#2952cc", text: "#1b1f2a", surface: "#ffffff", error: "#b3261e", radius: "6px", space: "8px" };

/**
 * The theme as custom properties, and the few rules that use them.
 *
 * @param {Partial<import("../types/index.js").Theme>} [changes]
 */
export function themeCss(changes = {}) {
  const theme = { ...defaultTheme, ...changes };
  const properties = Object.entries(theme).map(([name, value]) => {
    if (/[;{}<]/.test(value)) throw new TypeError(`the theme's ${name} is no single CSS value: ${value}`);
    return `--h3-${name}:${value}`;
  });
  return [
    `:root{${properties.join(";")}}`,
    "body{color:var(--h3-text);background:var(--h3-surface);font-family:system-ui,sans-serif}",
    ".h3-button{padding:var(--h3-space);border:0;border-radius:var(--h3-radius);background:var(--h3-accent);color:#fff}",
    ".h3-card{padding:var(--h3-space);border:1px solid currentColor;border-radius:var(--h3-radius)}",
    ".h3-alert-error,.h3-field small{color:var(--h3-error)}",
  ].join("\n");
}
