/** Scan lines that begin early or late: each row is displaced along x by a normal number of its own. */
import { displaceRows } from "../displace-rows.js";
import { kernelMemory, kernels } from "../kernels.js";
import type { Step } from "../step.js";

export const lineJitter: Step<"sigma"> = {
  meaning: "Scan lines that begin early or late.",
  stages: ["optics", "detector"],
  parameters: {
    sigma: {
      meaning: "Standard deviation of the lines' displacement.",
      unit: "pixels of the stage's grid",
      min: 0,
      max: 64,
      default: 0.5,
      acts: "BY_SQUARE",
    },
  },
  apply(plane, { sigma }, { useRowNoise }) {
    const { height, firstRow } = plane;
    useRowNoise(firstRow);
    displaceRows(plane, (down, right) => {
      kernelMemory.view(Float64Array, down, height).fill(0);
      kernels.normals(right, height);
      const shifts = kernelMemory.view(Float64Array, right, height);
      for (let row = 0; row < height; row++) shifts[row] = sigma * shifts[row]!;
    });
  },
};
