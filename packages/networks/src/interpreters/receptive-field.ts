/**
 * Networks as receptive fields: how a large image may be cut so that tile by tile gives the same numbers as the whole.
 *
 * An output region whose edges lie on the `grid` needs the input up to `halo` pixels beyond each edge, and no further. A
 * tile must start on the grid: off it, strided layers sample other pixels and the result differs everywhere.
 */
import type { Network } from "../network.js";
import type { Conv2d, Ops } from "../ops.js";

export interface ReceptiveField {
  /** Low-resolution pixels needed beyond each edge of a region, a multiple of `grid`; `unbounded` for global operations. */
  readonly halo: number | "unbounded";
  /** Low-resolution pixels: tiles start at its multiples, and sides of images are padded to them. */
  readonly grid: number;
}

export function receptiveField(network: Network): ReceptiveField {
  const ops = new FieldOps();
  const output = network.build<FieldMap>(ops, {
    channels: network.config.frames,
    pitch: 1,
    inputMargin: (margin) => Math.ceil(margin),
  });
  const halo = output.inputMargin(0);
  return { halo: Number.isFinite(halo) ? Math.ceil(halo / ops.grid) * ops.grid : "unbounded", grid: ops.grid };
}

interface FieldMap {
  readonly channels: number;
  /** Low-resolution pixels per pixel of this map: 4 after two halvings, 1/4 after a fourfold pixel shuffle. */
  readonly pitch: number;
  /**
   * To know this map on a grid-aligned region and `margin` beyond it, the input is needed this far beyond it; both in
   * low-resolution pixels, `margin` a multiple of the pitch.
   */
  inputMargin(margin: number): number;
}

class FieldOps implements Ops<FieldMap> {
  grid = 1;

  channels(x: FieldMap): number {
    return x.channels;
  }

  conv2d(x: FieldMap, { weights, stride = 1 }: Conv2d): FieldMap {
    const kernel = weights.shape[0]!;
    const before = Math.floor((kernel - 1) / 2);
    const after = kernel - before - stride;
    const pitch = x.pitch * stride;
    this.grid = leastCommonMultiple(this.grid, Math.max(1, Math.round(pitch)));
    const reach = Math.max(before, after, 0) * x.pitch;
    return map(weights.shape[3]!, pitch, (margin) => x.inputMargin(margin + reach));
  }

  relu(x: FieldMap): FieldMap {
    return x;
  }

  add(a: FieldMap, b: FieldMap): FieldMap {
    return map(a.channels, a.pitch, (margin) => Math.max(a.inputMargin(margin), b.inputMargin(margin)));
  }

  takeChannels(x: FieldMap, _start: number, count: number): FieldMap {
    return map(count, x.pitch, (margin) => x.inputMargin(margin));
  }

  pixelShuffle(x: FieldMap, factor: number): FieldMap {
    return map(x.channels / factor ** 2, x.pitch / factor, (margin) => x.inputMargin(ceilTo(margin, x.pitch)));
  }

  upsampleBilinear(x: FieldMap, factor: number): FieldMap {
    // The outermost output pixel's centre lies half an output pixel inside the margin; its outer neighbour's centre, half
    // an input pixel inside the input's.
    const pitch = x.pitch / factor;
    return map(x.channels, pitch, (margin) => x.inputMargin(ceilTo(margin + (x.pitch - pitch) / 2, x.pitch)));
  }
}

/** Remembers answers: with skips, a map is asked along every path, and paths double at every block. */
function map(channels: number, pitch: number, inputMargin: (margin: number) => number): FieldMap {
  const known = new Map<number, number>();
  return {
    channels,
    pitch,
    inputMargin(margin) {
      const answer = known.get(margin) ?? inputMargin(margin);
      known.set(margin, answer);
      return answer;
    },
  };
}

/** The smallest multiple of `step` that is not below `value`; thirds and the like may be off by rounding. */
function ceilTo(value: number, step: number): number {
  return Math.ceil(value / step - 1e-9) * step;
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
