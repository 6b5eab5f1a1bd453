/** The steps of one stage on the frames of one tile: parameters drawn once, noise anew for each frame. */
import { kernelMemory, kernels } from "./kernels.js";
import type { Plane } from "./plane.js";
import { type NoiseKey, useNoise } from "./random/noise-key.js";
import type { Parameter, StepSpec } from "./spec.js";
import type { Levels, Stage, StageGrid, Step } from "./step.js";
import { steps } from "./steps/registry.js";

export class PreparedStage {
  readonly #steps: { name: string; step: Step; parameters: Record<string, number> }[];
  readonly #levels: Levels;
  readonly #grid: StageGrid;
  readonly #key: NoiseKey;

  constructor(stage: Stage, specs: readonly StepSpec[], levels: Levels, grid: StageGrid, key: NoiseKey) {
    this.#levels = levels;
    this.#grid = grid;
    this.#key = key;
    this.#steps = specs.map((spec, index) => {
      const name = `${stage}/${index}`;
      const step: Step = steps[spec.kind];
      return { name, step, parameters: drawParameters(step, spec, key, name) };
    });
  }

  /** Rows above and below a band that its values depend on. */
  get rowsAround(): number {
    return this.#steps.reduce(
      (rows, { step, parameters }) => rows + (step.rowsAround?.(parameters, this.#grid) ?? 0),
      0,
    );
  }

  /** After each step values are held within the saturation levels, as PSSR2 clips to 0…255. */
  apply(plane: Plane, frame: number): void {
    const levels = this.#levels;
    const [low, high] = levels.saturation ?? [levels.black, levels.white];
    for (const { name, step, parameters } of this.#steps) {
      const firstPixel = plane.firstRow * plane.width;
      step.apply(plane, parameters, {
        levels,
        grid: this.#grid,
        useNoise: (part) => useNoise(this.#key, part === undefined ? name : `${name}/${part}`, frame, firstPixel),
        useRowNoise: (firstRow) => useNoise(this.#key, name, frame, firstRow),
      });
      plane.byteValued = false;
      kernels.clip(plane.at, plane.pixels, low, high);
    }
  }
}

/** The step's numbers for this tile: parameter n takes normal number n of the stream `parameters`. */
function drawParameters(step: Step, spec: StepSpec, key: NoiseKey, name: string): Record<string, number> {
  const given: Readonly<Record<string, Parameter | string>> = spec;
  const parameters = Object.entries(step.parameters).map(([name, bounds]) => {
    return { name, ...bounds, ...(given[name] as Parameter) };
  });
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
