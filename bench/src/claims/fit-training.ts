/**
 * What a fitted crappifier is worth: networks that learn with it, beside those that learn with the true one and with the default.
 * Four microscopes, none of which the fit knows anything of but pairs of images; one template for all of them. Each is measured on
 * slices that nothing has seen.
 */
import { Crappifier, type Fit, ParameterRange_Scale as Scale } from "@pssr/api";
import { type Row, row } from "../row.js";
import { type Arm, startTrainingGround, type TrainingGround } from "./training-ground.js";

const seeds = [1, 2, 3];
/** A smaller gain is luck. */
const leastGain = 0.5;

const p = (value: number) => ({ value, spread: 0 });
const blur = (sigma: number) => ({ kind: { $case: "gaussianBlur" as const, value: { sigma: p(sigma) } } });
const jitter = (sigma: number) => ({ kind: { $case: "lineJitter" as const, value: { sigma: p(sigma) } } });
const poisson = (mix: number) => ({ kind: { $case: "poisson" as const, value: { mix: p(mix) } } });
const gaussian = (sigma: number, mean: number) => ({
  kind: { $case: "gaussian" as const, value: { sigma: p(sigma), mean: p(mean) } },
});
const camera = (photons: number, readNoise: number, offset: number) => ({
  kind: {
    $case: "camera" as const,
    value: { photons: p(photons), readNoise: p(readNoise), offset: p(offset) },
  },
});

const microscopes = {
  "few-photons": { detector: [poisson(2.5)] },
  "read-noise": { optics: [blur(2)], detector: [gaussian(30, 0)] },
  "dim-camera": { detector: [camera(30, 3, 25)] },
  "unsteady-lines": { optics: [blur(3), jitter(3)], detector: [poisson(1.5)] },
};

const template = { optics: [blur(1), jitter(0.5)], detector: [poisson(1), gaussian(5, 0)] };
const range = (path: string, min: number, max: number, scale = Scale.SCALE_LINEAR) => ({ path, min, max, scale });
const ranges = [
  range("optics[0].sigma.value", 0, 6),
  range("optics[1].sigma.value", 0, 6),
  range("detector[0].mix.value", 0.05, 6, Scale.SCALE_LOG),
  range("detector[1].sigma.value", 0.5, 60, Scale.SCALE_LOG),
  range("detector[1].mean.value", -40, 40),
];

export async function run(): Promise<Row[]> {
  await using ground = await startTrainingGround("out/bench-fit-training");
  const usual: string[] = [];
  for (const seed of seeds) usual.push(await ground.learn(`default-${seed}`, arm({ detector: [poisson(1)] }), seed));
  const rows: Row[] = [];
  for (const [name, steps] of Object.entries(microscopes)) {
    const microscope = crappifierOf(steps);
    await ground.takeScans(name, microscope);
    const fit = await ground.fit(name, microscope, {
      template: crappifierOf(template),
      ranges,
      budget: { $case: "maxEvaluations", value: 100 },
    });
    tell(name, fit);
    const [truth, fitted]: [string[], string[]] = [[], []];
    for (const seed of seeds) {
      truth.push(await ground.learn(`${name}-true-${seed}`, arm(steps), seed));
      const found: Arm = { slices: "all", crappifier: fit.result!.crappifier!, fixedNoise: false };
      fitted.push(await ground.learn(`${name}-fitted-${seed}`, found, seed));
    }
    const [ofDefault, ofTruth, ofFitted] = [
      await meanPsnr(ground, usual, name),
      await meanPsnr(ground, truth, name),
      await meanPsnr(ground, fitted, name),
    ];
    const gain = ofTruth - ofDefault;
    const unit = `dB above the default, mean of ${seeds.length} seeds`;
    const target = gain < leastGain ? undefined : { least: 0.8, ofRatio: true };
    rows.push(
      row(`fit-training/${name}`, unit, ofFitted - ofDefault, target, { name: "the true crappifier", value: gain }),
    );
  }
  return rows;
}

function tell(name: string, { result }: Fit): void {
  const { parameters, goodness } = result!;
  const numbers = parameters.map(
    ({ path, value, low, high }) => `${path} ${value.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`,
  );
  process.stderr.write(`bench: ${name}: ${numbers.join(", ")}; goodness ${goodness?.ratio.toFixed(2)}\n`);
}

function arm(steps: Parameters<typeof Crappifier.fromPartial>[0]): Arm {
  return { slices: "all", crappifier: crappifierOf(steps), fixedNoise: false };
}

function crappifierOf(steps: Parameters<typeof Crappifier.fromPartial>[0]): Crappifier {
  return Crappifier.fromPartial({ sampling: { scale: 4 }, ...steps });
}

async function meanPsnr(ground: TrainingGround, models: string[], kind: string): Promise<number> {
  let sum = 0;
  for (const model of models) sum += await ground.measure(model, kind);
  return sum / models.length;
}
