/**
 * Networks as shapes: what size comes out, which parameters there are, how much one image costs; and whether layers fit
 * together at all.
 */
import { PssrError } from "@pssr/api";
import type { Network } from "../network.js";
import type { Ops } from "../ops.js";
import { type Parameter, parameterSize } from "../parameter.js";

export interface MapShape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

export interface NetworkShape {
  /** Of one image that comes out. */
  readonly output: MapShape;
  /** In order of first use. */
  readonly parameters: readonly Parameter[];
  /** Trained numbers in all. */
  readonly parameterCount: number;
  /** Floating-point operations of the convolutions for one image (a multiply and an add count as two). */
  readonly flops: number;
  /** Numbers in the largest map that one image makes on its way: decides how much memory it takes. */
  readonly largestMap: number;
}

/**
 * Runs the network on a shape of low-resolution pixels, one image of `frames` channels. Throws `INVALID_FIELD` when a
 * side does not halve evenly at every level (see `receptiveField` for the grid), `INVALID_MODEL` when the network itself
 * is at fault.
 */
export function networkShape(network: Network, size: { height: number; width: number }): NetworkShape {
  const ops = new ShapeOps();
  const { scale, frames } = network.config;
  const output = network.build<MapShape>(ops, { channels: frames, height: size.height, width: size.width });
  if (output.channels !== 1 || output.height !== size.height * scale || output.width !== size.width * scale) {
    const expected = describe({ channels: 1, height: size.height * scale, width: size.width * scale });
    throw faulty(`the network gives ${describe(output)} where scale ${scale} asks for ${expected}`);
  }
  const parameters = [...ops.parameters.values()];
  return {
    output,
    parameters,
    parameterCount: parameters.reduce((sum, parameter) => sum + parameterSize(parameter), 0),
    flops: ops.flops,
    largestMap: ops.largestMap,
  };
}

class ShapeOps implements Ops<MapShape> {
  readonly parameters = new Map<string, Parameter>();
  flops = 0;
  largestMap = 0;

  channels(x: MapShape): number {
    return x.channels;
  }

  conv2d(x: MapShape, { weights, bias, stride = 1 }: Parameters<Ops<MapShape>["conv2d"]>[1]): MapShape {
    const [kernel = 0, kernelWidth = 0, channelsIn = 0, channels = 0] = weights.shape;
    if (weights.shape.length !== 4 || kernel !== kernelWidth || weights.shape.some((side) => !isPositive(side))) {
      throw faulty(`${weights.name} has shape [${weights.shape.join(", ")}]; a convolution needs [k, k, in, out]`);
    }
    if (channelsIn !== x.channels) {
      throw faulty(`${weights.name} takes ${channelsIn} channels but is applied to ${describe(x)}`);
    }
    if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== channels)) {
      throw faulty(`${bias.name} has shape [${bias.shape.join(", ")}]; ${weights.name} needs [${channels}]`);
    }
    this.use(weights);
    if (bias !== undefined) this.use(bias);
    const height = convolvedSide(x.height, kernel, stride, weights.name);
    const width = convolvedSide(x.width, kernel, stride, weights.name);
    this.flops += 2 * height * width * parameterSize(weights) + (bias === undefined ? 0 : height * width * channels);
    return this.made({ channels, height, width });
  }

  relu(x: MapShape): MapShape {
    return x;
  }

  add(a: MapShape, b: MapShape): MapShape {
    if (a.channels !== b.channels || a.height !== b.height || a.width !== b.width) {
      throw faulty(`cannot add ${describe(a)} and ${describe(b)}`);
    }
    return a;
  }

  takeChannels(x: MapShape, start: number, count: number): MapShape {
    if (start < 0 || !isPositive(count) || start + count > x.channels) {
      throw faulty(`cannot take ${count} channels from ${start} on of ${describe(x)}`);
    }
    return { ...x, channels: count };
  }

  pixelShuffle(x: MapShape, factor: number): MapShape {
    if (!isPositive(factor) || x.channels % factor ** 2 !== 0) {
      throw faulty(`cannot shuffle ${describe(x)} up by ${factor}: the channels are no multiple of ${factor ** 2}`);
    }
    return this.made({ channels: x.channels / factor ** 2, height: x.height * factor, width: x.width * factor });
  }

  upsampleBilinear(x: MapShape, factor: number): MapShape {
    if (!isPositive(factor)) throw faulty(`cannot enlarge ${describe(x)} by ${factor}`);
    return this.made({ ...x, height: x.height * factor, width: x.width * factor });
  }

  private made(map: MapShape): MapShape {
    this.largestMap = Math.max(this.largestMap, map.channels * map.height * map.width);
    return map;
  }

  private use(parameter: Parameter): void {
    const known = this.parameters.get(parameter.name);
    if (known === undefined) {
      this.parameters.set(parameter.name, parameter);
    } else if (JSON.stringify([known.shape, known.init]) !== JSON.stringify([parameter.shape, parameter.init])) {
      throw faulty(`two layers share ${parameter.name} but differ on its shape or start`);
    }
  }
}

function convolvedSide(side: number, kernel: number, stride: number, name: string): number {
  if (!isPositive(stride)) throw faulty(`${name} has stride ${stride}`);
  if (side % stride !== 0 || side < 1) {
    throw new PssrError(
      "INVALID_FIELD",
      `a side of ${side} pixels at ${name} is no multiple of its stride ${stride}; pad the image to the network's grid`,
    );
  }
  return Math.floor((side + 2 * Math.floor((kernel - 1) / 2) - kernel) / stride) + 1;
}

function isPositive(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

function describe({ channels, height, width }: MapShape): string {
  return `${channels} × ${height} × ${width} (channels, height, width)`;
}

function faulty(problem: string): PssrError {
  return new PssrError("INVALID_MODEL", problem);
}
