/**
 * What npm 12 does to a manifest when it publishes, and Verdaccio when it serves one: a rule a thing, written from what
 * npm does and without a line of Slipway. Pure.
 */
import { posix } from "node:path";

import { isJsonObject } from "@slipway/core";

import { dependencyReference, readHosted, readmePage, repositoryUrl } from "./git-host.ts";
import type { HostedRepository } from "./git-host.ts";

export interface ExplainContext {
  /** Paths of the files in the tarball, posix, relative to the package. */
  readonly paths: readonly string[];
  /** Text of the readme that npm takes, and its path. */
  readonly readme: { readonly path: string; readonly text: string } | undefined;
  /** Text of the file AUTHORS. */
  readonly authors: string | undefined;
  /** The commit of the plan. */
  readonly commit: string;
  /** Of the tarball's bytes. */
  readonly integrity: string;
  readonly shasum: string;
  /** Where the registry serves the tarball. */
  readonly tarballUrl: string;
  readonly nodeVersion: string;
}

export type Draft = Record<string, unknown>;

export interface Rule {
  readonly id: string;
  /** What npm or the registry does, as the report prints it. */
  readonly text: string;
  /** Changes the draft; must replace values, not change them. */
  readonly apply: (draft: Draft, context: ExplainContext) => void;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function stem(path: string): string {
  const extension = posix.extname(path);
  return extension === "" ? path : path.slice(0, -extension.length);
}

function innerPath(path: string): string {
  return posix.join("/", path.replaceAll(/[\\:]/g, "/")).slice(1);
}

/** Each part is looked for by itself: `A (<http://b>)` has an address that is no e-mail address, and npm takes it for one. */
function person(value: unknown): unknown {
  const { name, email, mail, url, web }: Draft = isJsonObject(value) ? value : {};
  const [address, page] = [email ?? mail, url ?? web];
  const joined = `${String(name ?? "")}${address ? ` <${String(address)}>` : ""}${page ? ` (${String(page)})` : ""}`;
  const text = typeof value === "string" ? value : joined;
  const parts = {
    name: /^[^(<]+/.exec(text)?.[0].trim(),
    email: /<([^<>]+)>/.exec(text)?.[1],
    url: /\(([^()]+)\)/.exec(text)?.[1],
  };
  return Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined && part !== ""));
}

function hostedOf(draft: Draft): HostedRepository | undefined {
  const { repository } = draft;
  return isJsonObject(repository) ? readHosted(String(repository["url"])) : undefined;
}

function strings(value: readonly unknown[]): readonly string[] {
  return value.filter((item): item is string => typeof item === "string" && item !== "");
}

function firstParagraph(text: string): string {
  const lines = text
    .trim()
    .split("\n")
    .map((line) => line.trim());
  const rest = lines.slice(lines.findIndex((line) => line !== "" && !line.startsWith("#")));
  const end = rest.indexOf("");
  return rest
    .slice(0, end === -1 ? undefined : end)
    .join(" ")
    .trim();
}

export const rules: readonly Rule[] = [
  {
    id: "private-fields",
    text: "npm leaves out fields that begin with an underscore",
    apply: (draft) => {
      for (const key of Object.keys(draft)) if (key.startsWith("_")) delete draft[key];
    },
  },
  {
    id: "bundle-spelling",
    text: "npm writes bundledDependencies as bundleDependencies, a list",
    apply: (draft) => {
      const bundle = draft["bundleDependencies"] ?? draft["bundledDependencies"];
      delete draft["bundledDependencies"];
      if (bundle === true) draft["bundleDependencies"] = Object.keys(Object(draft["dependencies"]));
      else if (isJsonObject(bundle)) draft["bundleDependencies"] = Object.keys(bundle);
      else if (Array.isArray(bundle)) draft["bundleDependencies"] = bundle;
      else delete draft["bundleDependencies"];
    },
  },
  {
    id: "gyp-build",
    text: "npm makes `node-gyp rebuild` the install script where a .gyp file lies at the top",
    apply: (draft, { paths }) => {
      const scripts: Draft = isJsonObject(draft["scripts"]) ? { ...draft["scripts"] } : {};
      if (textOf(scripts["install"]) ?? textOf(scripts["preinstall"]) ?? draft["gypfile"] === false) return;
      if (!paths.some((path) => /^[^./][^/]*\.gyp$/.test(path))) return;
      draft["scripts"] = { ...scripts, install: "node-gyp rebuild" };
      draft["gypfile"] = true;
    },
  },
  {
    id: "script-path",
    text: "npm takes node_modules/.bin/ off the front of scripts",
    apply: (draft) => {
      if (!isJsonObject(draft["scripts"])) return;
      draft["scripts"] = Object.fromEntries(
        Object.entries(draft["scripts"])
          .filter(([, script]) => typeof script === "string")
          .map(([name, script]) => [name, String(script).replace(/^(?:\.[/\\])?node_modules[/\\]\.bin[/\\]/, "")]),
      );
    },
  },
  {
    id: "bin-map",
    text: "npm writes bin as a map of names to paths inside the package",
    apply: (draft, { paths }) => {
      const { bin, directories } = draft;
      const folder = isJsonObject(directories) ? textOf(directories["bin"]) : undefined;
      const inFolder = folder === undefined ? [] : paths.filter((path) => path.startsWith(`${innerPath(folder)}/`));
      const named: readonly (readonly [string, unknown])[] =
        typeof bin === "string"
          ? [[String(draft["name"]), bin]]
          : isJsonObject(bin)
            ? Object.entries(bin)
            : inFolder.map((path) => [path, path]);
      if (named.length === 0) delete draft["bin"];
      else
        draft["bin"] = Object.fromEntries(named.map(([name, path]) => [posix.basename(name), innerPath(String(path))]));
    },
  },
  {
    id: "git-references",
    text: "npm spells references to git hosts in one way, in dependencies and devDependencies",
    apply: (draft) => {
      for (const kind of ["dependencies", "devDependencies"])
        if (isJsonObject(draft[kind]))
          draft[kind] = Object.fromEntries(
            Object.entries(draft[kind]).map(([name, range]) => {
              const hosted = readHosted(String(range));
              return [name, hosted === undefined ? range : dependencyReference(hosted)];
            }),
          );
    },
  },
  {
    id: "types-beside-main",
    text: "npm names the .d.ts file beside main as types, where neither types nor typings is given",
    apply: (draft, { paths }) => {
      const main = textOf(draft["main"]) ?? "index.js";
      const beside = `./${stem(innerPath(main))}.d.ts`;
      if (!("types" in draft) && !("typings" in draft) && paths.includes(beside.slice(2))) draft["types"] = beside;
    },
  },
  {
    id: "man-list",
    text: "npm writes man as a list, with the pages of directories.man",
    apply: (draft, { paths }) => {
      const { man, directories } = draft;
      const folder = isJsonObject(directories) ? textOf(directories["man"]) : undefined;
      const pages =
        man === undefined && folder !== undefined
          ? paths.filter((path) => path.startsWith(`${innerPath(folder)}/`) && /\.\d$/.test(path))
          : [man].flat();
      if (strings(pages).length === 0) delete draft["man"];
      else draft["man"] = strings(pages).map(innerPath);
    },
  },
  {
    id: "readme-name",
    text: "npm names the readme it found",
    apply: (draft, { readme }) => {
      if (!draft["readme"] && readme !== undefined) draft["readmeFilename"] = readme.path;
    },
  },
  {
    id: "description",
    text: "npm makes a missing description out of the readme's first paragraph",
    apply: (draft, { readme }) => {
      const text = textOf(draft["readme"]) ?? readme?.text;
      if (!draft["description"] && text !== undefined) draft["description"] = firstParagraph(text);
    },
  },
  {
    id: "readme-text",
    text: "Verdaccio serves the readme with the package and not with each version",
    apply: (draft) => {
      delete draft["readme"];
    },
  },
  {
    id: "authors-file",
    text: "npm reads contributors from AUTHORS",
    apply: (draft, { authors }) => {
      if (!draft["contributors"] && authors !== undefined)
        draft["contributors"] = authors
          .split(/\r?\n/)
          .map((line) => line.replace(/^\s*#.*$/, "").trim())
          .filter((line) => line !== "");
    },
  },
  {
    id: "people",
    text: "npm writes people as objects",
    apply: (draft) => {
      if (draft["author"]) draft["author"] = person(draft["author"]);
      for (const key of ["contributors", "maintainers"])
        if (Array.isArray(draft[key])) draft[key] = draft[key].map(person);
    },
  },
  {
    id: "repository-url",
    text: "npm writes repository as an object, with git+https addresses for git hosts",
    apply: (draft) => {
      const { repository } = draft;
      const object = typeof repository === "string" ? { type: "git", url: repository } : repository;
      if (!isJsonObject(object)) return;
      const hosted = readHosted(String(object["url"]));
      draft["repository"] = hosted === undefined ? object : { ...object, url: repositoryUrl(hosted) };
    },
  },
  {
    id: "bugs",
    text: "npm fills bugs in from the repository, and writes it as an object",
    apply: (draft) => {
      const { bugs } = draft;
      const hosted = hostedOf(draft);
      if (!bugs) {
        if (hosted !== undefined) draft["bugs"] = { url: `https://${hosted.path}/issues` };
      } else if (typeof bugs === "string") draft["bugs"] = URL.canParse(bugs) ? { url: bugs } : { email: bugs };
    },
  },
  {
    id: "homepage",
    text: "npm fills homepage in from the repository",
    apply: (draft) => {
      const hosted = hostedOf(draft);
      if (!draft["homepage"] && hosted !== undefined) draft["homepage"] = readmePage(hosted);
    },
  },
  {
    id: "keywords",
    text: "npm writes keywords and files as lists of words",
    apply: (draft) => {
      const { keywords, files } = draft;
      if (typeof keywords === "string") draft["keywords"] = keywords.split(/,\s+/);
      else if (Array.isArray(keywords)) draft["keywords"] = strings(keywords);
      if (Array.isArray(files)) draft["files"] = strings(files);
    },
  },
  {
    id: "overrides",
    text: "npm leaves out empty overrides",
    apply: (draft) => {
      if (isJsonObject(draft["overrides"]) && Object.keys(draft["overrides"]).length === 0) delete draft["overrides"];
    },
  },
  {
    id: "git-head",
    text: "Slipway names the commit of the plan as gitHead, as npm does where package.json names none",
    apply: (draft, { commit }) => {
      draft["gitHead"] = commit;
    },
  },
  {
    id: "identity",
    text: "npm adds _id, _nodeVersion and dist, here checked against the tarball's own hashes",
    apply: (draft, { integrity, shasum, tarballUrl, nodeVersion }) => {
      draft["_id"] = `${String(draft["name"])}@${String(draft["version"])}`;
      draft["_nodeVersion"] = nodeVersion;
      draft["dist"] = { integrity, shasum, tarball: tarballUrl };
    },
  },
  {
    id: "no-contributors",
    text: "Verdaccio serves an empty list where there are no contributors",
    apply: (draft) => {
      if (!draft["contributors"]) draft["contributors"] = [];
    },
  },
];
