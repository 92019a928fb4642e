/**
 * The real command line, killed with SIGKILL when its journal has become so many lines long. The first argument is the
 * number; the others are the command line. A run whose journal stays shorter ends as it would.
 */
import { argv, exit, kill, pid } from "node:process";
import { main } from "../../packages/slipway/src/main.ts";

const [, , linesText = "", ...args] = argv;
let left = Number(linesText);

exit(
  await main(args, {
    wrapJournal: (journal) => ({
      async append(events) {
        // One line at a time, so that a batch can be cut anywhere.
        for (const event of events) {
          await journal.append([event]);
          left -= 1;
          if (left === 0) kill(pid, "SIGKILL");
        }
      },
    }),
  }),
);
