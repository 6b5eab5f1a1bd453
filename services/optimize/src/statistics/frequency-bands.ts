/**
 * Bands of the frequency plane in which power is compared. Noise of a scan is not the same along a line and across lines, so
 * each ring is cut into what varies more along x, what varies more along y, and what does not vary along x at all (rows that
 * are brighter or darker as a whole).
 */
const RINGS = 8;

/** The band of each pair of frequencies of a block, rows first, and how many there are in each; −1: in none (the mean). */
export interface FrequencyBands {
  count: number;
  bandOf: Int16Array;
  sizes: Float64Array;
}

export function frequencyBands(side: number): FrequencyBands {
  const bandOf = new Int16Array(side * side).fill(-1);
  const count = 3 * RINGS;
  for (let v = 0; v < side; v++) {
    for (let u = 0; u < side; u++) {
      const [x, y] = [Math.min(u, side - u) / side, Math.min(v, side - v) / side];
      if (x === 0 && y === 0) continue;
      // The corners beyond half a cycle a pixel belong to the last ring.
      const ring = Math.min(Math.floor(Math.hypot(x, y) * 2 * RINGS), RINGS - 1);
      const sector = x === 0 ? 2 : x >= y ? 0 : 1;
      bandOf[v * side + u] = sector * RINGS + ring;
    }
  }
  const sizes = new Float64Array(count);
  for (const band of bandOf) if (band >= 0) sizes[band]!++;
  return { count, bandOf, sizes };
}

/** What each band is: its direction, and the middle of its ring in cycles per pixel. */
export function bandsOf(count: number): { direction: "ALONG_X" | "ALONG_Y" | "ROWS"; frequency: number }[] {
  const directions = ["ALONG_X", "ALONG_Y", "ROWS"] as const;
  return Array.from({ length: count }, (_, band) => ({
    direction: directions[Math.floor(band / RINGS)]!,
    frequency: ((band % RINGS) + 0.5) / (2 * RINGS),
  }));
}
