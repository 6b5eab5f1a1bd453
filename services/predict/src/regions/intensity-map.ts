/** The affine map between an image's pixel values and what a network sees, once per image: levels to levels. */

import type { BlackAndWhite } from "@pssr/imaging";

/** x ↦ gain·x + offset. */
export interface IntensityMap {
  readonly gain: number;
  readonly offset: number;
}

/** Takes the levels `from` to the levels `to`; exchange the two for the way back. */
export function intensityMap(from: BlackAndWhite, to: BlackAndWhite): IntensityMap {
  const gain = (to.white - to.black) / (from.white - from.black);
  return { gain, offset: to.black - gain * from.black };
}
