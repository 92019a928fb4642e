/** Command lines and configurations that cannot be meant. */
import type { BadInput } from "./case.ts";

function usage(args: readonly string[], ...says: readonly RegExp[]): BadInput {
  return { what: `slipway ${args.join(" ")}`, exit: 2, codes: ["SLIP_USAGE"], says, args };
}

function tag(value: string): BadInput {
  return {
    what: `--tag ${JSON.stringify(value)}`,
    exit: 2,
    codes: ["SLIP_TAG_INVALID"],
    says: [/--tag/],
    args: ["publish", `--tag=${value}`],
  };
}

/** A configuration in slipway.config.<ending>. */
function config(what: string, ending: string, text: string, ...says: readonly RegExp[]): BadInput {
  return {
    what,
    exit: 2,
    codes: ["SLIP_CONFIG_INVALID"],
    says: [/slipway\.config/, ...says],
    prepare: async ({ workspace }) => {
      await workspace.edit(".", (manifest) => ({ ...manifest, slipway: undefined }));
      await workspace.write(`slipway.config.${ending}`, text);
      await workspace.commitAll("Configure it");
    },
  };
}

export const commandLineCases: readonly BadInput[] = [
  usage(["pubish"], /pubish/, /publish/),
  usage(["publish", "--tga", "next"], /--tga/, /--tag/),
  usage(["publish", "--tag"], /--tag/),
  usage(["publish", "one", "two"], /too many arguments/),
  usage(["plan", "one", "two"], /too many arguments/),
  {
    what: "slipway plan of a plan that does not exist",
    exit: 2,
    codes: ["SLIP_FOLDER_INVALID"],
    says: [/extra/],
    args: ["plan", "extra"],
  },
  usage(["publish", "--wait", "soon"], /--wait "soon"/, /90s, 20m or 3h/),
  usage(["publish", "--wait=-5m"], /--wait "-5m"/),
  usage(["publish", "--wait-total", "3"], /--wait-total "3"/),
  usage(["publish", "--identity", "vibes"], /--identity "vibes"/, /source, files, bytes/),
  usage(["publish", "--access", "private"], /--access "private"/, /public, restricted/),
  usage(["publish", "--new-packages", "maybe"], /--new-packages "maybe"/, /allow, refuse/),
  usage(["publish", "--concurrency", "0"], /--concurrency "0"/),
  usage(["publish", "--accept", "x@1.0.0"], /--accept "x@1\.0\.0"/, /name@version=sha512-/),
  usage(["publish", "--accept", "x@1.0.0=sha512-short"], /--accept "x@1\.0\.0=sha512-short"/),
  usage(["publish", "--identity", "vibes", "--wait", "soon"], /vibes/, /soon/),
  usage(["--json", "plan"], /no command is given/, /put the command before its flags/),
  usage(["publish", "--json", "yaml"], /--json "yaml"/, /--json=events/),
  usage(["publish", "--json", ".slipway/0123456789ab"], /--json ".slipway\/0123456789ab"/, /at the end/),
  usage(["verify", "left-pad"], /"left-pad" is neither a release folder nor of the form name@version/),
  usage(["verify", "a b@1.0.0"], /the name in "a b@1\.0\.0" may only hold/),
  usage(["verify", "../../x@1.0.0"], /the name in "\.\.\/\.\.\/x@1\.0\.0" may only hold/),
  usage(["verify", "left-pad@^1.0.0"], /the version in "left-pad@\^1\.0\.0" is not a semantic version/),
  usage(["publish", "--only", "nothing-matches-*"], /nothing-matches-\*/),
  usage(["publish", "--only", "packages/aa"], /did you mean packages\/a\?/),
  usage(["publish", "--plan-digest", "123"], /--plan-digest "123" is no sha256/),
  usage(["plan", "--graph=dot"], /--graph "dot" is not one of text, mermaid/),
  usage(["help", "pubilsh"], /did you mean publish\?/),
  usage(["completion", "fihs"], /did you mean fish\?/),
  usage(["verify", "b"], /did you mean @command-line-\d+\/b@1\.0\.0\?/),
  tag("^1.0.0"),
  tag("1.0.0"),
  tag("slipway-000000000000"),
  tag(""),
  tag("a b"),
  tag("x\u001b[2J"),
  config("a configuration that is not JSON", "json", '{ "tag": }', /slipway\.config\.json:1:10/),
  config("an unknown key in the configuration", "json", '{ "acces": "public" }', /"acces"/, /did you mean access\?/),
  config(
    "several faults in the configuration, which are named at once",
    "json",
    '{ "identity": 3, "wait": "soon", "limits": { "settleMs": -1 } }',
    /identity/,
    /wait/,
    /limits\.settleMs/,
  ),
  config("a configuration that throws", "ts", 'throw new Error("no disk today");\n', /no disk today/),
  config("a configuration without a default export", "ts", "export const tag = 1;\n", /no default export/),
  {
    what: "a configuration that does not exist",
    exit: 2,
    codes: ["SLIP_CONFIG_INVALID"],
    says: [/missing\.json/],
    args: ["publish", "--config", "missing.json"],
  },
  {
    what: "two configurations",
    exit: 2,
    codes: ["SLIP_CONFIG_INVALID"],
    says: [/slipway\.config\.json, "slipway" in package\.json/],
    prepare: async ({ workspace }) => {
      await workspace.write("slipway.config.json", "{}");
      await workspace.commitAll("Configure it twice");
    },
  },
  usage(["publish", "--cwd", "nowhere"], /--cwd "nowhere" is no folder/),
];
