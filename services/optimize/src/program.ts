/** The service optimize as a process of its own. */
import { kinds, peerSetting, serviceProgram, setting } from "@pssr/platform";
import { optimizeSettings } from "./config.js";
import { startOptimize } from "./start.js";

export const optimizeProgram = serviceProgram({
  name: "optimize",
  settings: {
    ...optimizeSettings,
    optimizeBind: setting(kinds.address(), {
      default: "127.0.0.1:7704",
      description: "Address that optimize listens on",
    }),
    crappifyAddress: peerSetting("crappify", 7701),
  },
  start: (config, context) => startOptimize(config, context, { crappify: config.crappifyAddress }),
});
