import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, test } from "node:test";
import { InferencePool } from "@pssr/inference";
import { createNetwork, families, initialWeights, networkParameters, receptiveField, writeOnnx } from "@pssr/networks";
import type { Tensor } from "@tensorflow/tfjs-core";
import { loadTensorFlow } from "../../dist/learning/tensorflow.js";
import { TensorFlowOps } from "../../dist/learning/tensorflow-ops.js";

const tf = loadTensorFlow();
const pool = new InferencePool({ workers: 1, threadsPerWorker: 1 });
after(() => pool.close());

/** Small numbers without a pattern; also where initial weights are zero, so that every layer shows in the output. */
function scattered(length: number, spread: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => spread * (((i * 7919 + 13) % 1009) / 1009 - 0.5));
}

/** [n, pixels, channels] as [n, channels, pixels]. */
function channelsFirst(values: Float32Array, pixels: number, channels: number): Float32Array {
  return values.map((_, i) => {
    const [pixel, channel, sample] = [i % pixels, Math.floor(i / pixels) % channels, Math.floor(i / pixels / channels)];
    return values[(sample * pixels + pixel) * channels + channel]!;
  });
}

for (const family of families) {
  for (const scale of family.scales) {
    for (const frames of [1, 3]) {
      test(`${family.name} ×${scale} with ${frames} frames gives the same numbers in TensorFlow and in ONNX Runtime`, async () => {
        const network = createNetwork({ family: family.name, scale, frames });
        const weights = new Map(
          [...initialWeights(network, 5)].map(([name, values]) => [
            name,
            values.some((value) => value !== 0) ? values : scattered(values.length, 0.2),
          ]),
        );
        const { grid } = receptiveField(network);
        const [height, width] = [grid * 3, grid * 2];
        const input = scattered(2 * height * width * frames, 2);

        const onnx = writeOnnx(network, weights);
        const digest = createHash("sha256").update(onnx).digest("hex");
        const runtime = await pool.run(
          { digest, load: async () => onnx },
          { shape: [2, frames, height, width], data: channelsFirst(input, height * width, frames) },
        );

        const tensors = new Map<string, Tensor>(
          networkParameters(network).map(({ name, shape }) => [name, tf.tensor(weights.get(name)!, [...shape])]),
        );
        const output = network.build(new TensorFlowOps(tf, tensors), tf.tensor4d(input, [2, height, width, frames]));
        assert.deepEqual(output.shape, [2, height * scale, width * scale, 1]);
        assert.deepEqual(runtime.shape, [2, 1, height * scale, width * scale]);

        const ours = output.dataSync<"float32">();
        const range = ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        let largest = 0;
        ours.forEach((value, i) => {
          largest = Math.max(largest, Math.abs(value - runtime.data[i]!));
        });
        assert.ok(range > 0.1, `the output hardly differs from nothing: ${range}`);
        assert.ok(largest < 1e-4 * Math.max(1, range), `they differ by ${largest} in a range of ${range}`);
      });
    }
  }
}
