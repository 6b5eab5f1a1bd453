/** Chooses the adapters of the ports by configuration: a data directory of this process. */
import { homedir } from "node:os";
import { join } from "node:path";
import type { Abortable } from "../abortable.js";
import { type Config, setting } from "../config/setting.js";
import { text } from "../config/setting-kinds.js";
import { openEmbeddedPorts } from "./embedded-ports.js";
import type { OpenPorts } from "./ports.js";

export const portSettings = {
  dataDir: setting(text(), {
    default: join(process.env.XDG_DATA_HOME ?? join(homedir(), ".local", "share"), "pssr"),
    description: "Folder of all images, models and records; one process at a time uses it",
  }),
} as const;

export type PortConfig = Config<typeof portSettings>;

export async function openPorts(config: PortConfig, { signal }: Abortable = {}): Promise<OpenPorts> {
  return openEmbeddedPorts(config.dataDir, { signal });
}
