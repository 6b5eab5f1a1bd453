/** Power of the noise by frequency, direction by direction, beside each other over one axis of powers. */
import type { Comparison } from "../../fitting/fit-outcome.js";
import { linearAxis, logAxis } from "../axis.js";
import { palette } from "../palette.js";
import { drawNothing, drawTitle } from "../panel.js";
import { besideAxes, type Pair, Plot } from "../plot.js";
import type { Box, Surface } from "../surface.js";

const GAP = 12;
const directions = [
  ["ALONG_X", "along rows"],
  ["ALONG_Y", "along columns"],
  ["ROWS", "whole rows"],
] as const;

export function drawPowerSpectra(surface: Surface, panel: Box, spectrum: Comparison["spectrum"]): void {
  const room = drawTitle(surface, panel, "Power spectrum");
  const points = spectrum.filter(({ frequency }) => Number.isFinite(frequency));
  points.sort((a, b) => a.frequency - b.frequency);
  const shown = directions.filter(([direction]) => points.some((point) => point.direction === direction));
  const x = linearAxis(
    points.map(({ frequency }) => frequency),
    { most: 3, withZero: true },
  );
  const y = logAxis(
    points.flatMap(({ real, simulated }) => [real, simulated]),
    { most: 6, atLeast: 1 },
  );
  if (shown.length === 0 || x === undefined || y === undefined) {
    drawNothing(surface, room);
    return;
  }

  const { left, bottom } = besideAxes;
  const width = (room.width - left - GAP * (shown.length - 1)) / shown.length;
  shown.forEach(([direction, name], n) => {
    const box = {
      left: room.left + left + n * (width + GAP),
      top: room.top + 18,
      width,
      height: room.height - bottom - 18,
    };
    const plot = new Plot(surface, box, x, y);
    const isMiddle = n === Math.floor((shown.length - 1) / 2);
    plot.drawAxes({
      x: isMiddle ? "frequency (cycles/pixel)" : "",
      ...(n === 0 && { y: "power (units²)" }),
    });
    surface.text({ x: box.left + width / 2, y: room.top + 8 }, name, {
      size: 13,
      colour: palette.muted,
      anchor: "MIDDLE",
    });
    const own = points.filter((point) => point.direction === direction);
    plot.curve(
      own.map(({ frequency, simulated }): Pair => [frequency, simulated]),
      { colour: palette.simulated, width: 2.2 },
    );
    plot.marks(
      own.map(({ frequency, real }): Pair => [frequency, real]),
      "DISC",
      3.6,
      { colour: palette.real },
    );
  });
}
