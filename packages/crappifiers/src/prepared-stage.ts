/** The steps of one stage on the frames of one tile: parameters drawn once, noise anew for each frame. */
import { kernelMemory, kernels } from "./kernels.js";
import type { Plane } from "./plane.js";
import { type NoiseKey, useNoise } from "./random/noise-key.js";
import type { Parameter, StepSpec } from "./spec.js";
import type { Levels, Stage, Step } from "./step.js";
import { steps } from "./steps/registry.js";

export class PreparedStage {
  readonly #steps: { name: string; step: Step; parameters: Record<string, number> }[];
  readonly #levels: Levels;
  readonly #key: NoiseKey;

  constructor(stage: Stage, specs: readonly StepSpec[], levels: Levels, key: NoiseKey) {
    this.#levels = levels;
    this.#key = key;
    this.#steps = specs.map((spec, index) => {
      const name = `${stage}/${index}`;
      const step: Step = steps[spec.kind];
      useNoise(key, name, "parameters");
      return { name, step, parameters: drawParameters(step, spec) };
    });
  }

  /** After each step values are held within the saturation levels, as PSSR2 clips to 0…255. */
  apply(plane: Plane, frame: number): void {
    const levels = this.#levels;
    const [low, high] = levels.saturation ?? [levels.black, levels.white];
    for (const { name, step, parameters } of this.#steps) {
      step.apply(plane, parameters, { levels, useNoise: () => useNoise(this.#key, name, frame) });
      plane.byteValued = false;
      kernels.clip(plane.at, plane.pixels, low, high);
    }
  }
}

/** The step's numbers for this tile: parameter n takes normal number n. */
function drawParameters(step: Step, spec: StepSpec): Record<string, number> {
  const given: Readonly<Record<string, Parameter | string>> = spec;
  const names = Object.entries(step.parameters);
  const at = kernelMemory.take(8 * names.length);
  kernels.normals(at, names.length);
  const normals = kernelMemory.view(Float64Array, at, names.length);
  const drawn = names.map(([name, { min, max }], index): [string, number] => {
    const { value, spread } = given[name] as Parameter;
    const drawn = spread === 0 ? value : value + spread * normals[index]!;
    return [name, Math.min(Math.max(drawn, min), max)];
  });
  return Object.fromEntries(drawn);
}
