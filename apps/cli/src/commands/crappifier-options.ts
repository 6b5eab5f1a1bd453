/** The options by which a command line describes a crappifier: by a name, in a file, or in numbers. */
import { Crappifier } from "@pssr/api";
import { type Command, Option } from "commander";
import { integer, number } from "../arguments.js";
import type { Context } from "../context.js";
import { readCrappifier } from "./crappifier-spec.js";

interface NumberOptions {
  scale?: number;
  poisson?: number;
  poissonSpread?: number;
  gaussian?: number;
  gaussianSpread?: number;
}

export interface CrappifierOptions extends NumberOptions {
  crappifier?: string;
  preset?: string;
  crappifierFile?: string;
}

/** What is so where nothing is said. */
const usual = { scale: "4", poisson: "1 without --gaussian" };

export function addCrappifierOptions(command: Command, unsaid = usual): Command {
  const names = ["crappifier", "preset", "crappifierFile"];
  const numbers = ["poisson", "poissonSpread", "gaussian", "gaussianSpread"];
  const [saved, preset, file] = [
    new Option("--crappifier <id>", "a saved crappifier; `pssr crappifiers list` shows them"),
    new Option("--preset <name>", "a preset; `pssr crappifiers presets` shows them"),
    new Option("--crappifier-file <json>", "a file with a crappifier's JSON, as `pssr crappifiers show` prints it"),
  ].map((option, index) => option.conflicts([...names.toSpliced(index, 1), ...numbers]));
  return command
    .option(
      "--scale <n>",
      `high-resolution pixels per low-resolution pixel, instead of a named crappifier's own; 1: denoising (default: ${unsaid.scale})`,
      integer(1, 16),
    )
    .addOption(saved!)
    .addOption(preset!)
    .addOption(file!)
    .option(
      "--poisson <mix>",
      `photon noise: mix i means 255/i² photons at white; 0: none (default: ${unsaid.poisson})`,
      number(0, 16),
    )
    .option("--poisson-spread <s>", "standard deviation of the mix from tile to tile", number(0, 1))
    .option("--gaussian <sigma>", "additive noise: its standard deviation, in 255ths of white − black", number(0, 255))
    .option("--gaussian-spread <s>", "standard deviation of sigma from tile to tile", number(0, 255));
}

/** The crappifier that was asked for. */
export async function askedCrappifier(context: Context, options: CrappifierOptions): Promise<Crappifier> {
  const { scale, crappifier, preset, crappifierFile } = options;
  if (crappifierFile !== undefined) return readCrappifier(crappifierFile, scale);
  const sampling = scale === undefined ? undefined : { scale };
  if (crappifier !== undefined) {
    const value = context.name("crappifiers", crappifier);
    return Crappifier.fromPartial({ named: { $case: "saved", value }, sampling });
  }
  if (preset !== undefined) return Crappifier.fromPartial({ named: { $case: "preset", value: preset }, sampling });
  return crappifierOf(options);
}

/** Bilinear sampling by the scale, then photon noise, then additive noise. */
export function crappifierOf(options: NumberOptions): Crappifier {
  const detector = [];
  const mix = options.poisson ?? (options.gaussian === undefined ? 1 : 0);
  if (mix > 0)
    detector.push({
      kind: { $case: "poisson" as const, value: { mix: { value: mix, spread: options.poissonSpread ?? 0 } } },
    });
  if (options.gaussian !== undefined)
    detector.push({
      kind: {
        $case: "gaussian" as const,
        value: { sigma: { value: options.gaussian, spread: options.gaussianSpread ?? 0 } },
      },
    });
  return Crappifier.fromPartial({ sampling: { scale: options.scale ?? 4 }, detector });
}
