/** How often real and simulated pixels differ by how much from the same tile only sampled; tails are seen by the logarithm. */
import type { Comparison } from "../../fitting/fit-outcome.js";
import { linearAxis, logAxis } from "../axis.js";
import { palette } from "../palette.js";
import { drawNothing, drawTitle } from "../panel.js";
import { besideAxes, type Pair, Plot } from "../plot.js";
import type { Box, Surface } from "../surface.js";

/** Rarer differences than so many decades below the most frequent one are chance. */
const DECADES = 4;
/** The share of the pixels on either side that lie too far out to be shown. */
const CUT = 3e-5;

export function drawNoiseProfile(surface: Surface, panel: Box, profile: Comparison["profile"]): void {
  const room = drawTitle(surface, panel, "Noise profile");
  const points = profile.filter(({ difference }) => Number.isFinite(difference));
  points.sort((a, b) => a.difference - b.difference);
  const percent = points.map(({ real, simulated }) => [100 * real, 100 * simulated] as const);
  const y = logAxis(percent.flat(), { most: 6, decades: DECADES });
  const step = Math.min(...points.slice(1).map(({ difference }, n) => difference - points[n]!.difference)) || 1;
  const half = Number.isFinite(step) ? step / 2 : 0.5;
  const x = linearAxis(
    withoutTails(points).flatMap(({ difference }) => [difference - half, difference + half]),
    { most: 7 },
  );
  if (x === undefined || y === undefined) {
    drawNothing(surface, room);
    return;
  }
  const { left, bottom } = besideAxes;
  const box = { left: room.left + left, top: room.top, width: room.width - left, height: room.height - bottom };
  const plot = new Plot(surface, box, x, y);
  plot.drawAxes({ x: "difference (1/255 of the range)", y: "share of pixels (%)" });
  // No pixels, or as good as none: on the axis.
  const shown = (share: number) => (Number.isNaN(share) ? share : Math.max(share, y.low));
  const steps = points.flatMap(({ difference }, n): Pair[] => {
    const share = shown(percent[n]![0]);
    return [
      [difference - half, share],
      [difference + half, share],
    ];
  });
  plot.areaBelow(steps, { colour: palette.real, opacity: 0.22 });
  plot.curve(steps, { colour: palette.real, width: 1.3 });
  plot.curve(
    points.map(({ difference }, n): Pair => [difference, shown(percent[n]![1])]),
    { colour: palette.simulated, width: 2.2 },
  );
}

/** The points between the first and the last ones where either distribution has come to be something. */
function withoutTails(points: Comparison["profile"]): Comparison["profile"] {
  const firstOf = (ordered: Comparison["profile"]) => {
    let [real, simulated] = [0, 0];
    return ordered.findIndex((point) => {
      real += point.real || 0;
      simulated += point.simulated || 0;
      return real > CUT || simulated > CUT;
    });
  };
  const [first, behind] = [firstOf(points), firstOf(points.toReversed())];
  return first < 0 ? [] : points.slice(first, points.length - behind);
}
