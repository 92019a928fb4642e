export { createApi } from "./client.js";
export { ApiError } from "./error.js";
export { bearer, retry } from "./interceptors.js";
