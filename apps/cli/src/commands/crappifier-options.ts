/** The options by which a command line describes a crappifier. */
import { Crappifier } from "@pssr/api";
import type { Command } from "commander";
import { integer, number } from "../arguments.js";

export interface CrappifierOptions {
  scale: number;
  poisson?: number;
  poissonSpread?: number;
  gaussian?: number;
  gaussianSpread?: number;
}

export function addCrappifierOptions(command: Command): Command {
  return command
    .option("--scale <n>", "high-resolution pixels per low-resolution pixel; 1: denoising", integer(1, 16), 4)
    .option(
      "--poisson <mix>",
      "photon noise: mix i means 255/i² photons at white; 0: none (default: 1 without --gaussian)",
      number(0, 16),
    )
    .option("--poisson-spread <s>", "standard deviation of the mix from tile to tile", number(0, 1))
    .option("--gaussian <sigma>", "additive noise: its standard deviation, in 255ths of white − black", number(0, 255))
    .option("--gaussian-spread <s>", "standard deviation of sigma from tile to tile", number(0, 255));
}

/** Bilinear sampling by the scale, then photon noise, then additive noise. */
export function crappifierOf(options: CrappifierOptions): Crappifier {
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
  return Crappifier.fromPartial({ sampling: { scale: options.scale }, detector });
}
