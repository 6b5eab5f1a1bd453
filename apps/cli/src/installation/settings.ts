/** The settings of a whole installation in one process: its own and those of every service. */
import { crappifySettings } from "@pssr/crappify";
import { gatewaySettings } from "@pssr/gateway";
import { optimizeSettings } from "@pssr/optimize";
import { type Config, processSettings } from "@pssr/platform";
import { predictSettings } from "@pssr/predict";
import { trainSettings } from "@pssr/train";

export const installationSettings = {
  ...processSettings,
  ...crappifySettings,
  ...trainSettings,
  ...predictSettings,
  ...optimizeSettings,
  ...gatewaySettings,
} as const;

export type InstallationConfig = Config<typeof installationSettings>;
