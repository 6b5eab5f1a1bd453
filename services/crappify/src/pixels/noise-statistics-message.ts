/** Statistics of noise as the contract's message. */
import type { NoiseStatistics as NoiseStatisticsMessage } from "@pssr/api";
import type { NoiseStatistics } from "@pssr/crappifiers";

export function toNoiseStatistics({ bins, ...whole }: NoiseStatistics): NoiseStatisticsMessage {
  return { ...whole, bins: bins.map(({ pixels, ...bin }) => ({ ...bin, pixels: BigInt(pixels) })) };
}
