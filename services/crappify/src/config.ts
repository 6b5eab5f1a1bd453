/** Settings of the service crappify. */
import { availableParallelism } from "node:os";
import { type Config, grpcSettings, kinds, optional, setting } from "@pssr/platform";

const { address, bytes, duration, integer, listOf, text } = kinds;
const MiB = 2 ** 20;
const GiB = 2 ** 30;

export const crappifySettings = {
  ...grpcSettings,
  crappifyBind: setting(address(), {
    default: "127.0.0.1:0",
    description: "Address that crappify listens on",
  }),
  maxUploadBytes: setting(bytes({ min: 1, max: 2 ** 31 - 1 }), {
    default: "1GiB",
    description: "Largest file that can be uploaded",
  }),
  maxImagePixels: setting(integer({ min: 1, max: 2 ** 34 }), {
    default: String(2 ** 30),
    description: "Most pixels that an uploaded image may have, over all its planes",
  }),
  importConcurrency: setting(integer({ min: 0, max: 64 }), {
    default: "1",
    description: "Uploaded files decoded at once, each in a process of its own; 0 leaves it to others",
  }),
  importMemory: setting(bytes({ min: 64 * MiB, max: 256 * GiB }), {
    default: "4GiB",
    description: "Memory that the decoding of one file may take before it is stopped",
  }),
  importTime: setting(duration({ minMs: 1000 }), {
    default: "10m",
    description: "Time that the decoding of one file may take before it is stopped",
  }),
  crappifyThreads: setting(integer({ min: 1, max: 256 }), {
    default: String(Math.max(1, availableParallelism() - 1)),
    description: "Threads that cut and crappify tiles",
  }),
  crappifyImageConcurrency: setting(integer({ min: 0, max: 64 }), {
    default: "1",
    description: "Images degraded whole at once (CrappifyImage); 0 leaves it to others",
  }),
  crappifyImageThreads: setting(integer({ min: 1, max: 256 }), {
    // A pod's share of a large machine may be small, and each thread takes memory of its own.
    default: String(Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2)))),
    description: "Threads that degrade one of these, beside those above, which tiles and previews keep for themselves",
  }),
  crappifyImageMemory: setting(bytes({ min: 16 * MiB, max: 256 * GiB }), {
    default: "512MiB",
    description: "Memory that the pixels of one of these may take, over all its threads; larger ones are refused",
  }),
  tileCache: setting(bytes({ min: MiB, max: 256 * GiB }), {
    default: "256MiB",
    description: "Decoded parts of images held in memory, over all threads",
  }),
  pairPrefetch: setting(bytes({ min: 64 * 1024, max: GiB }), {
    default: "8MiB",
    description: "Pairs made ahead for each stream",
  }),
  externalCrappifiers: setting(listOf(address()), {
    default: "",
    description: "Servers of your own that may take external steps of crappifiers, each as such a step names it",
  }),
  externalCrappifierDeadline: setting(duration({ minMs: 100, maxMs: 50_000 }), {
    default: "10s",
    description:
      "Time that such a server has for one plane of a tile; for one that is late twice a training waits, and a preview fails",
  }),
  externalCrappifierCalls: setting(integer({ min: 1, max: 256 }), {
    default: "16",
    description: "Planes that such servers are sent at once, all of them together",
  }),
  externalCrappifierCaFile: optional(text(), {
    description: "Certificate authority of such servers, PEM; given, connections to them are encrypted",
  }),
} as const;

export type CrappifyConfig = Config<typeof crappifySettings>;
