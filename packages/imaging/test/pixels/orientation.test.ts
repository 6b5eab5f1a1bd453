import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { orient, orientations, type PixelData } from "@pssr/imaging";

const plane = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);

test("the eight orientations are all different, and the first is the plane itself", () => {
  const all = Array.from({ length: orientations }, (_, i) => orient(plane, 3, i).join());
  assert.equal(new Set(all).size, 8);
  assert.equal(all[0], plane.join());
});

test("mirroring, turning over and transposing do what they say", () => {
  assert.deepEqual([...orient(plane, 3, 1)], [3, 2, 1, 6, 5, 4, 9, 8, 7]);
  assert.deepEqual([...orient(plane, 3, 2)], [7, 8, 9, 4, 5, 6, 1, 2, 3]);
  assert.deepEqual([...orient(plane, 3, 4)], [1, 4, 7, 2, 5, 8, 3, 6, 9]);
});

for (const type of [Uint8Array, Uint16Array, Float32Array]) {
  test(`${type.name}: a plane of any size is laid the same way, keeps its bits, and is left as it was`, () => {
    for (const side of [1, 2, 3, 4, 7, 15, 16, 17, 32, 33, 131]) {
      // Every pixel has bits of its own; some are those of numbers that are none.
      const bytes = new Uint8Array(side * side * type.BYTES_PER_ELEMENT);
      for (let n = 0; n < bytes.length; n++) bytes[n] = Math.imul(n + 1, 0x9e3779b1) >>> 24;
      const plane = new type(bytes.buffer);
      for (let orientation = 0; orientation < orientations; orientation++) {
        const before = bytes.slice();
        const turned = orient(plane, side, orientation);
        assert.deepEqual(bytes, before);
        assert.ok(turned instanceof type);
        assert.deepEqual(
          bitsOf(turned),
          bitsOf(slowly(plane, side, orientation)),
          `${side}, orientation ${orientation}`,
        );
      }
    }
  });
}

function slowly<T extends PixelData>(plane: T, side: number, orientation: number): T {
  const bits = bitsOf(plane);
  const turned = plane.slice() as T;
  const turnedBits = bitsOf(turned);
  const size = plane.BYTES_PER_ELEMENT;
  for (let n = 0; n < plane.length; n++) {
    const [row, column] = [Math.floor(n / side), n % side];
    const y = (orientation & 2) !== 0 ? side - 1 - row : row;
    const x = (orientation & 1) !== 0 ? side - 1 - column : column;
    const from = (orientation & 4) !== 0 ? x * side + y : y * side + x;
    turnedBits.set(bits.subarray(from * size, (from + 1) * size), n * size);
  }
  return turned;
}

const bitsOf = ({ buffer, byteOffset, byteLength }: PixelData) => new Uint8Array(buffer, byteOffset, byteLength);

test("the pixels are written where they are wanted", () => {
  const out = new Uint8Array(12).subarray(2, 11);
  assert.equal(orient(plane, 3, 5, out), out);
  assert.deepEqual([...new Uint8Array(out.buffer)], [0, 0, 7, 4, 1, 8, 5, 2, 9, 6, 3, 0]);
});

test("a plane that is no square of that side is refused", () => {
  const refused = (error: unknown) => isPssrError(error, "SHAPE_MISMATCH");
  assert.throws(() => orient(plane, 4, 1), refused);
  assert.throws(() => orient(plane, 3, 1, new Uint8Array(8)), refused);
});
