/** Makes an image brighter or darker, as another exposure would have. */
import type { Calibration } from "@pssr/crappifiers";
import type { PixelArray } from "@pssr/imaging";

/** Multiplies what lies above black, in place; what would lie beyond the saturation level stays at it. */
export function multiplySignal(
  { data, dtype }: PixelArray,
  gain: number,
  { black, white, saturation }: Calibration,
): void {
  const most = saturation?.[1] ?? white;
  const round = dtype === "float32" ? (value: number) => value : Math.round;
  for (let n = 0; n < data.length; n++) {
    const signal = data[n]! - black;
    if (signal > 0) data[n] = round(Math.min(black + gain * signal, Math.max(most, data[n]!)));
  }
}
