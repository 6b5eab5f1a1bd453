/**
 * Rows that are brighter or darker than their neighbours, in bands: a sample that charges under the beam, or a source that
 * flickers slowly. The rows' offsets are a stationary autoregressive process of first order, b(y+1) = ρ·b(y) +
 * √(1 − ρ²)·N(0, amplitude²) with ρ = e^(−1/length): normal, with the correlation e^(−d/length) between rows d apart.
 */
import { kernelMemory, kernels } from "../kernels.js";
import type { Step } from "../step.js";

export const brightnessBands: Step<"amplitude" | "length"> = {
  meaning: "Brighter and darker bands of rows, as charging makes them.",
  stages: ["optics", "detector"],
  parameters: {
    amplitude: {
      meaning: "Standard deviation of the rows' offsets.",
      unit: "(white − black) / 255",
      min: 0,
      max: 255,
      default: 8,
      acts: "BY_SQUARE",
    },
    length: { meaning: "Rows over which offsets are alike.", unit: "rows", min: 0.1, max: 1e5, default: 16 },
  },
  apply({ at, height, width, firstRow }, { amplitude, length }, { levels, useRowNoise }) {
    const deviation = (amplitude * (levels.white - levels.black)) / 255;
    const kept = kernels.exp(-1 / length);
    const fresh = Math.sqrt(1 - kept * kept);
    // Each row depends on all before it, so those of the frame's earlier bands are made too.
    const rows = firstRow + height;
    useRowNoise(0);
    kernelMemory.lend(8 * rows, (numbers) => {
      kernels.normals(numbers, rows);
      const offsets = kernelMemory.view(Float64Array, numbers, rows);
      offsets[0] = deviation * offsets[0]!;
      for (let row = 1; row < rows; row++) offsets[row] = kept * offsets[row - 1]! + fresh * deviation * offsets[row]!;
      kernels.addToRows(at, height, width, numbers + 8 * firstRow);
    });
  },
};
