/** The demo's numbers: as a file for programs and as a table for people. */
import { type Evaluation, imageName, type MethodScore, MethodScore_Method, PssrError, type Training } from "@pssr/api";
import { table } from "../terminal/table.js";

export interface Score {
  /** dB. */
  psnr: number;
  ssim: number;
}

export interface Scores {
  bilinear: Score;
  bicubic: Score;
  ours: Score;
}

export interface DemoReport {
  training_seconds: number;
  training_steps: number;
  /** Share of that time spent waiting for pairs, 0 to 1. */
  training_wait_fraction: number;
  slices: (Scores & { name: string })[];
  mean: Scores;
}

/** The report on a training and the evaluation of what it restored. */
export function demoReport(training: Training, waitFraction: number, evaluation: Evaluation): DemoReport {
  return {
    training_seconds: training.trainingSeconds,
    training_steps: Number(training.steps),
    training_wait_fraction: waitFraction,
    slices: evaluation.results.map(({ pair, scores }) => ({
      name: imageName.parse(pair!.reference).image,
      ...scoresOf(scores),
    })),
    mean: scoresOf(evaluation.mean),
  };
}

function scoresOf(scores: MethodScore[]): Scores {
  const of = (method: MethodScore_Method): Score => {
    const found = scores.find((score) => score.method === method);
    if (found === undefined)
      throw new PssrError("INTERNAL", `the evaluation lacks the method ${MethodScore_Method[method]}`);
    return { psnr: found.psnr, ssim: found.ssim };
  };
  return {
    bilinear: of(MethodScore_Method.METHOD_BILINEAR),
    bicubic: of(MethodScore_Method.METHOD_BICUBIC),
    ours: of(MethodScore_Method.METHOD_IMAGE),
  };
}

export function reportTable({ slices, mean }: DemoReport): string {
  const row = (name: string, { bilinear, bicubic, ours }: Scores) => [
    name,
    ...[bilinear, bicubic, ours].flatMap(({ psnr, ssim }) => [psnr.toFixed(2), ssim.toFixed(4)]),
  ];
  const header = ["slice", "bilinear dB", "SSIM", "bicubic dB", "SSIM", "ours dB", "SSIM"];
  return table(header, [...slices.map((slice) => row(slice.name, slice)), row("mean", mean)]);
}
