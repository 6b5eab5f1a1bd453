/** Settings of the service optimize. */
import { type Config, grpcSettings, kinds, setting } from "@pssr/platform";

const { address, bytes, duration, integer } = kinds;
const MiB = 2 ** 20;
const GiB = 2 ** 30;

export const optimizeSettings = {
  ...grpcSettings,
  optimizeBind: setting(address(), {
    default: "127.0.0.1:0",
    description: "Address that optimize listens on",
  }),
  fitConcurrency: setting(integer({ min: 0, max: 64 }), {
    default: "1",
    description: "Fits that this process works on at once, each in a thread of its own; 0 leaves it to others",
  }),
  fitTilesInFlight: setting(integer({ min: 1, max: 64 }), {
    default: "4",
    description: "Tiles of one fit that are read, or degraded by crappify, at the same time",
  }),
  fitTileMemory: setting(bytes({ min: MiB, max: 16 * GiB }), {
    default: "256MiB",
    description: "Most bytes of pixels that the tiles of one fit may have; a fit takes about four times as much memory",
  }),
  fitPatience: setting(duration({ minMs: 1000 }), {
    default: "10m",
    description:
      "Time for which a fit waits for a crappify that is away; then it is tried again like all that meets an outage, ten times without a new evaluation",
  }),
} as const;

export type OptimizeConfig = Config<typeof optimizeSettings>;
