/** The gateway as a process of its own. */
import { peerSetting, serviceProgram } from "@pssr/platform";
import { gatewaySettings } from "./config.js";
import { startGateway } from "./start.js";

export const gatewayProgram = serviceProgram({
  name: "gateway",
  settings: {
    ...gatewaySettings,
    crappifyAddress: peerSetting("crappify", 7701),
    trainAddress: peerSetting("train", 7702),
    predictAddress: peerSetting("predict", 7703),
    optimizeAddress: peerSetting("optimize", 7704),
  },
  start: (config, context) =>
    startGateway(config, context, {
      crappify: config.crappifyAddress,
      train: config.trainAddress,
      predict: config.predictAddress,
      optimize: config.optimizeAddress,
    }),
});
