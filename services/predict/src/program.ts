/** The service predict as a process of its own. */
import { kinds, peerSetting, serviceProgram, setting } from "@pssr/platform";
import { predictSettings } from "./config.js";
import { startPredict } from "./start.js";

export const predictProgram = serviceProgram({
  name: "predict",
  settings: {
    ...predictSettings,
    predictBind: setting(kinds.address(), {
      default: "127.0.0.1:7703",
      description: "Address that predict listens on",
    }),
    crappifyAddress: peerSetting("crappify", 7701),
    trainAddress: peerSetting("train", 7702),
  },
  start: (config, context) =>
    startPredict(config, context, { crappify: config.crappifyAddress, train: config.trainAddress }),
});
