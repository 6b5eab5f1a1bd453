/**
 * `compact`: a lean residual U-Net without normalisation, our default. It works at low resolution, where a pixel is
 * cheap, and shuffles its last channels up onto a bilinear enlargement of the centre frame, which it equals before
 * training. Strided 2×2 convolutions down, 1×1 convolutions with pixel shuffle up and added skips follow DRUNet (Zhang et
 * al. 2021, "Plug-and-Play Image Restoration with Deep Denoiser Prior"). The receptive field is finite, so tiled
 * prediction is exact.
 */
import { conv, residualBlock } from "../layers.js";
import type { NetworkFamily } from "../network.js";
import type { Ops } from "../ops.js";

export const compact: NetworkFamily = {
  name: "compact",
  description: "Lean residual U-Net at low resolution; fast to train on a CPU, exact when tiled.",
  scales: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  options: {
    width: {
      meaning: "Channels at full low resolution; doubled at each level down.",
      default: 64,
      minimum: 8,
      maximum: 256,
    },
    depth: { meaning: "Levels down, each halving the sides.", default: 1, minimum: 0, maximum: 4 },
    blocks: {
      meaning: "Residual blocks per level on the way down, and again on the way up.",
      default: 1,
      minimum: 1,
      maximum: 16,
    },
  },
  create(config) {
    const { scale, frames, options } = config;
    const { width, depth, blocks } = options as { width: number; depth: number; blocks: number };
    return {
      config,
      build<T>(ops: Ops<T>, input: T): T {
        const stack = (name: string, x: T, count: number): T =>
          Array.from({ length: count }).reduce<T>((y, _, i) => residualBlock(ops, `${name}/block${i}`, y), x);

        let x = conv(ops, "stem", input, width);
        const skips: T[] = [];
        for (let level = 0; level < depth; level++) {
          x = stack(`down${level}`, x, blocks);
          skips.push(x);
          x = conv(ops, `down${level}/shrink`, x, width * 2 ** (level + 1), { kernel: 2, stride: 2 });
        }
        x = stack("bottom", x, 2 * blocks);
        for (let level = depth - 1; level >= 0; level--) {
          const grown = conv(ops, `up${level}/grow`, x, 4 * width * 2 ** level, { kernel: 1 });
          x = stack(`up${level}`, ops.add(ops.pixelShuffle(grown, 2), skips[level]!), blocks);
        }
        const residual = conv(ops, "head", x, scale ** 2, { init: { kind: "zeros" } });
        const centre = frames === 1 ? input : ops.takeChannels(input, (frames - 1) / 2, 1);
        return scale === 1
          ? ops.add(centre, residual)
          : ops.add(ops.upsampleBilinear(centre, scale), ops.pixelShuffle(residual, scale));
      },
    };
  },
};
