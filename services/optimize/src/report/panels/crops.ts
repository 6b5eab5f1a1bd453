/** A part of a tile held back, real beside simulated, in the same grey values. */
import type { Comparison } from "../../fitting/fit-outcome.js";
import type { GreyTile } from "../../fitting/fit-problem.js";
import { numberText } from "../number-text.js";
import { palette } from "../palette.js";
import { drawNothing, drawTitle } from "../panel.js";
import type { Box, GreyPicture, Surface } from "../surface.js";

const GAP = 12;
/** Single pixels are to be seen. */
const LEAST_ENLARGED = 2;

export function drawCrops(surface: Surface, panel: Box, { real, simulated }: Comparison): void {
  const room = drawTitle(surface, panel, "A tile held back");
  const side = Math.min(Math.floor((room.width - GAP) / 2), room.height - 42);
  const { black, white } = real.levels;
  const isSound = [real, simulated].every(
    ({ height, width, values }) => height >= 1 && width >= 1 && values.length === height * width,
  );
  if (!isSound || !(white > black) || !Number.isFinite(white - black)) {
    drawNothing(surface, room);
    return;
  }

  const largest = Math.max(real.width, real.height, simulated.width, simulated.height);
  const enlarged = Math.max(LEAST_ENLARGED, Math.floor(side / largest));
  const most = Math.floor(side / enlarged);
  const size = {
    width: Math.min(real.width, simulated.width, most),
    height: Math.min(real.height, simulated.height, most),
  };
  const words = { size: 13, colour: palette.muted };
  const top = room.top + 14;
  [real, simulated].forEach((tile, n) => {
    const left = room.left + n * (size.width * enlarged + GAP);
    surface.text({ x: left, y: room.top + 5 }, n === 0 ? "real" : "simulated", {
      ...words,
      colour: n === 0 ? palette.real : palette.simulated,
      isBold: true,
    });
    surface.picture({ x: left, y: top }, greyOf(tile, size, black, white), enlarged);
  });
  const caption =
    `${size.width} × ${size.height} pixels, ${enlarged} times enlarged; ` +
    `black ${numberText(black, 4)}, white ${numberText(white, 4)}`;
  surface.text({ x: room.left, y: top + size.height * enlarged + 19 }, caption, words);
}

/** The middle of a tile. What is no number is black. */
function greyOf(
  tile: GreyTile,
  { width, height }: { width: number; height: number },
  black: number,
  white: number,
): GreyPicture {
  const [top, left] = [Math.floor((tile.height - height) / 2), Math.floor((tile.width - width) / 2)];
  const values = Uint8Array.from({ length: width * height }, (_, n) => {
    const value = tile.values[(top + Math.floor(n / width)) * tile.width + left + (n % width)]!;
    return Math.round(255 * Math.min(1, Math.max(0, (value - black) / (white - black))));
  });
  return { height, width, values };
}
