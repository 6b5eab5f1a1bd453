/**
 * The steps of one stage on the frames of one tile: parameters drawn once, noise anew for each frame. Where another server
 * takes a step, the frame leaves the kernels' memory, which others may use meanwhile, and comes back with the answer.
 */
import { checkExternalPixels, type ExternalCall, isExternal } from "./external-step.js";
import { kernelMemory, kernels } from "./kernels.js";
import { Plane } from "./plane.js";
import { type NoiseKey, noiseSeed, useNoise } from "./random/noise-key.js";
import type { ExternalStepSpec, OwnStepSpec, Parameter, StepSpec } from "./spec.js";
import type { Calibration, Stage, StageGrid, Step } from "./step.js";
import { steps } from "./steps/registry.js";

interface OwnStep {
  name: string;
  step: Step;
  parameters: Record<string, number>;
}

interface ExternalStep {
  name: string;
  address: string;
  parameters: Record<string, number>;
}

export class PreparedStage {
  readonly #steps: (OwnStep | ExternalStep)[];
  readonly #levels: Calibration;
  readonly #grid: StageGrid;
  readonly #key: NoiseKey;
  readonly #beforeStep: () => void;

  constructor(
    stage: Stage,
    specs: readonly StepSpec[],
    levels: Calibration,
    grid: StageGrid,
    key: NoiseKey,
    beforeStep: () => void,
  ) {
    this.#beforeStep = beforeStep;
    this.#levels = levels;
    this.#grid = grid;
    this.#key = key;
    this.#steps = specs.map((spec, index) => {
      const name = `${stage}/${index}`;
      if (isExternal(spec)) {
        return { name, address: spec.address, parameters: drawParameters(unbounded(spec), key, name) };
      }
      return { name, step: steps[spec.kind], parameters: drawParameters(bounded(spec), key, name) };
    });
  }

  /** Rows above and below a band that its values depend on: all of them, for all that is known of an external step. */
  get rowsAround(): number {
    return this.#steps.reduce((rows, one) => {
      if ("address" in one) return Number.POSITIVE_INFINITY;
      return rows + (one.step.rowsAround?.(one.parameters, this.#grid) ?? 0);
    }, 0);
  }

  /**
   * Gives the plane as the stage leaves it. At an external step it yields, to be resumed with the answer; then the plane is
   * another one, and whatever else was taken of the kernels' memory is gone. After each step values are held within the
   * saturation levels, as PSSR2 clips to 0…255.
   */
  *apply(plane: Plane, frame: number): Generator<ExternalCall, Plane, Float32Array> {
    let current = plane;
    for (const one of this.#steps) {
      this.#beforeStep();
      if ("address" in one) current = yield* this.#applyExternal(one, current, frame);
      else this.#applyOwn(one, current, frame);
      const { black, white, saturation: [low, high] = [black, white] } = this.#levels;
      const within = current.bytesAt !== undefined && low <= 0 && high >= 255;
      if (!within) kernels.clip(current.at, current.pixels, low, high);
    }
    return current;
  }

  #applyOwn({ name, step, parameters }: OwnStep, plane: Plane, frame: number): void {
    const firstPixel = plane.firstRow * plane.width;
    step.apply(plane, parameters, {
      levels: this.#levels,
      grid: this.#grid,
      useNoise: (part) => useNoise(this.#key, part === undefined ? name : `${name}/${part}`, frame, firstPixel),
      useRowNoise: (firstRow) => useNoise(this.#key, name, frame, firstRow),
    });
  }

  *#applyExternal(
    { name, address, parameters }: ExternalStep,
    { values, firstRow, height, width, frameHeight }: Plane,
    frame: number,
  ): Generator<ExternalCall, Plane, Float32Array> {
    const { black, white } = this.#levels;
    const { pixelSizeNm } = this.#grid;
    const seed = noiseSeed(this.#key, name, frame);
    const call = { address, pixels: values.slice(), height, width, black, white, pixelSizeNm, parameters, seed };
    const answer = yield call;
    checkExternalPixels(call, answer);
    kernelMemory.release();
    const plane = new Plane({ first: firstRow, count: height }, width, frameHeight);
    plane.values.set(answer);
    return plane;
  }
}

/** A parameter, and what its draws are held within. */
interface DrawnParameter extends Parameter {
  name: string;
  min: number;
  max: number;
  whole?: true;
}

function bounded(spec: OwnStepSpec): DrawnParameter[] {
  const step: Step = steps[spec.kind];
  const given: Readonly<Record<string, Parameter | string>> = spec;
  return Object.entries(step.parameters).map(([name, bounds]) => {
    const parameter = given[name] as Parameter;
    // What is not given is not drawn either.
    const only = parameter.value === bounds.none ? { min: parameter.value, max: parameter.value } : {};
    return { name, ...bounds, ...parameter, ...only };
  });
}

function unbounded({ parameters }: ExternalStepSpec): DrawnParameter[] {
  const [min, max] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return Object.entries(parameters).map(([name, parameter]) => ({ name, ...parameter, min, max }));
}

/** The step's numbers for this tile: parameter n takes normal number n of the stream `parameters`. */
function drawParameters(parameters: DrawnParameter[], key: NoiseKey, name: string): Record<string, number> {
  const isDrawn = parameters.some(({ spread }) => spread > 0);
  const normals = isDrawn ? normalNumbers(parameters.length, key, name) : undefined;
  const drawn = parameters.map(({ name, value, spread, min, max, whole }, index) => {
    const number = Math.min(Math.max(value + spread * (normals?.[index] ?? 0), min), max);
    return [name, whole ? Math.round(number) : number];
  });
  return Object.fromEntries(drawn);
}

function normalNumbers(count: number, key: NoiseKey, name: string): Float64Array {
  const at = kernelMemory.take(8 * count);
  useNoise(key, name, "parameters");
  kernels.normals(at, count);
  return kernelMemory.view(Float64Array, at, count);
}
