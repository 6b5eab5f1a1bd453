/** What noise is measured on: planes of grey values, and what makes them useless for it. */
import type { Levels } from "@pssr/crappifiers";
import { refuse } from "../refuse.js";
import type { ValueRange } from "./noise-law.js";

/** Row by row from the top left, in the image's own data type: whole numbers are taken as rounded. */
export interface Plane {
  height: number;
  width: number;
  values: Uint8Array | Uint16Array | Float32Array | Float64Array;
}

/** Fewer pixels tell a variance no better than to 15 %. */
export const FEWEST_PIXELS = 1024;

/** INVALID_FIELD for a plane that is not as large as it says, holds what is no finite number, or is constant. */
export function checkPlane(plane: Plane, field: string): void {
  checkPixels(plane, field);
  const { values } = plane;
  const first = values[0];
  if (values.every((value) => value === first)) {
    throw refuse(
      field,
      `all pixels are ${first}: noise cannot be told from such an image; give one that shows something`,
    );
  }
}

/** The same, but a constant plane may pass. */
export function checkPixels({ height, width, values }: Plane, field: string): void {
  if (!(values.length > 0 && values.length === height * width)) {
    throw refuse(field, `${height}×${width} pixels were expected, and at least one; there are ${values.length}`);
  }
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const [y, x] = [Math.floor(at / width), at % width];
  throw refuse(field, `the pixel at row ${y}, column ${x} is ${values[at]}; leave out what is no finite number`);
}

/** INVALID_FIELD for planes of different sizes: they have to show the same field, pixel by pixel. */
export function checkSameSize(a: Plane, b: Plane, field: string): void {
  if (a.height === b.height && a.width === b.width) return;
  throw refuse(
    field,
    `${a.height}×${a.width} pixels and ${b.height}×${b.width} cannot be compared; bring them to the same size and place`,
  );
}

/** INVALID_FIELD for levels that make no sense. `intensities`: planes without noise, if there are any. */
export function valueRange(
  { black, white, saturation: [low, high] = [black, white] }: Levels,
  noisy: readonly Plane[],
  intensities: readonly Plane[] = [],
): ValueRange {
  if (!(Number.isFinite(black) && Number.isFinite(white) && white > black && high > low)) {
    throw refuse(
      "levels",
      `black ${black}, white ${white}, saturation ${low} to ${high}: each second number must lie above the first`,
    );
  }
  const areWhole = (planes: readonly Plane[]) =>
    planes.every(({ values }) => values instanceof Uint8Array || values instanceof Uint16Array);
  return {
    black,
    white,
    low,
    high,
    step: areWhole(noisy) ? 1 : 0,
    isWhole: intensities.length > 0 && areWhole(intensities),
  };
}
