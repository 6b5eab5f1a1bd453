import assert from "node:assert/strict";
import test from "node:test";
import { type NoiseKey, NoiseStream } from "../../dist/random/noise-stream.js";

function words(key: NoiseKey, step = "detector/0", frame: number | "parameters" = 0): string {
  const out = new Uint32Array(8);
  NoiseStream.of(key, step, frame).fill(out, 0);
  return out.join(" ");
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
  assert.equal(words(key), "3398574836 2256115065 463573633 296059361 2920243587 3636017978 3277060929 3176893364");
});

test("words are the same wherever filling begins", () => {
  const stream = NoiseStream.of(key, "detector/0", 0);
  const whole = new Uint32Array(64);
  stream.fill(whole, 0);
  const part = new Uint32Array(16);
  stream.fill(part, 5);
  assert.deepEqual(part, whole.slice(20, 36));
});

test("the further words of pixels are none of the first words", () => {
  const stream = NoiseStream.of(key, "detector/0", 0);
  const first = new Uint32Array(4);
  stream.fill(first, 9);
  assert.notDeepEqual(stream.more(9, 1).slice(), first);
  assert.notDeepEqual(stream.more(9, 1).slice(), stream.more(9, 2).slice());
  assert.notDeepEqual(stream.more(9, 1).slice(), stream.more(10, 1).slice());
});
