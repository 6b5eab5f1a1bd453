/** The service train as a process of its own. */
import { kinds, peerSetting, serviceProgram, setting } from "@pssr/platform";
import { trainSettings } from "./config.js";
import { startTrain } from "./start.js";

export const trainProgram = serviceProgram({
  name: "train",
  settings: {
    ...trainSettings,
    trainBind: setting(kinds.address(), { default: "127.0.0.1:7702", description: "Address that train listens on" }),
    crappifyAddress: peerSetting("crappify", 7701),
  },
  start: (config, context) => startTrain(config, context, { crappify: config.crappifyAddress }),
});
