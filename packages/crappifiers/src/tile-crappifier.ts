/**
 * A crappifier at work on the frames of one tile, each whole or in bands of rows: the parameters are drawn once, and a band's
 * pixels are those of the whole frame. It takes the memory of its rows and of those around them that its blurs reach.
 */
import type { CallExternal, ExternalCall } from "./external-step.js";
import { kernelMemory, kernels } from "./kernels.js";
import { PixelExchange } from "./pixel-exchange.js";
import type { PixelType, PixelTypes } from "./pixel-tile.js";
import { Plane, type Rows } from "./plane.js";
import { PreparedStage } from "./prepared-stage.js";
import type { NoiseKey } from "./random/noise-key.js";
import { sampledRowsAround, samplerFor } from "./sampling.js";
import type { Crappifier } from "./spec.js";
import { stageGrids } from "./stage-grids.js";
import type { Calibration } from "./step.js";

/** How many times the range from black to white a floating-point pixel may lie from black: no more counts. */
const FINITE_RANGES = 2 ** 40;
/** In no case further: the strongest step's products are float32 still. */
const LARGEST_PIXEL = 2 ** 110;

export class TileCrappifier<Dtype extends PixelType> {
  readonly #crappifier: Crappifier;
  readonly #dtype: Dtype;
  readonly #height: number;
  readonly #width: number;
  readonly #calibration: Calibration;
  readonly #optics: PreparedStage;
  readonly #detector: PreparedStage;

  /**
   * Takes what `crappify` has checked; the size is that of the high-resolution tile.
   *
   * @param beforeStep Called before each step of each frame or band: what it throws ends the work.
   */
  constructor(
    crappifier: Crappifier,
    { dtype, height, width }: { dtype: Dtype; height: number; width: number },
    calibration: Calibration,
    key: NoiseKey,
    beforeStep: () => void = () => undefined,
  ) {
    this.#crappifier = crappifier;
    this.#dtype = dtype;
    this.#height = height;
    this.#width = width;
    this.#calibration = calibration;
    const { pixelSizeNm } = calibration;
    const [highGrid, lowGrid] = stageGrids(crappifier, { height, width, pixelSizeNm });
    kernelMemory.release();
    this.#optics = new PreparedStage("optics", crappifier.optics, calibration, highGrid, key, beforeStep);
    this.#detector = new PreparedStage("detector", crappifier.detector, calibration, lowGrid, key, beforeStep);
  }

  /** The high-resolution rows that a band of low-resolution rows depends on. */
  highRows(band: Rows): Rows {
    return grown(this.#sampledRows(band), this.#optics.rowsAround, this.#height);
  }

  /**
   * One band of low-resolution rows of a frame, for a crappifier without external steps.
   *
   * @param high The pixels of `highRows(band)`.
   * @param out Where the band's pixels are written.
   */
  crappify(frame: number, band: Rows, high: PixelTypes[Dtype], out: PixelTypes[Dtype]): void {
    const { done } = this.#work(frame, band, high, out).next();
    if (!done) throw new Error("an external step came where none can be called: ask for crappifyCalling");
  }

  /** The same for any crappifier; it leaves the kernels' memory to others while it waits for an external step. */
  async crappifyCalling(
    call: CallExternal,
    frame: number,
    band: Rows,
    high: PixelTypes[Dtype],
    out: PixelTypes[Dtype],
  ): Promise<void> {
    const work = this.#work(frame, band, high, out);
    for (let state = work.next(); !state.done; ) state = work.next(await call(state.value));
  }

  /** Yields at each external step, and has nothing in the kernels' memory then. */
  *#work(
    frame: number,
    band: Rows,
    high: PixelTypes[Dtype],
    out: PixelTypes[Dtype],
  ): Generator<ExternalCall, void, Float32Array> {
    const { optics, sampling } = this.#crappifier;
    const width = this.#width;
    const lowWidth = width / sampling.scale;
    const highRows = this.highRows(band);
    const sampledRows = this.#sampledRows(band);
    const lowRows = this.#lowRows(band);
    kernelMemory.release();
    const newLow = () => new Plane(lowRows, lowWidth, this.#height / sampling.scale);
    const size = { height: sampledRows.count, width };
    let low: Plane;
    if (optics.length === 0) {
      low = newLow();
      const exchange = new PixelExchange(this.#dtype, low.pixels);
      samplerFor(sampling, this.#dtype, size)(this.#finite(high, sampledRows), exchange.pixels(low.pixels));
      exchange.toPlane(low);
    } else {
      let plane = new Plane(highRows, width, this.#height);
      const exchange = new PixelExchange(this.#dtype, plane.pixels);
      exchange.pixels(plane.pixels).set(high);
      exchange.toPlane(plane);
      this.#holdFinite(plane);
      plane = yield* this.#optics.apply(plane, frame);
      low = newLow();
      const first = (sampledRows.first - highRows.first) * width;
      const sampled = plane.values.subarray(first, first + sampledRows.count * width);
      samplerFor(sampling, "float32", size)(sampled, low.values);
    }
    low = yield* this.#detector.apply(low, frame);
    const pixels = new PixelExchange(this.#dtype, low.pixels).fromPlane(low);
    const first = (band.first - lowRows.first) * lowWidth;
    out.set(pixels.subarray(first, first + band.count * lowWidth));
  }

  /** The pixels as they are sampled, valid until more memory is taken. */
  #finite(high: PixelTypes[Dtype], rows: Rows): PixelTypes[PixelType] {
    if (this.#dtype !== "float32") return high;
    const plane = new Plane(rows, this.#width, this.#height);
    plane.values.set(high);
    this.#holdFinite(plane);
    return plane.values;
  }

  /**
   * Floating-point pixels may be infinite, of which a difference is no number: they are held where no detector tells the
   * difference, and every step's arithmetic is finite.
   */
  #holdFinite(plane: Plane): void {
    if (this.#dtype !== "float32") return;
    const { black, white } = this.#calibration;
    const bound = Math.min(FINITE_RANGES * (white - black), LARGEST_PIXEL);
    kernels.clip(plane.at, plane.pixels, black - bound, black + bound);
  }

  /** The low-resolution rows that have to be made for a band. */
  #lowRows(band: Rows): Rows {
    const { sampling } = this.#crappifier;
    return grown(band, this.#detector.rowsAround + sampledRowsAround(sampling), this.#height / sampling.scale);
  }

  /** The high-resolution rows that these are sampled from. */
  #sampledRows(band: Rows): Rows {
    const { scale } = this.#crappifier.sampling;
    const { first, count } = this.#lowRows(band);
    return { first: first * scale, count: count * scale };
  }
}

function grown({ first, count }: Rows, around: number, height: number): Rows {
  const start = Math.max(0, first - around);
  return { first: start, count: Math.min(height, first + count + around) - start };
}
