import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { MOST_SOBOL_DIMENSIONS, SobolSequence } from "../../dist/search/sobol.js";

const here = dirname(fileURLToPath(import.meta.url));
const golden: number[][] = JSON.parse(readFileSync(join(here, "../../test/search/golden/sobol.json"), "utf8"));

test("the points are SciPy's, in every dimension", () => {
  const sequence = new SobolSequence(MOST_SOBOL_DIMENSIONS);
  for (const point of golden) assert.deepEqual([...sequence.next()], point);
});

test("a shift turns the points over without losing their evenness", () => {
  const sequence = new SobolSequence(2, Uint32Array.of(0xdeadbeef, 0x12345678));
  const cells = new Set<string>();
  for (let n = 0; n < 64; n++) {
    const [x, y] = sequence.next();
    assert.ok(x! >= 0 && x! < 1 && y! >= 0 && y! < 1);
    cells.add(`${Math.floor(8 * x!)} ${Math.floor(8 * y!)}`);
  }
  assert.equal(cells.size, 64);
});
