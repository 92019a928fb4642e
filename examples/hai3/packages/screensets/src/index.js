export { createScreensets } from "./registry.js";
export { compileRoute } from "./route.js";
