export { createStudio } from "./studio.js";
export { createStudioHooks } from "./hooks.js";
