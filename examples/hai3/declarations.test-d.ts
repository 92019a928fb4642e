// Compiled, never run: what each package declares by hand is what its code has.
import type * as state from "./packages/state/types/index.js";
import type * as screensets from "./packages/screensets/types/index.js";
import type * as api from "./packages/api/types/index.js";
import type * as i18n from "./packages/i18n/types/index.js";
import type * as framework from "./packages/framework/types/index.js";
import type * as react from "./packages/react/types/index.js";
import type * as uikit from "./packages/uikit/types/index.js";
import type * as studio from "./packages/studio/types/index.js";
import type * as cli from "./packages/cli/types/index.js";
import type * as stateCode from "./packages/state/src/index.js";
import type * as screensetsCode from "./packages/screensets/src/index.js";
import type * as apiCode from "./packages/api/src/index.js";
import type * as i18nCode from "./packages/i18n/src/index.js";
import type * as frameworkCode from "./packages/framework/src/index.js";
import type * as reactCode from "./packages/react/src/index.js";
import type * as uikitCode from "./packages/uikit/src/index.js";
import type * as studioCode from "./packages/studio/src/index.js";
import type * as cliCode from "./packages/cli/src/index.js";

type Holds<Declared, Code extends Declared> = Code;
type SameNames<A, B> = [Exclude<keyof A, keyof B>, Exclude<keyof B, keyof A>] extends [never, never] ? true : false;
type True<T extends true> = T;

export type Checked = [
  Holds<typeof state, typeof stateCode>,
  True<SameNames<typeof state, typeof stateCode>>,
  Holds<typeof screensets, typeof screensetsCode>,
  True<SameNames<typeof screensets, typeof screensetsCode>>,
  Holds<typeof api, typeof apiCode>,
  True<SameNames<typeof api, typeof apiCode>>,
  Holds<typeof i18n, typeof i18nCode>,
  True<SameNames<typeof i18n, typeof i18nCode>>,
  Holds<typeof framework, typeof frameworkCode>,
  True<SameNames<typeof framework, typeof frameworkCode>>,
  Holds<typeof react, typeof reactCode>,
  True<SameNames<typeof react, typeof reactCode>>,
  Holds<typeof uikit, typeof uikitCode>,
  True<SameNames<typeof uikit, typeof uikitCode>>,
  Holds<typeof studio, typeof studioCode>,
  True<SameNames<typeof studio, typeof studioCode>>,
  Holds<typeof cli, typeof cliCode>,
  True<SameNames<typeof cli, typeof cliCode>>,
];
