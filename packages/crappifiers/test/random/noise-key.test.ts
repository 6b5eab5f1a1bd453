import assert from "node:assert/strict";
import test from "node:test";
import { kernelMemory, kernels } from "../../dist/kernels.js";
import { type NoiseKey, useNoise } from "../../dist/random/noise-key.js";

function words(key: NoiseKey, step = "detector/0", frame: number | "parameters" = 0): string {
  useNoise(key, step, frame);
  return [...filled(2, 0, 0)].join(" ");
}

function filled(blocks: number, firstBlock: number, lane: number): Uint32Array {
  kernelMemory.release();
  const at = kernelMemory.take(16 * (blocks + 7));
  kernels.fillBlocks(at, blocks, firstBlock, lane, 0, 0);
  return kernelMemory.view(Uint32Array, at, 4 * blocks).slice();
}

const key: NoiseKey = { seed: 1n, image: 5n, tile: 2, epoch: 3 };

test("every part of the key changes the noise, and the same key gives the same", () => {
  const all = [
    words(key),
    words({ ...key, seed: 2n }),
    words({ ...key, image: 6n }),
    words({ ...key, image: "5" }),
    words({ ...key, tile: 3 }),
    words({ ...key, epoch: 2 }),
    words(key, "detector/1"),
    words(key, "optics/0"),
    words(key, "detector/0", 1),
    words(key, "detector/0", "parameters"),
  ];
  assert.equal(new Set(all).size, all.length);
  assert.equal(words({ ...key }), all[0]);
});

test("the words of a stream never change between releases", () => {
  // Whoever changes this changes the noise of every seed that anyone has noted down.
  assert.equal(words(key), "1247004087 949490408 887228056 993336344 4230348040 1850565165 3520421189 2047888310");
});

test("words are the same wherever filling begins", () => {
  useNoise(key, "detector/0", 0);
  const whole = filled(16, 0, 0);
  assert.deepEqual(filled(4, 5, 0), whole.slice(20, 36));
});

test("the further words of pixels are none of the first words", () => {
  useNoise(key, "detector/0", 0);
  const all = [filled(1, 9, 0), filled(1, 9, 1), filled(1, 9, 2), filled(1, 10, 1)].map((block) => block.join(" "));
  assert.equal(new Set(all).size, all.length);
});
