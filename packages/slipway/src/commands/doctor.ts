/** `slipway doctor`: everything that a release needs, looked at before anything is built or sent. Writes nothing. */
import { examine, type Examination } from "../doctoring.ts";
import { formatExamination } from "../views/doctor-view.ts";
import type { Verb } from "./verb.ts";

export const doctor: Verb<Examination> = {
  command: (_args, flags, context) => examine(flags, context),
  views: {
    human: (data, terminal) => formatExamination(data, terminal),
    json: (data) => data,
  },
  exitCode: (data) => data.exitCode,
};
