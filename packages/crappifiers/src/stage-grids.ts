/** The grids that a crappifier's two stages work on. */
import type { Crappifier } from "./spec.js";
import type { StageGrid } from "./step.js";

/** @param high That of the high-resolution tile. */
export function stageGrids(
  { sampling: { scale } }: Crappifier,
  high: StageGrid,
): [optics: StageGrid, detector: StageGrid] {
  const { height, width, pixelSizeNm } = high;
  return [
    { height, width, pixelSizeNm },
    { height: height / scale, width: width / scale, pixelSizeNm: pixelSizeNm && pixelSizeNm * scale },
  ];
}
