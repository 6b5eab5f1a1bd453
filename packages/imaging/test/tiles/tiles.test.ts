import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { type PlaneOrigin, planeOrigins, splitPlane, tileOrigins } from "@pssr/imaging";
import { lcg } from "../golden/goldens.js";

const random = lcg(7);
const between = (low: number, high: number) => low + ((random.next().value >>> 8) % (high - low + 1));

/** Which pixels of a plane the tiles at `origins` cover. */
function covered(
  [height, width]: readonly [number, number],
  tile: number,
  origins: readonly PlaneOrigin[],
): Uint8Array {
  const pixels = new Uint8Array(height * width);
  for (const [y, x] of origins) {
    assert.ok(y >= 0 && x >= 0 && y + tile <= height && x + tile <= width, "a tile reaches beyond the plane");
    for (let row = y; row < y + tile; row++) pixels.fill(1, row * width + x, row * width + x + tile);
  }
  return pixels;
}

test("origins step by the stride, and the last is shifted inward", () => {
  assert.deepEqual(tileOrigins(10, 4, 3), [0, 3, 6]);
  assert.deepEqual(tileOrigins(11, 4, 3), [0, 3, 6, 7]);
  assert.deepEqual(tileOrigins(4, 4, 4), [0]);
});

test("tiles cover every pixel of planes of any size, none twice at one place", () => {
  for (let run = 0; run < 200; run++) {
    const tile = between(1, 20);
    const size = [between(tile, 60), between(tile, 60)] as const;
    const origins = planeOrigins(size, tile, between(1, tile));
    assert.ok(covered(size, tile, origins).every((value) => value === 1));
    assert.equal(new Set(origins.map(String)).size, origins.length);
  }
});

test("no tile, and no gap, is on both sides of a split, and each side is covered", () => {
  let splits = 0;
  for (let run = 0; run < 400; run++) {
    const tile = between(2, 16);
    const size = [between(tile, 90), between(tile, 90)] as const;
    const guard = between(0, 12);
    const fraction = between(1, 50) / 100;
    try {
      const { training, validation, validationStart } = splitPlane(size, {
        ...{ tile, guard, stride: between(1, tile), validationFraction: fraction },
      });
      const [top, left] = validationStart;
      const [learn, check] = [covered(size, tile, training), covered(size, tile, validation)];
      for (let y = 0; y < size[0]; y++) {
        for (let x = 0; x < size[1]; x++) {
          const at = y * size[1] + x;
          assert.equal(check[at], y >= top && x >= left ? 1 : 0);
          if (y >= top - guard && x >= left - guard) assert.equal(learn[at], 0);
          else if ((y < top - guard && top - guard >= tile) || (x < left - guard && left - guard >= tile))
            assert.equal(learn[at], 1);
        }
      }
      const side = (i: 0 | 1) => Math.max(tile, Math.round(Math.sqrt(fraction) * size[i]));
      assert.deepEqual(validationStart, [size[0] - side(0), size[1] - side(1)]);
      splits++;
    } catch (error) {
      assert.ok(isPssrError(error, "DATASET_EMPTY"), String(error));
    }
  }
  assert.ok(splits > 200);
});

test("a tile larger than the plane, and a plane without room to learn, are typed errors", () => {
  const options = { tile: 64, stride: 32, validationFraction: 0.1, guard: 32 };
  assert.throws(
    () => splitPlane([63, 500], options),
    (error) => isPssrError(error, "TILE_TOO_LARGE"),
  );
  assert.throws(
    () => splitPlane([100, 100], options),
    (error) => isPssrError(error, "DATASET_EMPTY"),
  );
  for (const wrong of [
    { stride: 0 },
    { stride: 65 },
    { tile: 1.5 },
    { guard: -1 },
    { validationFraction: 0 },
    { validationFraction: 1 },
  ]) {
    assert.throws(
      () => splitPlane([500, 500], { ...options, ...wrong }),
      (error) => isPssrError(error, "INVALID_FIELD"),
    );
  }
});
