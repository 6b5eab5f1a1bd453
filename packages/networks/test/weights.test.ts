import assert from "node:assert/strict";
import { test } from "node:test";
import { PssrError } from "@pssr/api";
import {
  createNetwork,
  initialWeights,
  networkParameters,
  readSafetensors,
  readWeights,
  type Tensor,
  writeSafetensors,
  writeWeights,
} from "@pssr/networks";
import golden from "./golden/safetensors.json" with { type: "json" };

const network = createNetwork({ scale: 2, options: { width: 8, depth: 1 } });

function refused(action: () => unknown, message: RegExp): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof PssrError && error.reason === "INVALID_MODEL", String(error));
    assert.match(error.message, message);
    return true;
  });
}

/** A file with this header text and so many bytes of data. */
function file(header: string, dataBytes: number, claimedLength = BigInt(Buffer.byteLength(header))): Uint8Array {
  const bytes = new Uint8Array(8 + Buffer.byteLength(header) + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, claimedLength, true);
  bytes.set(new TextEncoder().encode(header), 8);
  return bytes;
}

test("weights survive the round trip through a file bit by bit", () => {
  const weights = initialWeights(network, 7);
  // A file read from a socket may lie anywhere in a buffer.
  const bytes = writeWeights(network, weights);
  const unaligned = new Uint8Array(bytes.length + 3).subarray(3);
  unaligned.set(bytes);
  assert.deepEqual(readWeights(network, unaligned), weights);
});

test("a file by the reference implementation reads the same", () => {
  const { tensors, metadata } = readSafetensors(Buffer.from(golden.file, "base64"));
  assert.deepEqual(metadata, { layout: "hwio" });
  assert.deepEqual([...tensors.keys()].sort(), Object.keys(golden.tensors).sort());
  for (const [name, expected] of Object.entries(golden.tensors)) {
    assert.deepEqual(tensors.get(name)!.shape, expected.shape);
    assert.deepEqual([...tensors.get(name)!.values], expected.values);
  }
});

test("data begin at a multiple of eight bytes, as other readers want", () => {
  const bytes = writeSafetensors({ tensors: new Map<string, Tensor>(), metadata: { a: "b" } });
  assert.equal(new DataView(bytes.buffer).getBigUint64(0, true) % 8n, 0n);
});

test("a damaged file is refused before anything is allocated for it", () => {
  const entry = (shape: string, offsets: string, dtype = "F32") =>
    `{"a":{"dtype":"${dtype}","shape":${shape},"data_offsets":${offsets}}}`;
  refused(() => readSafetensors(new Uint8Array(3)), /3 bytes/);
  refused(() => readSafetensors(file("{}", 0, 2n ** 63n)), /header claims 9223372036854775808 bytes/);
  refused(() => readSafetensors(file("not json", 0)), /no JSON/);
  refused(() => readSafetensors(file("[".repeat(100_000), 0)), /no JSON/);
  refused(() => readSafetensors(file("[]", 0)), /no JSON object/);
  refused(() => readSafetensors(file('{"a":3}', 0)), /a is no JSON object/);
  refused(() => readSafetensors(file(entry("[2]", "[0,4]", "F16"), 4)), /convert it to F32/);
  refused(() => readSafetensors(file(entry("[2]", "[0,4]"), 4)), /takes 8 bytes, not 4/);
  refused(() => readSafetensors(file(entry("[-1]", "[0,4]"), 4)), /no valid shape/);
  refused(() => readSafetensors(file(entry("[1e300,1e300]", "[0,4]"), 4)), /no valid shape/);
  refused(() => readSafetensors(file(entry("[1]", "[4,8]"), 8)), /begins at byte 4/);
  refused(() => readSafetensors(file(entry("[1]", "[0,4]"), 5)), /holds 5/);
  refused(() => readSafetensors(file(entry("[2]", "[0,8]"), 4)), /holds 4/);
  refused(() => readSafetensors(file('{"__metadata__":{"a":1}}', 0)), /__metadata__.a/);
});

test("weights of another network are refused by the name of the parameter", () => {
  const bytes = writeWeights(network, initialWeights(network, 1));
  refused(
    () => readWeights(createNetwork({ scale: 2, options: { width: 16, depth: 1 } }), bytes),
    /stem\/weights has shape/,
  );
  refused(() => readWeights(createNetwork({ scale: 2, options: { width: 8, depth: 2 } }), bytes), /is missing/);
  const { tensors, metadata } = readSafetensors(bytes);
  const more = new Map(tensors).set("extra", { shape: [1], values: Float32Array.of(1) });
  refused(() => readWeights(network, writeSafetensors({ tensors: more, metadata })), /extra is no parameter/);
  tensors.get("head/bias")!.values[1] = Number.NaN;
  refused(() => readWeights(network, writeSafetensors({ tensors, metadata })), /head\/bias holds NaN at index 1/);
});

test("initial weights follow from the seed and have the deviation of He et al.", () => {
  const wide = createNetwork({ options: { width: 64, depth: 1 } });
  const weights = initialWeights(wide, 3);
  assert.deepEqual(initialWeights(wide, 3), weights);
  assert.notDeepEqual(initialWeights(wide, 4), weights);
  assert.ok(weights.get("head/weights")!.every((value) => value === 0));
  const deviation = (name: string) =>
    Math.sqrt(weights.get(name)!.reduce((sum, v) => sum + v * v, 0) / weights.get(name)!.length);
  const expected = Math.sqrt(2 / (9 * 64));
  assert.ok(Math.abs(deviation("down0/block0/conv1/weights") / expected - 1) < 0.02);
  assert.ok(Math.abs(deviation("down0/block0/conv2/weights") / expected - 0.1) < 0.002);
  assert.equal(weights.size, networkParameters(wide).length);
});
