/** A report as a fit may end with: the curves and crops are those of one slice with two noises that differ a little. */
import type { Comparison, Finding, Phase, TakenLook } from "../../dist/fitting/fit-outcome.js";
import type { GreyTile } from "../../dist/fitting/fit-problem.js";
import type { FitReport } from "../../dist/report/render-report.js";
import { intensityEdges, type Reference, StatisticsTaker } from "../../dist/statistics/tile-statistics.js";
import { degraded, type Scene, slice } from "../closed-forms/scenes.js";

const CROP = 100;
const directions = ["ALONG_X", "ALONG_Y", "ROWS"] as const;

export function exampleReport(): FitReport {
  const clean = slice("03490");
  const real = degraded(clean, { camera: { photons: 90, read_noise: 2.4, offset: 3 } }, 1);
  const simulated = degraded(clean, { camera: { photons: 86, read_noise: 2.2, offset: 2.6 } }, 2);
  return {
    title: "projects/retina/fits/fast-scan-2024-11",
    parameters: [
      parameter("detector[0].photons.value", 86.2, 83.1, 91.4, true),
      parameter("detector[0].photons.spread", 2.02, 0, 11.3, false),
      parameter("detector[0].read_noise.value", 2.21, 2.05, 2.53, true),
      parameter("detector[0].offset.value", 2.6, 2.41, 3.08, true),
      parameter("optics[0].sigma.value", 0.812, 0.776, 0.845, true),
    ],
    detector: [
      {
        method: "PAIRS",
        estimates: {
          "camera.photons": { value: 88.1, low: 84.9, high: 92.2 },
          "camera.read_noise": { value: 2.36, low: 2.2, high: 2.55 },
        },
        misfit: 1.1,
      },
    ],
    looks: exampleLooks(),
    comparison: compare(clean, real, simulated),
    goodness: {
      ratio: 1.04,
      low: 0.9,
      high: 1.21,
      terms: { profile: 1.12, intensity: 0.98, spectrum: 1.03, tiles: 1.01 },
      templateRatio: 37.4,
    },
    findings: exampleFindings,
  };
}

export const exampleFindings: readonly Finding[] = [
  {
    kind: "NOT_IDENTIFIED",
    subject: "detector[0].photons.spread",
    message:
      "detector[0].photons.spread: its 95 % interval (0 – 11.3) takes more than half of its range; these images do not tell it, " +
      "and 2.02 is as good as any other number in there. Take more fields, or fix it.",
  },
  { kind: "FEW_TILES", subject: "", message: "6 tiles are few: intervals are wide and uncertain. Give more images." },
];

const parameter = (path: string, value: number, low: number, high: number, isIdentified: boolean) => ({
  ...{ path, value, low, high, isIdentified },
  sensitivity: 1,
});

function compare(clean: Scene, real: Scene, simulated: Scene): Comparison {
  const references = [referenceOf(clean)];
  const edges = intensityEdges(references, 14);
  const taker = new StatisticsTaker(edges, 64);
  const [a, b] = [real, simulated].map((scene) => taker.take(references[0]!, Float32Array.from(scene.values)));
  const bins = [...a!.counts.keys()].filter((bin) => a!.counts[bin]! > 30);
  return {
    profile: Array.from(a!.profile, (count, n) => ({
      difference: n - 256,
      real: count / a!.pixels,
      simulated: b!.profile[n]! / b!.pixels,
    })),
    intensity: bins.map((bin) => {
      const moments = [a!, b!].map(({ counts, sums, squares }) => {
        const mean = sums[bin]! / counts[bin]!;
        return [mean, squares[bin]! / counts[bin]! - mean ** 2] as const;
      });
      const [realMoments, simulatedMoments] = moments as [readonly [number, number], readonly [number, number]];
      return {
        intensity: ((edges[bin - 1] ?? edges[0]! - 8) + (edges[bin] ?? edges.at(-1)! + 8)) / 2,
        realMean: realMoments[0],
        simulatedMean: simulatedMoments[0],
        realVariance: realMoments[1],
        simulatedVariance: simulatedMoments[1],
      };
    }),
    spectrum: [...a!.power.keys()]
      .filter((band) => a!.frequencies[band]! > 0)
      .map((band) => ({
        direction: directions[Math.floor(band / 8)]!,
        frequency: ((band % 8) + 0.5) / 16,
        real: a!.power[band]! / a!.frequencies[band]!,
        simulated: b!.power[band]! / b!.frequencies[band]!,
      })),
    real: cropOf(real),
    simulated: cropOf(simulated),
  };
}

function referenceOf({ height, width, values }: Scene): Reference {
  return { height, width, values: Float32Array.from(values) };
}

function cropOf({ width, values, levels }: Scene): GreyTile {
  const crop = Uint8Array.from(
    { length: CROP * CROP },
    (_, n) => values[(78 + Math.floor(n / CROP)) * width + 78 + (n % CROP)]!,
  );
  return { height: CROP, width: CROP, dtype: "uint8", values: crop, levels, field: "pairs[0].low" };
}

/** Falls from look to look, as a search does. */
export function exampleLooks(): TakenLook[] {
  const phases: Phase[] = [
    ...Array<Phase>(2).fill("START"),
    ...Array<Phase>(34).fill("SEARCH"),
    ...Array<Phase>(10).fill("DESCENT"),
    ...Array<Phase>(12).fill("INTERVALS"),
    ...Array<Phase>(2).fill("HELD_OUT"),
  ];
  let best = Number.POSITIVE_INFINITY;
  return phases.map((phase, n) => {
    const wave = 1 + Math.abs(Math.sin(n * 12.9898) * 3);
    const distance =
      phase === "START"
        ? 60 / (n + 1)
        : phase === "SEARCH"
          ? 1.4 + 40 * wave * Math.exp(-n / 8)
          : phase === "DESCENT"
            ? 1.05 + 0.5 * Math.exp(-(n - 36) / 2)
            : 1.1 + 0.06 * wave;
    if (phase !== "HELD_OUT") best = Math.min(best, distance);
    return {
      ...{ index: n + 1, phase, distance, best },
      values: [86],
      steps: [],
      bestValues: [86],
      elapsedMs: 500 * n,
    };
  });
}
