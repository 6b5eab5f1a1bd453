/** The affine map between an image's pixel values and what a network sees, once per image: levels to levels. */

/** The values that stand for "no signal" and "full signal"; white is greater than black. */
export interface Levels {
  readonly black: number;
  readonly white: number;
}

/** x ↦ gain·x + offset. */
export interface IntensityMap {
  readonly gain: number;
  readonly offset: number;
}

/** Takes the levels `from` to the levels `to`; exchange the two for the way back. */
export function intensityMap(from: Levels, to: Levels): IntensityMap {
  const gain = (to.white - to.black) / (from.white - from.black);
  return { gain, offset: to.black - gain * from.black };
}
