/** The settings that every process of ours has, whatever services run in it. */
import { type Config, setting } from "../config/setting.js";
import { duration, oneOf } from "../config/setting-kinds.js";
import { logLevels } from "../log/logger.js";
import { portSettings } from "../ports/open-ports.js";
import { telemetrySettings } from "../telemetry/settings.js";

export const processSettings = {
  ...portSettings,
  ...telemetrySettings,
  logLevel: setting(oneOf(...logLevels), {
    default: "info",
    description: "Least severity of what is logged",
  }),
  stopDelay: setting(duration({ minMs: 0, maxMs: 600_000 }), {
    default: "0s",
    description:
      "Time that a process which is asked to stop still takes calls, no longer being ready: callers need it to hear of that",
  }),
  workGrace: setting(duration({ minMs: 0, maxMs: 600_000 }), {
    default: "2500ms",
    description: "Time that work gets to leave a checkpoint when the process stops",
  }),
  stopGrace: setting(duration({ minMs: 0, maxMs: 600_000 }), {
    default: "1500ms",
    description: "Time that calls under way get to end after that",
  }),
} as const;

export type ProcessConfig = Config<typeof processSettings>;
