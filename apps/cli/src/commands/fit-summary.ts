/** What a fit has found, in words and a table: what a person reads before they trust its numbers. */
import {
  crappifierName,
  type DetectorMeasurement,
  type Fit,
  type FitResult,
  Fit_Objective as Objective,
} from "@pssr/api";
import { counted } from "../terminal/counted.js";
import { duration } from "../terminal/progress.js";
import { shortNumber } from "../terminal/short-number.js";
import { table } from "../terminal/table.js";
import { imageAt } from "./fit-fields.js";
import { methodWord, secondsOf, termWord } from "./fit-json.js";

/** From here on anybody can tell real from simulated tiles. */
const MUCH_DISTANCE = 3;
/** Times what chance makes. */
const MUCH_MORE = 2;

/** All that is to be said of a fit that has ended well. */
export function fitSummary(fit: Fit, result: FitResult): string {
  return [
    parameterTable(fit, result),
    "",
    ...(fit.optionalSteps.length > 0 ? [stepsLine(fit, result)] : []),
    ...goodnessLines(result),
    ...result.detector.flatMap(detectorLines),
    workLine(fit, result),
    ...result.findings.map(({ subject, message }) => `! ${message}${shown(imageAt(fit, subject))}`),
    ...savedLines(result),
  ].join("\n");
}

/** The optional steps of a fit that has ended that are no part of what was found. */
export function stepsLeftOut({ optionalSteps, result }: Pick<Fit, "optionalSteps" | "result">): string[] {
  return result === undefined ? [] : optionalSteps.filter((step) => !result.keptSteps.includes(step));
}

function parameterTable({ ranges, optionalSteps }: Fit, result: FitResult): string {
  const { parameters } = result;
  const left = stepsLeftOut({ optionalSteps, result });
  const rows = parameters.map(({ path, value, low, high, identified }, n) => {
    const { min = Number.NaN, max = Number.NaN } = ranges[n] ?? {};
    const isLeft = left.some((step) => path.startsWith(`${step}.`));
    const found = isLeft ? ["–", "–"] : [shortNumber(value), interval(low, high)];
    return [path, ...found, interval(min, max), isLeft ? "left out" : identified ? "yes" : "no"];
  });
  return table(["parameter", "value", "95 % interval", "looked for in", "identified"], rows);
}

function stepsLine({ optionalSteps }: Fit, result: FitResult): string {
  const { keptSteps } = result;
  const left = stepsLeftOut({ optionalSteps, result });
  const told = [
    ...(keptSteps.length > 0 ? [`kept ${keptSteps.join(", ")}`] : []),
    ...(left.length > 0 ? [`left out ${left.join(", ")}`] : []),
  ];
  return `Of the steps that may be left out: ${told.join("; ")}`;
}

function goodnessLines({ goodness, heldOutTiles, fittedTiles }: FitResult): string[] {
  if (fittedTiles === 0) return ["A detector was measured; nothing was compared with images of a sample"];
  // A finding says how many would do.
  if (goodness === undefined) return ["How well it agrees is not known: too few tiles were held back"];
  const { ratio, low, high, terms, templateRatio } = goodness;
  const parts = terms.map((one) => `${termWord(one.term)} ${shortNumber(one.ratio)}`);
  const before =
    templateRatio > 0 ? [`  with the numbers that it began with: ${shortNumber(templateRatio)} times`] : [];
  const times = `${shortNumber(ratio)} times (${interval(low, high)})`;
  return [
    `On ${counted(heldOutTiles, "tile")} held back, simulated tiles differ from real ones ${times} as much as real ones from each other`,
    `  by part: ${parts.join(", ")}`,
    ...before,
  ];
}

function detectorLines(measurement: DetectorMeasurement): string[] {
  const numbers = measurement.estimates.map(
    ({ parameter, value, low, high }) => `${parameter} ${shortNumber(value)} (${interval(low, high)})`,
  );
  const method = methodWord(measurement);
  const from = method === "blind" ? "the noise of single images" : method.replace("_", " ");
  return [
    `Detector in closed form, from ${from}, misfit ${shortNumber(measurement.misfit)}`,
    // As a camera, and as two steps.
    ...[numbers.slice(0, 3), numbers.slice(3)].filter((some) => some.length > 0).map((some) => `  ${some.join(", ")}`),
  ];
}

function workLine({ objective }: Fit, result: FitResult): string {
  const { fittedTiles, evaluations, distance, duration: took } = result;
  if (fittedTiles === 0) return `Took ${duration(secondsOf(took))}`;
  const least = `${counted(evaluations, "evaluation")} on ${counted(fittedTiles, "tile")} in ${duration(secondsOf(took))}`;
  const meaning = objective === Objective.OBJECTIVE_PROFILE ? "" : ` (${distanceMeaning(result)})`;
  return `${least}; distance ${shortNumber(distance)}${meaning}`;
}

/** A distance is in units of how much tiles differ by chance, were the noise of each pixel its own; how much that is, was measured. */
function distanceMeaning({ distance, expectedDistance }: FitResult): string {
  if (expectedDistance === 0)
    return distance > MUCH_DISTANCE ? "warning: far from alike, which is about 1 or less" : "about 1 or less: alike";
  const isMuch = distance > Math.max(MUCH_DISTANCE, MUCH_MORE * expectedDistance);
  return `${isMuch ? "warning: far from alike, " : ""}chance alone makes about ${shortNumber(expectedDistance)}`;
}

function savedLines({ savedCrappifier }: FitResult): string[] {
  if (savedCrappifier === "") return [];
  const { crappifier } = crappifierName.parse(savedCrappifier);
  return [`Saved as the crappifier ${crappifier}; next: pssr train --dataset DATASET --crappifier ${crappifier}`];
}

function interval(low: number, high: number): string {
  return `${shortNumber(low)} – ${shortNumber(high)}`;
}

function shown(image: string | undefined): string {
  return image === undefined ? "" : ` (${image})`;
}
