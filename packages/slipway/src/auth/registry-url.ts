/** The one form in which a registry's URL is written: in plans, journals, credentials and requests. Pure. */
import { fail } from "@slipway/core";
import { createRedactor } from "../redact.ts";

function quoted(text: string): string {
  return JSON.stringify(createRedactor([]).text(text));
}

/**
 * `text` as an http(s) URL with a slash at its end. `where` names its place for the message. Throws
 * SLIP_REGISTRY_INVALID for anything else, and for a URL that holds credentials: they would end up in plan.json.
 */
export function parseRegistryUrl(text: string, where: string): string {
  const variable = /\$\{([^}?]+)\??\}/.exec(text)?.[1];
  if (variable !== undefined)
    fail("SLIP_REGISTRY_INVALID", `${where} needs the environment variable ${variable}, which is not set`, {
      hint: `export ${variable}`,
    });
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:"))
    fail("SLIP_REGISTRY_INVALID", `${where} is ${quoted(text)}, which is not an http or https URL`);
  if (url.username !== "" || url.password !== "")
    fail("SLIP_REGISTRY_INVALID", `${where} for ${url.host} holds a user name or a password`, {
      hint: `write them as //${url.host}${url.pathname}:_authToken or :username and :_password in an .npmrc`,
    });
  if (url.search !== "" || url.hash !== "")
    fail("SLIP_REGISTRY_INVALID", `${where} is ${quoted(text)}, which has a query or a fragment`);
  return url.pathname.endsWith("/") ? url.href : `${url.href}/`;
}
