/**
 * What a configuration may hold, as zod checks it and as the shipped JSON Schema says it. Loaded only when there is a
 * configuration: zod costs more to start than the plan of a small workspace.
 */
import {
  defaultLimits,
  findTagFault,
  type Problem,
  problem,
  ProblemsError,
  releaseHosts,
  tagForms,
} from "@slipway/core";
import { z } from "zod";
import { authModes } from "./auth/write-credentials.ts";
import { changesetsModes } from "./changesets/protocol.ts";
import type { SlipwayConfig } from "./config.ts";
import { durationPattern } from "./duration.ts";
import { findNearest } from "./nearest.ts";

const duration: z.ZodType<string | number> = z.union([
  z.number().min(0).describe("milliseconds"),
  z.string().regex(durationPattern, "must be a span of time such as 90s, 20m or 3h"),
]);

const text = z
  .string()
  .min(1)
  .refine((value) => !value.includes("\0"), "must not hold a NUL");

/** Numbers that would make a run wait for ever, or never look, are refused here and not found out later. */
function limitShape(key: string, value: number | readonly number[]): z.ZodType<number | number[]> {
  if (typeof value !== "number") return z.array(z.number().min(0)).max(10);
  if (key.endsWith("Ms")) return z.number().min(0);
  if (key === "pollFactor") return z.number().min(1).max(10);
  const atLeast = key === "repairsMax" ? 0 : 1;
  return z.number().int().min(atLeast);
}

const limits = z
  .strictObject(
    Object.fromEntries(Object.entries(defaultLimits).map(([key, value]) => [key, limitShape(key, value).optional()])),
  )
  .describe("the numbers that bound a run; times in milliseconds, sizes in bytes");

const configSchema: z.ZodType = z
  .strictObject({
    $schema: z.string().optional(),
    tag: text
      .superRefine((value, context) => {
        const fault = findTagFault(value);
        if (fault !== undefined) context.addIssue({ code: "custom", message: fault });
      })
      .optional()
      .describe("dist-tag of all packages, as --tag"),
    access: z.enum(["public", "restricted"]).optional().describe("access of packages whose publishConfig says nothing"),
    identity: z
      .enum(["source", "files", "bytes"])
      .optional()
      .describe("the weakest evidence by which a version already shown counts as this release's; default source"),
    newPackages: z
      .enum(["allow", "refuse"])
      .optional()
      .describe("whether names may be published that the registry does not know; default allow"),
    ignoreScripts: z.boolean().optional().describe("do not run lifecycle scripts when packing; default false"),
    build: text.optional().describe("command run in the workspace root before packing"),
    wait: duration.optional().describe("time without progress before a run stops as unconfirmed; default 20m"),
    waitTotal: duration.optional().describe("bound of the whole run; default 3h"),
    registry: z
      .string()
      .regex(/^https?:\/\/[^\s/?#@\\]+(\/[^\s?#\\]*)?$/, "must be an http or https URL without credentials")
      .optional()
      .describe("registry of all packages but those whose scope has one of its own in .npmrc, as --registry"),
    auth: z
      .enum(authModes)
      .optional()
      .describe(
        "credentials for writes: those configured, the CI job's identity (trusted publishing), or auto; default auto",
      ),
    base: text.optional().describe("release only versions changed since this revision, or auto"),
    only: z
      .union([text, z.array(text).min(1)])
      .optional()
      .describe("release only packages whose name or folder matches"),
    changesets: z
      .enum(changesetsModes)
      .optional()
      .describe(
        "go by .changeset, and answer changesets/action where it runs slipway (auto), not at all (off), or always as its v1 expects it (v1); default auto",
      ),
    concurrency: z.number().int().min(1).max(256).optional().describe("requests under way at once; default 16"),
    gitTags: z
      .enum(tagForms)
      .optional()
      .describe(
        "git tags of what was published: name@version for each package, or one v1.2.3; without the key only `slipway tag` makes them",
      ),
    releases: z.enum(releaseHosts).optional().describe("where releases of those tags are made; default none"),
    limits: limits.optional(),
  })
  .describe("configuration of slipway");

/** The JSON Schema that is shipped as schema/config.schema.json. */
export function makeJsonSchema(): object {
  return z.toJSONSchema(configSchema, { io: "input" });
}

/** Checks a configuration. Throws a ProblemsError with one SLIP_CONFIG_INVALID for each fault; `where` names the file. */
export function parseConfig(value: unknown, where: string): SlipwayConfig {
  const result = configSchema.safeParse(value);
  // The schema has just checked it, key by key.
  if (result.success) return result.data as SlipwayConfig;
  throw new ProblemsError(
    result.error.issues.flatMap((issue): readonly Problem[] => {
      const path = issue.path.map(String).join(".");
      if (issue.code !== "unrecognized_keys") return [describeIssue(where, path, issue.message)];
      return issue.keys.map((key) => describeUnknownKey(where, path, key));
    }),
  );
}

function describeIssue(where: string, path: string, message: string): Problem {
  const at = path === "" ? where : `${path} in ${where}`;
  return problem("SLIP_CONFIG_INVALID", `${at}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`);
}

const keys = [
  "tag",
  "access",
  "identity",
  "newPackages",
  "ignoreScripts",
  "build",
  "wait",
  "waitTotal",
  "registry",
  "auth",
  "base",
  "only",
  "changesets",
  "concurrency",
  "gitTags",
  "releases",
  "limits",
] as const satisfies readonly (keyof SlipwayConfig)[];

function describeUnknownKey(where: string, path: string, key: string): Problem {
  const known: readonly string[] = path === "limits" ? Object.keys(defaultLimits) : keys;
  const near = findNearest(key, known);
  const full = path === "" ? key : `${path}.${key}`;
  const question = near === undefined ? "" : `; did you mean ${near}?`;
  return problem(
    "SLIP_CONFIG_INVALID",
    `${JSON.stringify(full)} in ${where} is no key of the configuration${question}`,
  );
}
