import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ownManifest } from "./manifest.js";

const templatesFolder = fileURLToPath(new URL("../templates", import.meta.url));

/** A wish that cannot be met; its message is for the person who had it. */
export class CreateError extends Error {
  name = "CreateError";
}

/**
 * The templates that this package carries, by name.
 *
 * @returns {readonly { name: string, description: string }[]}
 */
export function listTemplates() {
  return readdirSync(templatesFolder)
    .sort()
    .map((name) => ({ name, description: readTemplateManifest(name).description }));
}

/**
 * Copies a template into a new or empty folder, filling in the name and the ranges of the @hai3 packages.
 *
 * @param {import("../types/index.js").CreateOptions} options
 * @returns {import("../types/index.js").Created}
 */
export function createProject({ folder, cwd, template = "app", name }) {
  const names = listTemplates().map((known) => known.name);
  if (!names.includes(template)) throw new CreateError(`there is no template ${template}; there are ${names.join(" and ")}`);
  const target = resolve(cwd, folder);
  const projectName = name ?? basename(target);
  if (!/^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/.test(projectName))
    throw new CreateError(`${JSON.stringify(projectName)} is no name for a package; give one with --name`);
  if (existsSync(target) && readdirSync(target).length > 0) throw new CreateError(`the folder ${folder} is not empty`);

  const files = listFiles(join(templatesFolder, template), "").map((path) => ({
    // npm leaves .gitignore out of packages and reads a nested package.json: templates carry both with an underscore.
    to: path.replace(/(^|\/)_(gitignore|package\.json)$/, (_, slash, file) => `${slash}${file === "gitignore" ? ".gitignore" : file}`),
    text: readFileSync(join(templatesFolder, template, path), "utf8"),
  }));
  for (const { to, text } of files) {
    const path = join(target, to);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, to === "package.json" ? fillManifest(text, projectName) : text.replaceAll("__NAME__", projectName));
  }
  return { name: projectName, template, files: files.map((file) => file.to).sort() };
}

/**
 * @param {string} text
 * @param {string} name
 */
function fillManifest(text, name) {
  const manifest = JSON.parse(text);
  const ranges = ownManifest().dependencies;
  for (const dependency of Object.keys(manifest.dependencies ?? {}))
    if (ranges[dependency] !== undefined) manifest.dependencies[dependency] = ranges[dependency];
  return `${JSON.stringify({ ...manifest, name }, null, 2)}\n`;
}

/** @param {string} template @returns {{ description: string }} */
function readTemplateManifest(template) {
  return JSON.parse(readFileSync(join(templatesFolder, template, "_package.json"), "utf8"));
}

/**
 * @param {string} folder
 * @param {string} prefix
 * @returns {string[]}
 */
function listFiles(folder, prefix) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? listFiles(join(folder, entry.name), `${prefix}${entry.name}/`) : [`${prefix}${entry.name}`],
  );
}
