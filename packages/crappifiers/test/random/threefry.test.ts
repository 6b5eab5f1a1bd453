import assert from "node:assert/strict";
import test from "node:test";
import { kernelMemory, kernels } from "../../dist/kernels.js";

type Four = [number, number, number, number];

/** Known answers for Threefry 4x32 with 13 rounds, from the file kat_vectors of the authors' Random123 library. */
const known = [
  { counter: [0, 0, 0, 0], key: [0, 0, 0, 0], words: [0x531c7e4f, 0x39491ee5, 0x2c855a92, 0x3d6abf9a] },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    words: [0xc4189358, 0x1c9cc83a, 0xd5881c67, 0x6a0a89e0],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0, 0x082efa98, 0xec4e6c89],
    words: [0x4aa71d8f, 0x734738c2, 0x431fc6a8, 0xae6debf1],
  },
] satisfies { counter: Four; key: Four; words: number[] }[];

test("the generator gives the published known answers", () => {
  for (const { counter, key, words } of known) {
    kernelMemory.release();
    const at = kernelMemory.take(128);
    kernels.useKey(...key, 0);
    // Four blocks are made together, whose counters follow each other in the first word: the one asked for stands first.
    kernels.fillBlocks(at, 4, ...counter);
    assert.deepEqual([...kernelMemory.view(Uint32Array, at, 4)], words);
  }
});

for (const first of [2 ** 31 - 10, 2 ** 32 - 10, 2 ** 34 - 10, 2 ** 34 - 9, 2 ** 40 + 3]) {
  test(`a pixel has its number's word, whatever part of a plane is made: from ${first} on`, () => {
    kernelMemory.release();
    const pixels = 700;
    const [whole, alone] = [kernelMemory.take(4 * pixels), kernelMemory.take(4)];
    const values = kernelMemory.view(Float32Array, whole, pixels).fill(0);
    const one = kernelMemory.view(Float32Array, alone, 1);
    kernels.useKey(1, 2, 3, 4, first);
    kernels.addNormal(whole, pixels, 0, 1);
    assert.equal(new Set(values).size > 690, true);
    for (let n = 0; n < pixels; n++) {
      one[0] = 0;
      kernels.useKey(1, 2, 3, 4, first + n);
      kernels.addNormal(alone, 1, 0, 1);
      assert.equal(one[0], values[n], `pixel ${n}`);
    }
    // No pixel of the plane's beginning has the same.
    const beginning = values.slice();
    kernels.useKey(1, 2, 3, 4, 0);
    values.fill(0);
    kernels.addNormal(whole, pixels, 0, 1);
    assert.equal(values.filter((value) => beginning.includes(value)).length < 10, true);
  });
}
