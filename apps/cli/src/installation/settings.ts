/** The settings of a whole installation in one process: its own and those of every service. */
import { homedir } from "node:os";
import { join } from "node:path";
import { crappifySettings } from "@pssr/crappify";
import { gatewaySettings } from "@pssr/gateway";
import { type Config, kinds, logLevels, setting } from "@pssr/platform";
import { predictSettings } from "@pssr/predict";
import { trainSettings } from "@pssr/train";

const { duration, oneOf, text } = kinds;

/** What every process of ours has, whatever services run in it. */
export const processSettings = {
  dataDir: setting(text(), {
    default: join(process.env.XDG_DATA_HOME ?? join(homedir(), ".local", "share"), "pssr"),
    description: "Folder of all images, models and records; one process at a time uses it",
  }),
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
