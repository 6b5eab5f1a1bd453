import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { checkPair } from "../../dist/evaluation/check-pair.js";

const described = (shape: number[], axes = shape.length === 3 ? "zyx" : "yx") => ({ name: "scan", axes, shape });
const check = (image: number[], reference: number[], input?: number[]) =>
  checkPair(
    { image: described(image), reference: described(reference), input: input && described(input) },
    10_000,
    "evaluation.pairs[3]",
  );

for (const [what, reason, field, shapes] of [
  [
    "an image of another shape",
    "SHAPE_MISMATCH",
    "image",
    [
      [20, 21],
      [20, 20],
    ],
  ],
  [
    "a stack against a plane",
    "SHAPE_MISMATCH",
    "image",
    [
      [2, 20, 20],
      [20, 20],
    ],
  ],
  [
    "an image beyond the limit",
    "IMAGE_TOO_LARGE",
    "image",
    [
      [200, 200],
      [200, 200],
    ],
  ],
  [
    "an image smaller than SSIM's window",
    "INVALID_FIELD",
    "image",
    [
      [6, 20],
      [6, 20],
    ],
  ],
  [
    "an input that is no whole factor smaller",
    "SHAPE_MISMATCH",
    "input",
    [
      [20, 20],
      [20, 20],
      [6, 6],
    ],
  ],
  [
    "an input with two factors",
    "SHAPE_MISMATCH",
    "input",
    [
      [20, 20],
      [20, 20],
      [10, 5],
    ],
  ],
  [
    "an input larger than the reference",
    "SHAPE_MISMATCH",
    "input",
    [
      [20, 20],
      [20, 20],
      [40, 40],
    ],
  ],
  [
    "an input with other planes",
    "SHAPE_MISMATCH",
    "input",
    [
      [2, 20, 20],
      [2, 20, 20],
      [3, 10, 10],
    ],
  ],
] as const) {
  test(`${what} is refused with ${reason}, naming ${field}`, () => {
    const [image, reference, input] = shapes.map((shape) => [...shape]) as [number[], number[], number[]?];
    assert.throws(
      () => check(image, reference, input),
      (error) => isPssrError(error, reason) && error.field === `evaluation.pairs[3].${field}`,
    );
  });
}

test("a mismatch tells both shapes", () => {
  assert.throws(() => check([20, 21], [20, 20]), /20×21.*20×20/);
});

test("pairs that fit pass", () => {
  check([20, 20], [20, 20]);
  check([2, 20, 28], [2, 20, 28], [2, 5, 7]);
});
