/**
 * Networks as ONNX graphs, for prediction and exchange. One float32 `input` [n, frames, h, w] and one float32 `output`
 * [n, 1, h·scale, w·scale], both in network units (see the intensity policy); n, h and w are free, h and w being multiples
 * of the network's grid.
 */
import { createRequire } from "node:module";
import { PssrError } from "@pssr/api";
import type * as onnxProto from "onnx-proto";
import type { Network } from "../network.js";
import type { Conv2d, Ops } from "../ops.js";
import { type Parameter, parameterSize, type Weights } from "../parameter.js";
import { littleEndian } from "../weights/little-endian.js";
import { receptiveField } from "./receptive-field.js";
import { networkShape } from "./shapes.js";

/** Loaded with the first graph: its megabytes of generated code would slow the start of every service. */
function schema(): typeof onnxProto.onnx {
  return (createRequire(import.meta.url)("onnx-proto") as typeof onnxProto).onnx;
}

/** Opset 17 is understood by every ONNX Runtime since 1.12 (2022); nothing newer is needed. */
const opsetVersion = 17;
/** Protobuf holds at most 2 GiB, beyond which ONNX wants the weights in a file of their own: 1.9 GB of float32. */
export const maxParameters = 475_000_000;

/**
 * Writes the network with its weights. Throws `INVALID_MODEL` when a weight is missing or has the wrong size,
 * `LIMIT_EXCEEDED` when there are more than `maxParameters`.
 */
export function writeOnnx(network: Network, weights: Weights): Uint8Array {
  const { frames, scale } = network.config;
  const { grid } = receptiveField(network);
  const { parameterCount } = networkShape(network, { height: grid, width: grid });
  if (parameterCount > maxParameters) {
    throw new PssrError(
      "LIMIT_EXCEEDED",
      `${parameterCount} parameters do not fit into an ONNX file, which holds ${maxParameters}: choose a smaller network`,
    );
  }
  const ops = new GraphOps(weights);
  const result = network.build<GraphValue>(ops, { name: "input", channels: frames });
  ops.node("Identity", [result.name], {}, "output");
  const onnx = schema();
  const graph = onnx.GraphProto.create({
    name: network.config.family,
    node: ops.nodes,
    initializer: [...ops.initializers.values()],
    input: [valueInfo("input", ["n", frames, "h", "w"])],
    output: [valueInfo("output", ["n", 1, scale === 1 ? "h" : `h*${scale}`, scale === 1 ? "w" : `w*${scale}`])],
  });
  const model = onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: "", version: opsetVersion }],
    producerName: "pssr",
    graph,
    metadataProps: [{ key: "pssr.network", value: JSON.stringify(network.config) }],
  });
  return onnx.ModelProto.encode(model).finish();
}

interface GraphValue {
  readonly name: string;
  readonly channels: number;
}

type Attribute = number | string | readonly number[];

class GraphOps implements Ops<GraphValue> {
  readonly nodes: onnxProto.onnx.INodeProto[] = [];
  readonly initializers = new Map<string, onnxProto.onnx.ITensorProto>();

  constructor(private readonly weights: Weights) {}

  channels(x: GraphValue): number {
    return x.channels;
  }

  conv2d(x: GraphValue, { weights, bias, stride = 1 }: Conv2d): GraphValue {
    const kernel = weights.shape[0]!;
    const padding = Math.floor((kernel - 1) / 2);
    const inputs = [x.name, this.kernel(weights)];
    if (bias !== undefined) inputs.push(this.parameter(bias));
    const name = this.node("Conv", inputs, {
      kernel_shape: [kernel, kernel],
      pads: [padding, padding, padding, padding],
      strides: [stride, stride],
    });
    return { name, channels: weights.shape[3]! };
  }

  relu(x: GraphValue): GraphValue {
    return { ...x, name: this.node("Relu", [x.name]) };
  }

  add(a: GraphValue, b: GraphValue): GraphValue {
    return { ...a, name: this.node("Add", [a.name, b.name]) };
  }

  takeChannels(x: GraphValue, start: number, count: number): GraphValue {
    const [from, to, axis] = [this.integers([start]), this.integers([start + count]), this.integers([1])];
    return { name: this.node("Slice", [x.name, from, to, axis]), channels: count };
  }

  pixelShuffle(x: GraphValue, factor: number): GraphValue {
    const name = this.node("DepthToSpace", [x.name], { blocksize: factor, mode: "CRD" });
    return { name, channels: x.channels / factor ** 2 };
  }

  upsampleBilinear(x: GraphValue, factor: number): GraphValue {
    const scales = this.floats(Float32Array.of(1, 1, factor, factor));
    const name = this.node("Resize", [x.name, "", scales], {
      mode: "linear",
      coordinate_transformation_mode: "half_pixel",
    });
    return { ...x, name };
  }

  /** Adds a node and returns the name of its output. */
  node(
    opType: string,
    input: string[],
    attributes: Record<string, Attribute> = {},
    output = `t${this.nodes.length}`,
  ): string {
    const attribute = Object.entries(attributes).map(([name, value]) => toAttribute(name, value));
    this.nodes.push({ opType, name: `${opType}_${this.nodes.length}`, input, output: [output], attribute });
    return output;
  }

  private parameter({ name, shape }: Parameter): string {
    if (!this.initializers.has(name)) this.initialize(name, shape, this.values(name, shape));
    return name;
  }

  /** Convolution weights are stored [k, k, in, out]; ONNX wants [out, in, k, k]. */
  private kernel({ name, shape }: Parameter): string {
    if (!this.initializers.has(name)) {
      const [height, width, channelsIn, channelsOut] = shape as [number, number, number, number];
      const source = this.values(name, shape);
      const target = new Float32Array(source.length);
      const taps = height * width;
      for (let tap = 0, from = 0; tap < taps; tap++) {
        for (let i = 0; i < channelsIn; i++) {
          for (let o = 0; o < channelsOut; o++) target[(o * channelsIn + i) * taps + tap] = source[from++]!;
        }
      }
      this.initialize(name, [channelsOut, channelsIn, height, width], target);
    }
    return name;
  }

  private values(name: string, shape: readonly number[]): Float32Array {
    const values = this.weights.get(name);
    if (values === undefined) throw new PssrError("INVALID_MODEL", `the weights lack ${name}`);
    if (values.length !== parameterSize({ shape })) {
      throw new PssrError(
        "INVALID_MODEL",
        `${name} holds ${values.length} numbers; its shape [${shape.join(", ")}] needs ${parameterSize({ shape })}`,
      );
    }
    return values;
  }

  private initialize(name: string, dims: readonly number[], values: Float32Array): void {
    this.initializers.set(name, {
      name,
      dims: [...dims],
      dataType: schema().TensorProto.DataType.FLOAT,
      rawData: littleEndian(values),
    });
  }

  private floats(values: Float32Array): string {
    const name = `floats_${values.join("_")}`;
    this.initialize(name, [values.length], values);
    return name;
  }

  private integers(values: readonly number[]): string {
    const name = `integers_${values.join("_")}`;
    this.initializers.set(name, {
      name,
      dims: [values.length],
      dataType: schema().TensorProto.DataType.INT64,
      int64Data: [...values],
    });
    return name;
  }
}

function toAttribute(name: string, value: Attribute): onnxProto.onnx.IAttributeProto {
  const { AttributeType } = schema().AttributeProto;
  if (typeof value === "number") return { name, type: AttributeType.INT, i: value };
  if (typeof value === "string") return { name, type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  return { name, type: AttributeType.INTS, ints: [...value] };
}

function valueInfo(name: string, dimensions: readonly (number | string)[]): onnxProto.onnx.IValueInfoProto {
  const dim = dimensions.map((side) => (typeof side === "number" ? { dimValue: side } : { dimParam: side }));
  return { name, type: { tensorType: { elemType: schema().TensorProto.DataType.FLOAT, shape: { dim } } } };
}
