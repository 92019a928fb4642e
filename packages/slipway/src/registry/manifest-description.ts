/**
 * The fields of a manifest that only describe the package (links, people, readme, lists of words and files) in npm's
 * normal form. Pure. Must not touch a field that decides what an install gets.
 */
import { isJsonObject } from "@slipway/core";
import { findHostedRepository } from "./hosted-repository.ts";
import { insidePackage, isDraft } from "./manifest-draft.ts";
import type { Draft } from "./manifest-draft.ts";

/** What npm publishes as the readme of a package that has none; registries know the sentence. */
const readmeMissing = "ERROR: No README data found!";

/** The first paragraph of a readme that is no heading. */
function firstParagraph(readme: string): string {
  const lines = readme.trim().split("\n");
  const start = lines.findIndex((line) => !/^(#|$)/.test(line.trim()));
  if (start === -1) return "";
  const length = lines.slice(start + 1).findIndex((line) => line.trim() === "");
  return lines
    .slice(start, length === -1 ? undefined : start + 1 + length)
    .join(" ")
    .trim();
}

function describeReadme(draft: Draft, hasFiles: boolean): void {
  if (draft["description"] && typeof draft["description"] !== "string") delete draft["description"];
  const readme = draft["readme"];
  if (typeof readme === "string" && readme !== "" && readme !== readmeMissing && !draft["description"])
    draft["description"] = firstParagraph(readme);
  if (!readme && hasFiles) draft["readme"] = readmeMissing;
}

function nonEmptyStrings(list: readonly unknown[]): readonly string[] {
  return list.filter((item): item is string => typeof item === "string" && item !== "");
}

function describeLists(draft: Draft): void {
  delete draft["modules"];
  const { files, keywords, man } = draft;
  if (Array.isArray(files)) draft["files"] = nonEmptyStrings(files);
  else if (files) delete draft["files"];
  if (typeof keywords === "string") draft["keywords"] = keywords.split(/,\s+/);
  else if (Array.isArray(keywords)) draft["keywords"] = nonEmptyStrings(keywords);
  else if (keywords) delete draft["keywords"];
  const mans = (Array.isArray(man) ? man : [man]).filter((path): path is string => typeof path === "string");
  if (man && mans.length > 0) draft["man"] = mans.map((path) => insidePackage(path));
  else delete draft["man"];
}

function describeRepository(draft: Draft): string | undefined {
  if (Array.isArray(draft["repositories"])) draft["repository"] = draft["repositories"][0];
  if (typeof draft["repository"] === "string" && draft["repository"] !== "")
    draft["repository"] = { type: "git", url: draft["repository"] };
  const repository = draft["repository"];
  if (!isDraft(repository) || typeof repository["url"] !== "string" || repository["url"] === "") return undefined;
  const hosted = findHostedRepository(repository["url"]);
  if (hosted) repository["url"] = hosted.getDefaultRepresentation() === "shortcut" ? hosted.https() : hosted.toString();
  return String(repository["url"]);
}

function isEmail(text: string): boolean {
  return text.includes("@") && text.indexOf("@") < text.lastIndexOf(".");
}

function describeBugs(draft: Draft, repositoryUrl: string | undefined): void {
  const bugs = draft["bugs"];
  if (!bugs) {
    const url = repositoryUrl === undefined ? undefined : findHostedRepository(repositoryUrl)?.bugs();
    if (url) draft["bugs"] = { url };
    return;
  }
  if (typeof bugs === "string") {
    if (isEmail(bugs)) draft["bugs"] = { email: bugs };
    else if (URL.canParse(bugs)) draft["bugs"] = { url: bugs };
    // npm drops what is neither.
    else delete draft["bugs"];
    return;
  }
  if (!isJsonObject(bugs)) return;
  const url = bugs["name"] ?? bugs["web"] ?? bugs["url"];
  const email = bugs["email"];
  const kept = {
    ...(typeof url === "string" && URL.canParse(url) ? { url } : {}),
    ...(typeof email === "string" && isEmail(email) ? { email } : {}),
  };
  if (Object.keys(kept).length > 0) draft["bugs"] = kept;
  else delete draft["bugs"];
}

function describeHomepage(draft: Draft, repositoryUrl: string | undefined): void {
  if (!draft["homepage"] && repositoryUrl !== undefined) {
    const hosted = findHostedRepository(repositoryUrl);
    if (hosted) draft["homepage"] = hosted.docs();
  }
  const homepage = draft["homepage"];
  if (!homepage) return;
  if (typeof homepage !== "string") delete draft["homepage"];
  else if (!URL.canParse(homepage)) draft["homepage"] = `http://${homepage}`;
}

function personText(person: Readonly<Record<string, unknown>>): string {
  const url = person["url"] || person["web"];
  const email = person["email"] || person["mail"];
  return `${String(person["name"] || "")}${email ? ` <${String(email)}>` : ""}${url ? ` (${String(url)})` : ""}`;
}

/** A person as an object, read from `Name <email> (url)` as npm reads it. */
function describePerson(person: unknown): unknown {
  const text = typeof person === "string" ? person : isJsonObject(person) ? personText(person) : "";
  const name = /^([^(<]+)/.exec(text)?.[1]?.trim();
  const email = /<([^<>]+)>/.exec(text)?.[1];
  const url = /\(([^()]+)\)/.exec(text)?.[1];
  return {
    ...(name ? { name } : {}),
    ...(email === undefined ? {} : { email }),
    ...(url === undefined ? {} : { url }),
  };
}

/** `hasFiles` is whether the readme was looked for: only then is there none. */
export function describePackage(draft: Draft, hasFiles: boolean): void {
  describeReadme(draft, hasFiles);
  describeLists(draft);
  const repositoryUrl = describeRepository(draft);
  describeBugs(draft, repositoryUrl);
  describeHomepage(draft, repositoryUrl);
  if (draft["author"]) draft["author"] = describePerson(draft["author"]);
  for (const set of ["maintainers", "contributors"]) {
    const people = draft[set];
    if (Array.isArray(people)) draft[set] = people.map((person: unknown) => describePerson(person));
  }
}
