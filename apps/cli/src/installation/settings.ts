/** The settings of a whole installation in one process: its own and those of every service. */
import { crappifySettings } from "@pssr/crappify";
import { gatewaySettings } from "@pssr/gateway";
import { type Config, kinds, logLevels, portSettings, setting } from "@pssr/platform";
import { predictSettings } from "@pssr/predict";
import { trainSettings } from "@pssr/train";

const { duration, oneOf } = kinds;

/** What every process of ours has, whatever services run in it. */
export const processSettings = {
  ...portSettings,
  logLevel: setting(oneOf(...logLevels), {
    default: "info",
    description: "Least severity of what is logged",
  }),
  workGrace: setting(duration({ minMs: 0, maxMs: 600_000 }), {
    default: "2500ms",
    description: "Time that work gets to leave a checkpoint when the process is asked to stop",
  }),
  stopGrace: setting(duration({ minMs: 0, maxMs: 600_000 }), {
    default: "1500ms",
    description: "Time that calls under way get to end after that",
  }),
} as const;

export type ProcessConfig = Config<typeof processSettings>;

export const installationSettings = {
  ...processSettings,
  ...crappifySettings,
  ...trainSettings,
  ...predictSettings,
  ...gatewaySettings,
} as const;

export type InstallationConfig = Config<typeof installationSettings>;
