import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import {
  createPixelArray,
  type Dtype,
  type PixelData,
  planeOf,
  Resampler,
  type ResamplingKernel,
  resize,
} from "@pssr/imaging";
import { lcgValues, readGolden, unpack } from "../golden/goldens.js";

interface Case extends Record<Dtype, string> {
  shape: [number, number];
  input: [number, number];
  kernel: ResamplingKernel;
}
interface Golden {
  em: string;
  cases: Case[];
  lcg: {
    seed: number;
    shape: [number, number];
    digests: { shape: [number, number]; kernel: ResamplingKernel; sha256: string }[];
  };
}
const golden = readGolden<Golden>("resampling");
const em = createPixelArray("yx", [48, 52], unpack("uint8", golden.em));

/** The inputs of make.py: the EM crop, or its upper left 16×20, in three types. */
function inputs([height, width]: [number, number]): Record<Dtype, PixelData> {
  const uint8 = new Uint8Array(height * width);
  for (let y = 0; y < height; y++) uint8.set(em.data.subarray(y * 52, y * 52 + width), y * width);
  const uint16 = Uint16Array.from(uint8, (value, i) => {
    const stretched = value * 257;
    return Math.floor(i / width) % 2 === 0 ? 40000 - Math.floor(stretched / 2) : stretched;
  });
  return { uint8, uint16, float32: Float32Array.from(uint8, (value) => value / 255) };
}

for (const { shape, input, kernel, ...expected } of golden.cases) {
  const name = `${kernel} ${input.join("×")} to ${shape.join("×")}`;
  test(`${name}: 8-bit pixels are Pillow's to the bit`, () => {
    const output = new Uint8Array(shape[0] * shape[1]);
    new Resampler({ input, output: shape, kernel, dtype: "uint8" }).apply(inputs(input).uint8, output);
    assert.deepEqual(output, unpack("uint8", expected.uint8));
  });
  test(`${name}: 16-bit pixels are the exact values, rounded`, () => {
    const output = new Uint16Array(shape[0] * shape[1]);
    new Resampler({ input, output: shape, kernel, dtype: "uint16" }).apply(inputs(input).uint16, output);
    const exact = new Float64Array(new Uint8Array(Buffer.from(expected.uint16, "base64")).buffer);
    exact.forEach((value, i) => {
      assert.ok(Math.abs(output[i]! - value) < 0.5 + 1e-6); // either side of a tie
    });
  });
  test(`${name}: float pixels are Pillow's to 1e-6`, () => {
    const output = new Float32Array(shape[0] * shape[1]);
    new Resampler({ input, output: shape, kernel, dtype: "float32" }).apply(inputs(input).float32, output);
    unpack("float32", expected.float32).forEach((value, i) => assert.ok(Math.abs(output[i]! - value) < 1e-6));
  });
}

test("large planes of noise are Pillow's to the bit", () => {
  const { seed, shape, digests } = golden.lcg;
  const noise = Uint8Array.from(lcgValues(seed, shape[0] * shape[1]), (state) => state >>> 24);
  for (const { shape: size, kernel, sha256 } of digests) {
    const output = new Uint8Array(size[0] * size[1]);
    new Resampler({ input: shape, output: size, kernel, dtype: "uint8" }).apply(noise, output);
    assert.equal(createHash("sha256").update(output).digest("hex"), sha256, `${kernel} ${size.join("×")}`);
  }
});

test("one resampler gives the same result each time it is used", () => {
  const resampler = new Resampler({ input: [48, 52], output: [12, 13], kernel: "BICUBIC", dtype: "uint8" });
  const [first, other, second] = [new Uint8Array(156), new Uint8Array(156), new Uint8Array(156)];
  resampler.apply(em.data, first);
  resampler.apply(new Uint8Array(48 * 52).fill(255), other);
  resampler.apply(em.data, second);
  assert.deepEqual(second, first);
  assert.deepEqual(other, new Uint8Array(156).fill(255));
});

test("every plane of a stack is resampled by itself", () => {
  const stack = createPixelArray("zyx", [2, 48, 52], "uint8");
  stack.data.set(em.data, 48 * 52);
  const small = resize(stack, [12, 13], "BILINEAR");
  assert.deepEqual(small.shape, [2, 12, 13]);
  assert.ok(planeOf(small, 0).data.every((value) => value === 0));
  assert.deepEqual(planeOf(small, 1).data, resize(em, [12, 13], "BILINEAR").data);
});

test("an array of another size or type is refused", () => {
  const resampler = new Resampler({ input: [8, 8], output: [2, 2], kernel: "BILINEAR", dtype: "uint8" });
  for (const [input, output] of [
    [new Uint8Array(63), new Uint8Array(4)],
    [new Uint8Array(64), new Uint8Array(5)],
    [new Uint16Array(64), new Uint8Array(4)],
  ] as const) {
    assert.throws(
      () => resampler.apply(input, output),
      (error) => isPssrError(error, "SHAPE_MISMATCH"),
    );
  }
  assert.throws(
    () => resize(em, [0, 4], "BILINEAR"),
    (error) => isPssrError(error, "INVALID_FIELD"),
  );
});
