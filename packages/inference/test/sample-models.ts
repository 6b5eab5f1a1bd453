/** Networks with weights as models for the pool, and images to run them on; every number follows from a seed. */
import { createHash } from "node:crypto";
import type { ModelSource, PixelTensor } from "@pssr/inference";
import { initialWeights, type Network, networkParameters, type Weights, writeOnnx } from "@pssr/networks";

/** As after some training: no array is zero any more, and the output is of order one. */
export function trainedWeights(network: Network, seed: number): Weights {
  const weights = new Map(initialWeights(network, seed));
  for (const { name, init } of networkParameters(network)) {
    if (init.kind === "zeros")
      weights.set(
        name,
        noise(weights.get(name)!.length, seed).map((value) => value / 10),
      );
  }
  return weights;
}

export function modelOf(network: Network, weights: Weights): ModelSource {
  const bytes = writeOnnx(network, weights);
  return { digest: createHash("sha256").update(bytes).digest("hex"), load: async () => bytes };
}

export function image(frames: number, height: number, width: number, seed = 1): PixelTensor {
  return { shape: [1, frames, height, width], data: noise(frames * height * width, seed).map((value) => value + 0.5) };
}

/** Numbers in [−0.5, 0.5): the fractional parts of a quickly growing sequence. */
function noise(length: number, seed: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => {
    const value = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return value - Math.floor(value) - 0.5;
  });
}
