import assert from "node:assert/strict";
import test from "node:test";
import { degrade, picture } from "./picture.js";

const grey = picture(1, 256, (_, x) => x);

test("gamma, gain and offset bend the response as they should", () => {
  const step = { kind: "contrast", gamma: { value: 0.45 }, gain: { value: 0.9 }, offset: { value: 12 } };
  degrade(grey, step).forEach((value, x) => {
    assert.ok(Math.abs(value - (255 * 0.9 * (x / 255) ** 0.45 + 12)) < 1e-3, `${value} at ${x}`);
  });
});

test("the defaults change nothing", () => {
  assert.deepEqual(degrade(grey, { kind: "contrast" }), grey.data);
});

test("values below black and far above white stay finite", () => {
  const extreme = picture(1, 3, (_, x) => [-5, 0, 3e38][x]!);
  const bent = degrade(extreme, { kind: "contrast", gamma: { value: 10 } });
  assert.deepEqual([...bent.slice(0, 2)], [0, 0]);
  assert.equal(bent[2], 1e6);
});
