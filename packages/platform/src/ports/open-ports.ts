/**
 * Chooses the adapters of the ports by configuration: a data directory of this process, or NATS and S3, which many processes
 * share.
 */
import { homedir } from "node:os";
import { join } from "node:path";
import { PssrError } from "@pssr/api";
import type { Abortable } from "../abortable.js";
import { type Config, setting } from "../config/setting.js";
import { text } from "../config/setting-kinds.js";
import { natsSettings } from "../nats/nats-settings.js";
import { ObservedObjectStore } from "../objects/observed-object-store.js";
import { s3Settings } from "../objects/s3/s3-settings.js";
import { ObservedWorkQueue } from "../queue/observed-work-queue.js";
import { openClusterPorts } from "./cluster-ports.js";
import { openEmbeddedPorts } from "./embedded-ports.js";
import type { OpenPorts } from "./ports.js";

export const portSettings = {
  dataDir: setting(text(), {
    default: join(process.env.XDG_DATA_HOME ?? join(homedir(), ".local", "share"), "pssr"),
    description: "Folder of all images, models and records, one process at a time; not used with NATS and S3",
  }),
  ...natsSettings,
  ...s3Settings,
} as const;

export type PortConfig = Config<typeof portSettings>;

export interface OpenPortsOptions extends Abortable {
  /** Errors in the background, which no caller can be told. */
  report(error: unknown, doing: string): void;
}

/** INVALID_CONFIGURATION, DATA_DIRECTORY_LOCKED, UNAVAILABLE; then nothing stays open. */
export async function openPorts(config: PortConfig, options: OpenPortsOptions): Promise<OpenPorts> {
  const open = await openChosen(config, options);
  const { ports } = open;
  const observed = { objects: new ObservedObjectStore(ports.objects), queue: new ObservedWorkQueue(ports.queue) };
  return { ...open, ports: { ...ports, ...observed } };
}

async function openChosen(config: PortConfig, options: OpenPortsOptions): Promise<OpenPorts> {
  const { natsUrl, s3Endpoint } = config;
  if (natsUrl === undefined && s3Endpoint === undefined) return openEmbeddedPorts(config.dataDir, options);
  if (natsUrl !== undefined && s3Endpoint !== undefined) return openClusterPorts(config, options);
  const [given, field, missing] =
    natsUrl === undefined
      ? ["PSSR_S3_ENDPOINT", "natsUrl", "PSSR_NATS_URL"]
      : ["PSSR_NATS_URL", "s3Endpoint", "PSSR_S3_ENDPOINT"];
  throw new PssrError(
    "INVALID_CONFIGURATION",
    `${given} is set and ${missing} is not: processes share records and objects together or not at all; set both, or neither`,
    { field },
  );
}
