/** Stands in for `npm ci` in a checkout of examples/vextrus: nothing is fetched. */
import { linkTools } from "../../examples/vextrus-copy.ts";

await linkTools(process.cwd());
