/**
 * The operations computed as they are defined, pixel by pixel in double precision: the truth that the runtime is held to.
 * A map is [channels, height, width] of one image.
 */
import type { Conv2d, Ops, Weights } from "@pssr/networks";

export interface PlainMap {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float64Array;
}

export class PlainOps implements Ops<PlainMap> {
  constructor(private readonly weights: Weights) {}

  channels(x: PlainMap): number {
    return x.channels;
  }

  conv2d(x: PlainMap, { weights, bias, stride = 1 }: Conv2d): PlainMap {
    const [kernel, , channelsIn, channelsOut] = weights.shape as [number, number, number, number];
    const padding = Math.floor((kernel - 1) / 2);
    const w = this.weights.get(weights.name)!;
    const b = bias && this.weights.get(bias.name)!;
    const height = Math.floor((x.height + 2 * padding - kernel) / stride) + 1;
    const width = Math.floor((x.width + 2 * padding - kernel) / stride) + 1;
    return plainMap(channelsOut, height, width, (o, y, column) => {
      let sum = b?.[o] ?? 0;
      for (let i = 0; i < kernel; i++) {
        for (let j = 0; j < kernel; j++) {
          const [row, col] = [y * stride - padding + i, column * stride - padding + j];
          if (row < 0 || row >= x.height || col < 0 || col >= x.width) continue;
          for (let c = 0; c < channelsIn; c++) {
            sum += at(x, c, row, col) * w[((i * kernel + j) * channelsIn + c) * channelsOut + o]!;
          }
        }
      }
      return sum;
    });
  }

  relu(x: PlainMap): PlainMap {
    return { ...x, values: x.values.map((value) => Math.max(value, 0)) };
  }

  add(a: PlainMap, b: PlainMap): PlainMap {
    return { ...a, values: a.values.map((value, i) => value + b.values[i]!) };
  }

  takeChannels(x: PlainMap, start: number, count: number): PlainMap {
    return plainMap(count, x.height, x.width, (c, row, col) => at(x, start + c, row, col));
  }

  pixelShuffle(x: PlainMap, r: number): PlainMap {
    return plainMap(x.channels / r ** 2, x.height * r, x.width * r, (c, row, col) =>
      at(x, c * r * r + (row % r) * r + (col % r), Math.floor(row / r), Math.floor(col / r)),
    );
  }

  upsampleBilinear(x: PlainMap, factor: number): PlainMap {
    const clamp = (index: number, side: number) => Math.min(Math.max(index, 0), side - 1);
    return plainMap(x.channels, x.height * factor, x.width * factor, (c, row, col) => {
      const [y, z] = [(row + 0.5) / factor - 0.5, (col + 0.5) / factor - 0.5];
      const [top, left] = [Math.floor(y), Math.floor(z)];
      const pixel = (i: number, j: number) => at(x, c, clamp(i, x.height), clamp(j, x.width));
      const upper = pixel(top, left) * (left + 1 - z) + pixel(top, left + 1) * (z - left);
      const lower = pixel(top + 1, left) * (left + 1 - z) + pixel(top + 1, left + 1) * (z - left);
      return upper * (top + 1 - y) + lower * (y - top);
    });
  }
}

export function plainMap(
  channels: number,
  height: number,
  width: number,
  value: (channel: number, row: number, col: number) => number,
): PlainMap {
  const values = new Float64Array(channels * height * width);
  for (let c = 0, i = 0; c < channels; c++) {
    for (let row = 0; row < height; row++) {
      for (let col = 0; col < width; col++) values[i++] = value(c, row, col);
    }
  }
  return { channels, height, width, values };
}

function at(x: PlainMap, channel: number, row: number, col: number): number {
  return x.values[(channel * x.height + row) * x.width + col]!;
}
