import { parseArgs } from "node:util";
import { ownManifest } from "./manifest.js";
import { CreateError, createProject, listTemplates } from "./create.js";

const usage = `Usage: hai3 <command>

  create <folder>   make a project in a new or empty folder
      --template <name>   which one (default: app)
      --name <name>       the package's name (default: the folder's)
  templates         list the templates
  info              list the @hai3 packages that projects are made for
  --version         the version of this program
`;

/**
 * The command line, without the process around it.
 *
 * @param {readonly string[]} args
 * @param {import("../types/index.js").Terminal} terminal
 * @returns {Promise<number>} the exit code
 */
export async function run(args, { cwd, write, complain }) {
  /** @type {{ values: { template?: string, name?: string, version?: boolean, help?: boolean }, positionals: string[] }} */
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        template: { type: "string" },
        name: { type: "string" },
        version: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    complain(`hai3: ${cause.message}\n\n${usage}`);
    return 2;
  }
  const { values, positionals } = parsed;
  const [command, folder] = positionals;
  if (values.version === true) {
    write(`${ownManifest().version}\n`);
    return 0;
  }
  if (values.help === true) {
    write(usage);
    return 0;
  }
  switch (command) {
    case "templates":
      for (const { name, description } of listTemplates()) write(`${name.padEnd(8)}  ${description}\n`);
      return 0;
    case "info":
      for (const [name, range] of Object.entries(ownManifest().dependencies)) write(`${name.padEnd(17)}  ${range}\n`);
      return 0;
    case "create":
      if (folder === undefined) break;
      try {
        const made = createProject({ folder, cwd, template: values.template, name: values.name });
        write(`Made ${made.name} from the template ${made.template}:\n`);
        for (const file of made.files) write(`  ${file}\n`);
        write(`\nNext: cd ${folder} && npm install && npm start\n`);
        return 0;
      } catch (cause) {
        if (!(cause instanceof CreateError)) throw cause;
        complain(`hai3: ${cause.message}\n`);
        return 1;
      }
    default:
  }
  complain(usage);
  return 2;
}
