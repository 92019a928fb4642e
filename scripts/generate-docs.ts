/** Writes the reference pages under docs/reference. `npm run docs`. */
import { writeFileSync } from "node:fs";
import { references } from "./references.ts";

for (const { path, render } of references) {
  writeFileSync(new URL(`../${path}`, import.meta.url), render());
  process.stdout.write(`${path}\n`);
}
