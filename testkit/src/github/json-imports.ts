/**
 * Lets `@actions/workflow-parser` 0.3 load: it imports its schemas as JSON without saying so, as its bundler allows and Node does not.
 */
import { registerHooks } from "node:module";

/** Must be called before the parser is imported. */
export function allowJsonImports(): void {
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      const isSchema = /[\\/]@actions[\\/]workflow-parser[\\/].*\.json$/.test(found.url);
      return isSchema ? { ...found, importAttributes: { type: "json" } } : found;
    },
  });
}
