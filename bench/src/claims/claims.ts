/**
 * What the PSSR2 paper says of crappifiers, measured on slices that no training has seen. Their low resolution is not made by
 * what a network has learned from, but by a model of the detector: photons counted over the area of a pixel, read noise,
 * and scan lines that begin a little early or late.
 *
 *   - noise belongs after sampling, not before it;
 *   - a range of noise is learned better than one strength, where images come with different noise;
 *   - degrading anew in each epoch is better than once beforehand, where there are few images: one slice, whose tiles are met
 *     often enough to be learned by heart (over all slices 600 steps are four epochs, and no difference was seen).
 */
import { Crappifier } from "@pssr/api";
import { type Row, row } from "../row.js";
import { type Arm, startTrainingGround, type TrainingGround } from "./training-ground.js";

const seeds = [1, 2, 3];
/** Photons at white: the noise of PSSR2's mix 0.5, 1, 1.5 and 2. */
const photonCounts = [1020, 255, 113, 64];
/** That of mix 1, which the trainings with one strength learn. */
const usual = 255;

const poisson = (mix: number, spread = 0) => ({
  kind: { $case: "poisson" as const, value: { mix: { value: mix, spread } } },
});
const sampling = { scale: 4 };

const arms = {
  base: arm({ sampling, detector: [poisson(1)] }),
  noiseFirst: arm({ sampling, optics: [poisson(1)] }),
  range: arm({ sampling, detector: [poisson(1.2, 0.6)] }),
  oneSlice: { ...arm({ sampling, detector: [poisson(1)] }), slices: "one" },
  oneSliceOnce: { ...arm({ sampling, detector: [poisson(1)] }), slices: "one", fixedNoise: true },
} satisfies Record<string, Arm>;

function arm(crappifier: Parameters<typeof Crappifier.fromPartial>[0]): Arm {
  return { slices: "all", crappifier: Crappifier.fromPartial(crappifier), fixedNoise: false };
}

export async function run(): Promise<Row[]> {
  await using ground = await startTrainingGround("out/bench-claims");
  for (const photons of photonCounts) await ground.takeScans(String(photons), microscope(photons));
  const models: Record<string, string[]> = {};
  for (const [name, arm] of Object.entries(arms)) {
    models[name] = [];
    for (const seed of seeds) models[name].push(await ground.learn(`${name.toLowerCase()}-${seed}`, arm, seed));
  }
  const atUsual = (arm: keyof typeof arms) => meanPsnr(ground, models[arm]!, [usual]);
  const overRange = (arm: keyof typeof arms) => meanPsnr(ground, models[arm]!, photonCounts);
  return [
    claim("noise-after-sampling", await atUsual("base"), "noise before sampling", await atUsual("noiseFirst")),
    claim("range-of-noise", await overRange("range"), "one strength of noise", await overRange("base")),
    claim("degraded-at-run-time", await atUsual("oneSlice"), "degraded once beforehand", await atUsual("oneSliceOnce")),
  ];
}

function claim(name: string, ours: number, other: string, value: number): Row {
  const target = { least: Number(value.toFixed(3)) };
  return row(`claims/${name}`, `dB, mean of ${seeds.length} seeds`, ours, target, { name: other, value });
}

function microscope(photons: number): Crappifier {
  const parameter = (value: number) => ({ value, spread: 0 });
  const camera = { $case: "camera" as const, value: { photons: parameter(photons), readNoise: parameter(1) } };
  const jitter = { $case: "lineJitter" as const, value: { sigma: parameter(0.3) } };
  return Crappifier.fromPartial({
    optics: [{ kind: jitter }],
    sampling: { scale: 4, kernel: 2 },
    detector: [{ kind: camera }],
  });
}

async function meanPsnr(ground: TrainingGround, models: string[], photons: number[]): Promise<number> {
  let sum = 0;
  for (const model of models) for (const count of photons) sum += await ground.measure(model, String(count));
  return sum / (models.length * photons.length);
}
