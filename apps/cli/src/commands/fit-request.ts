/** What a fit is asked for on the command line: the crappifier to complete, what of it is looked for, and how far to go. */
import {
  type Crappifier,
  type CrappifierStep,
  type Fit,
  Fit_Objective as Objective,
  type ParameterRange,
  PssrError,
  ParameterRange_Scale as RangeScale,
} from "@pssr/api";
import { type Command, InvalidArgumentError, Option } from "commander";
import { integer, number } from "../arguments.js";
import type { Context } from "../context.js";
import { addCrappifierOptions, askedCrappifier, type CrappifierOptions } from "./crappifier-options.js";
import { readCrappifier } from "./crappifier-spec.js";

export interface FitRequestOptions extends CrappifierOptions {
  range?: ParameterRange[];
  optional?: string[];
  evaluations?: number;
  minutes?: number;
  seed: number;
  objective?: "features" | "profile";
  tiles?: number;
  tileSize?: number;
  highNoise?: string;
}

const objectives = { features: Objective.OBJECTIVE_FEATURES, profile: Objective.OBJECTIVE_PROFILE };

export function addFitRequestOptions(command: Command): Command {
  return addCrappifierOptions(command, { scale: "that of the pairs, else 4", poisson: "a camera takes its place" })
    .option(
      "--range <path=min..max[:log]>",
      "what to look for, such as detector[0].photons.value=20..500:log; again for each (default: what is usual for each step)",
      range,
    )
    .option("--optional <steps...>", "steps that may be left out, such as detector[1]", step)
    .addOption(
      new Option("--evaluations <n>", "looks at all tiles (default: 60)")
        .argParser(
          expecting(
            "a whole number from 10 to 1000: ten, and two more for each number and each step that is looked for",
            integer(10, 1000),
          ),
        )
        .conflicts("minutes"),
    )
    .option(
      "--minutes <n>",
      "time at work, instead of a number of evaluations",
      expecting("minutes, from 0.1 to 1440 (a day)", number(0.1, 24 * 60)),
    )
    .option("--seed <n>", "of all random numbers", integer(0, Number.MAX_SAFE_INTEGER), 0)
    .addOption(
      new Option("--objective <name>", "how noise is compared; profile: as PSSR2 does, for comparison only").choices(
        Object.keys(objectives),
      ),
    )
    .option("--tiles <n>", "tiles to fit to; a third as many are held back (default: 20)", integer(1, 100))
    .option(
      "--tile-size <px>",
      "side of a tile in high-resolution pixels (default: as the images allow)",
      integer(64, 1024),
    )
    .option(
      "--high-noise <json>",
      "noise of the high-resolution images, where it is known: a file with a crappifier's JSON, of which the detector counts",
    );
}

/** All but the images. */
export async function fitRequest(context: Context, options: FitRequestOptions): Promise<Partial<Fit>> {
  const { optional = [], objective, tiles = 0, tileSize = 0, highNoise } = options;
  return {
    template: await templateOf(context, options),
    ranges: options.range ?? [],
    optionalSteps: optional,
    budget: budgetOf(options),
    seed: BigInt(options.seed),
    objective: objective === undefined ? Objective.OBJECTIVE_UNSPECIFIED : objectives[objective],
    tiles,
    tileSize,
    highNoise: highNoise === undefined ? [] : await noiseIn(highNoise),
  };
}

/** Undefined where nothing is said of it; numbers without a scale leave that to the pairs. */
async function templateOf(context: Context, options: FitRequestOptions): Promise<Crappifier | undefined> {
  const { scale, crappifier, preset, crappifierFile, poisson, poissonSpread, gaussian, gaussianSpread } = options;
  const isNamed = [crappifier, preset, crappifierFile].some((one) => one !== undefined);
  const hasNumbers = [poisson, poissonSpread, gaussian, gaussianSpread].some((one) => one !== undefined);
  if (!isNamed && !hasNumbers && scale === undefined) return undefined;
  const asked = await askedCrappifier(context, options);
  if (isNamed) return asked;
  const detector = hasNumbers ? asked.detector : [];
  return { ...asked, detector, sampling: { kernel: asked.sampling?.kernel ?? 0, scale: scale ?? 0 } };
}

function budgetOf({ evaluations, minutes }: FitRequestOptions): Fit["budget"] {
  if (evaluations !== undefined) return { $case: "maxEvaluations", value: evaluations };
  if (minutes === undefined) return undefined;
  const seconds = 60 * minutes;
  const whole = Math.floor(seconds);
  const value = { seconds: BigInt(whole), nanos: Math.round((seconds - whole) * 1e3) * 1e6 };
  return { $case: "maxDuration", value: value.nanos < 1e9 ? value : { seconds: value.seconds + 1n, nanos: 0 } };
}

async function noiseIn(file: string): Promise<CrappifierStep[]> {
  const { optics, detector } = await readCrappifier(file);
  if (optics.length === 0 && detector.length > 0) return detector;
  throw new PssrError(
    "INVALID_FIELD",
    `--high-noise ${file}: give a crappifier of detector steps alone, such as {"detector": [{"kind": "gaussian", "sigma": {"value": 3}}]}`,
  );
}

/** A parser that says in words of its own what it expected. */
function expecting<T>(expected: string, parse: (text: string) => T) {
  return (text: string): T => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      throw new InvalidArgumentError(`Expected ${expected}.`);
    }
  };
}

/** "detector[0].mix.value=0.1..5:log", after those before. */
function range(text: string, before: ParameterRange[] | undefined): ParameterRange[] {
  const [, path, from, to, scale] = /^([^=]+)=(.+?)\.\.(.+?)(?::(log|linear))?$/.exec(text) ?? [];
  const [min, max] = [Number(from), Number(to)];
  if (path === undefined || !Number.isFinite(min) || !Number.isFinite(max)) {
    throw new InvalidArgumentError(
      "Expected PATH=MIN..MAX, with :log behind it where ratios count, such as detector[0].mix.value=0.1..5:log.",
    );
  }
  if (!(min < max)) throw new InvalidArgumentError(`Expected a range that ends above ${min}.`);
  if (before?.some((one) => one.path === path))
    throw new InvalidArgumentError(`${path} is there twice; give it one range.`);
  const known = { path, min, max, scale: scale === "log" ? RangeScale.SCALE_LOG : RangeScale.SCALE_LINEAR };
  return [...(before ?? []), known];
}

/** "detector[1]", after those before. */
function step(path: string, before: string[] | undefined): string[] {
  if (before?.includes(path)) throw new InvalidArgumentError(`${path} is there twice; name it once.`);
  return [...(before ?? []), path];
}
