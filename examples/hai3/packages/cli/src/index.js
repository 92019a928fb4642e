export { run } from "./run.js";
export { createProject, listTemplates } from "./create.js";
