/** Puts pictures side by side, each with a label under it: for before/after figures. */
import { PssrError } from "@pssr/api";
import { copyRows, createPixelArray, type PixelArray } from "../pixels/pixel-array.js";
import { glyphHeight, glyphWidth, hasDot } from "./font.js";

const gap = 4;
const margin = 3;

/**
 * One uint8 plane: the panels from left to right, white between them, and under each its label (cut to the panel's width).
 * @param panels uint8 planes ("yx") of one size, at least one
 * @param labels as many as panels, or none; letters are shown as capitals
 * @throws PssrError SHAPE_MISMATCH, UNSUPPORTED_PIXELS
 */
export function montage(panels: readonly PixelArray[], labels: readonly string[] = []): PixelArray {
  const first = panels[0];
  if (first === undefined || (labels.length > 0 && labels.length !== panels.length)) {
    throw new PssrError(
      "SHAPE_MISMATCH",
      `${panels.length} panels and ${labels.length} labels: give at least one panel, and one label for each or none`,
    );
  }
  for (const { axes, dtype, shape } of panels) {
    if (axes !== "yx" || dtype !== "uint8")
      throw new PssrError("UNSUPPORTED_PIXELS", `a panel is ${dtype} "${axes}": give uint8 planes`);
    if (`${shape}` !== `${first.shape}`)
      throw new PssrError(
        "SHAPE_MISMATCH",
        `panels of ${first.shape.join("×")} and ${shape.join("×")}: give panels of one size`,
      );
  }
  const [height, width] = [first.shape[0]!, first.shape[1]!];
  const dot = Math.max(1, Math.floor(width / 200));
  const strip = labels.length === 0 ? 0 : glyphHeight * dot + 2 * margin;
  const picture = createPixelArray("yx", [height + strip, panels.length * (width + gap) - gap], "uint8");
  picture.data.fill(255);
  panels.forEach((panel, i) => {
    const left = i * (width + gap);
    copyRows(panel, [0, 0], picture, [0, left], panel.shape);
    drawLabel(picture, labels[i] ?? "", height + margin, left + margin, width - 2 * margin, dot);
  });
  return picture;
}

function drawLabel(picture: PixelArray, label: string, top: number, left: number, width: number, dot: number): void {
  const step = (glyphWidth + 1) * dot;
  const letters = [...label].slice(0, Math.max(0, Math.floor((width + dot) / step)));
  const rowLength = picture.shape[1]!;
  letters.forEach((letter, i) => {
    for (let y = 0; y < glyphHeight * dot; y++) {
      for (let x = 0; x < glyphWidth * dot; x++) {
        if (hasDot(letter, Math.floor(y / dot), Math.floor(x / dot)))
          picture.data[(top + y) * rowLength + left + i * step + x] = 0;
      }
    }
  });
}
