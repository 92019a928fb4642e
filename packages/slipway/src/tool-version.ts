/** The version of slipway, as it stands in journals and user agents. */
import manifest from "../package.json" with { type: "json" };

export const toolVersion: string = manifest.version;
