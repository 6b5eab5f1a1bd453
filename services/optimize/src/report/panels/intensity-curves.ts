/** Variance of the noise by intensity, as photon-transfer curves are drawn, and below it what the mean is off by. */
import type { Comparison } from "../../fitting/fit-outcome.js";
import { type Axis, linearAxis } from "../axis.js";
import { palette } from "../palette.js";
import { drawNothing, drawTitle } from "../panel.js";
import { besideAxes, type Pair, Plot } from "../plot.js";
import type { Box, Surface } from "../surface.js";

const GAP = 16;

export function drawIntensityCurves(surface: Surface, panel: Box, curves: Comparison["intensity"]): void {
  const room = drawTitle(surface, panel, "Variance and mean by intensity");
  const points = curves.filter(({ intensity }) => Number.isFinite(intensity));
  points.sort((a, b) => a.intensity - b.intensity);
  const x = linearAxis(
    points.map(({ intensity }) => intensity),
    { most: 7 },
  );
  const variances = points.flatMap(({ realVariance, simulatedVariance }) => [realVariance, simulatedVariance]);
  const means = points.flatMap(({ realMean, simulatedMean }) => [realMean, simulatedMean]);
  const varianceAxis = linearAxis(variances, { most: 6, withZero: true });
  const meanAxis = linearAxis(means, { most: 4, withZero: true });
  if (x === undefined || varianceAxis === undefined || meanAxis === undefined) {
    drawNothing(surface, room);
    return;
  }

  const { left, bottom } = besideAxes;
  const wide = { left: room.left + left, width: room.width - left };
  const height = room.height - bottom - GAP;
  const upper = { ...wide, top: room.top, height: Math.round(0.68 * height) };
  const lower = { ...wide, top: upper.top + upper.height + GAP, height: height - upper.height };
  const draw = (box: Box, y: Axis, titles: { x?: string; y: string }, of: (real: boolean) => Pair[]) => {
    const plot = new Plot(surface, box, x, y);
    plot.drawAxes(titles);
    plot.curve(of(false), { colour: palette.simulated, width: 2.2 });
    plot.marks(of(true), "DISC", 3.6, { colour: palette.real });
  };
  draw(upper, varianceAxis, { y: "variance (units²)" }, (real) =>
    points.map(({ intensity, realVariance, simulatedVariance }) => [
      intensity,
      real ? realVariance : simulatedVariance,
    ]),
  );
  draw(lower, meanAxis, { x: "intensity (units: 1/255 of the range)", y: "mean (units)" }, (real) =>
    points.map(({ intensity, realMean, simulatedMean }) => [intensity, real ? realMean : simulatedMean]),
  );
}
