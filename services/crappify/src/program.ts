/** The service crappify as a process of its own. */
import { kinds, serviceProgram, setting } from "@pssr/platform";
import { crappifySettings } from "./config.js";
import { startCrappify } from "./start.js";

export const crappifyProgram = serviceProgram({
  name: "crappify",
  settings: {
    ...crappifySettings,
    crappifyBind: setting(kinds.address(), {
      default: "127.0.0.1:7701",
      description: "Address that crappify listens on",
    }),
  },
  start: (config, context) => startCrappify(config, context),
});
