import assert from "node:assert/strict";
import test from "node:test";
import { threefry, threefryKey } from "../../dist/random/threefry.js";

/** Known answers for Threefry 4x32 with 20 rounds, from the file kat_vectors of the authors' Random123 library. */
const known = [
  { counter: [0, 0, 0, 0], key: [0, 0, 0, 0], words: [0x9c6ca96a, 0xe17eae66, 0xfc10ecd4, 0x5256a7d8] },
  {
    counter: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    key: [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
    words: [0x2a881696, 0x57012287, 0xf6c7446e, 0xa16a6732],
  },
  {
    counter: [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
    key: [0xa4093822, 0x299f31d0, 0x082efa98, 0xec4e6c89],
    words: [0x59cd1dbb, 0xb8879579, 0x86b5d00c, 0xac8b6d84],
  },
] as const;

test("the generator gives the published known answers", () => {
  for (const { counter, key, words } of known) {
    const out = new Uint32Array(6);
    threefry(
      out,
      1,
      ...(counter as readonly [number, number, number, number]),
      threefryKey(...(key as readonly [number, number, number, number])),
    );
    assert.deepEqual([...out], [0, ...words, 0]);
  }
});
