/** Numbers the windows of an n-dimensional image, so that a data set of any size is a count and a rule. */
import { PssrError } from "@pssr/api";
import { checkAxes, type Region } from "../pixels/pixel-array.js";
import { type PlaneOrigin, tileOrigins } from "./tile-origins.js";

export interface Frames {
  /** Axis along which neighbouring planes are taken together as channels: 2.5-D. */
  readonly axis: "z" | "t";
  /** Number of planes in a window, at least 1. */
  readonly count: number;
}

/** Windows of one shape in an n-dimensional image: every plane (or run of frames) × every plane origin, counted in C order. */
export class WindowSet {
  readonly length: number;
  readonly windowShape: readonly number[];
  readonly #leading: readonly (readonly number[])[];
  readonly #origins: readonly PlaneOrigin[];

  /**
   * @param origins of the tiles within each plane, as from `planeOrigins` or `splitPlane`
   * @throws PssrError INVALID_FIELD if the image lacks the frames' axis; TILE_TOO_LARGE if it has fewer frames
   */
  constructor(
    image: { axes: string; shape: readonly number[] },
    origins: readonly PlaneOrigin[],
    tile: number,
    frames?: Frames,
  ) {
    checkAxes(image.axes, image.shape);
    if (frames !== undefined && !image.axes.includes(frames.axis)) {
      throw new PssrError(
        "INVALID_FIELD",
        `the image has the axes "${image.axes}", none of which is ${frames.axis}: take frames along another axis`,
      );
    }
    const along = [...image.axes.slice(0, -2)].map((axis) => (axis === frames?.axis ? frames.count : 1));
    this.windowShape = [...along, tile, tile];
    this.#leading = along.map((count, axis) => tileOrigins(image.shape[axis]!, count, 1));
    this.#origins = origins;
    this.length = this.#leading.reduce((product, { length }) => product * length, origins.length);
  }

  /** Window number `index`, from 0 to length − 1. */
  at(index: number): Region {
    if (!Number.isInteger(index) || index < 0 || index >= this.length) {
      throw new PssrError("INVALID_FIELD", `window ${index} does not exist: there are ${this.length}`);
    }
    const start = [...this.#origins[index % this.#origins.length]!];
    let rest = Math.floor(index / this.#origins.length);
    for (const origins of this.#leading.toReversed()) {
      start.unshift(origins[rest % origins.length]!);
      rest = Math.floor(rest / origins.length);
    }
    return { start, shape: this.windowShape };
  }
}
