/**
 * A sample or stage that moves evenly while it is scanned, row by row from the top. The middle row stays where it is, so that
 * low and high resolution still belong together. Drift in unknown directions: value 0 and a spread.
 */
import { displaceRows } from "../displace-rows.js";
import { kernelMemory } from "../kernels.js";
import type { Step } from "../step.js";

export const drift: Step<"x" | "y"> = {
  meaning: "A sample that moves while it is scanned.",
  stages: ["optics", "detector"],
  parameters: {
    x: {
      meaning: "Way to the right over the tile.",
      unit: "pixels of the stage's grid",
      min: -256,
      max: 256,
      default: 0,
    },
    y: { meaning: "Way down over the tile.", unit: "pixels of the stage's grid", min: -256, max: 256, default: 0 },
  },
  rowsAround({ y }) {
    return Math.ceil(Math.abs(y) / 2) + 1;
  },
  apply(plane, { x, y }) {
    const { height, firstRow, frameHeight } = plane;
    displaceRows(plane, (down, right) => {
      const downs = kernelMemory.view(Float64Array, down, height);
      const rights = kernelMemory.view(Float64Array, right, height);
      for (let row = 0; row < height; row++) {
        // What has moved to the right is seen further left.
        const time = (firstRow + row + 0.5) / frameHeight - 0.5;
        downs[row] = -y * time;
        rights[row] = -x * time;
      }
    });
  },
};
