/** `pssr fits`: what was found by fits, how, and how well it agrees. */
import { writeFile } from "node:fs/promises";
import { type Fit, type FitEvaluation, fitName, isPssrError, Fit_State as State } from "@pssr/api";
import { errorIn } from "@pssr/client";
import type { Command } from "commander";
import { pictureFile } from "../arguments.js";
import { allPages, type Context, withContext } from "../context.js";
import { jsonValue } from "../terminal/output.js";
import { shortNumber } from "../terminal/short-number.js";
import { table } from "../terminal/table.js";
import { addDelete } from "./delete-command.js";
import { resultOf, writePicture } from "./fit.js";
import { namingImage } from "./fit-fields.js";
import { comparisonJson, evaluationJson, fitJson, phaseWord, secondsOf, stateWord } from "./fit-json.js";
import { fitSummary, stepsLeftOut } from "./fit-summary.js";

export function addFitsCommands(program: Command, signal: AbortSignal): void {
  const fits = program.command("fits").description("what was found of microscopes, and how well it agrees");

  fits
    .command("list")
    .description("list the project's fits")
    .action(
      withContext(signal, async ({ client, parent, output }) => {
        const all: Fit[] = [];
        for await (const page of allPages((pageToken) =>
          client.fits.listFits({ parent, pageSize: 1000, pageToken }, { signal }),
        ))
          all.push(...page.fits);
        const text = all.length === 0 ? "no fits yet" : table(["fit", "state", "goodness", "found"], all.map(row));
        output.list(await Promise.all(all.map(fitJson)), text);
      }),
    );

  fits
    .command("show <id>")
    .alias("get")
    .description("show what a fit has found, as `pssr fit` ends with it")
    .action(
      withContext(signal, async (context, id: string) => {
        const fit = await fitOf(context, id);
        if (fit.result !== undefined) return context.output.result(await fitJson(fit), fitSummary(fit, fit.result));
        const state = `${fit.name}: ${stateWord(fit)} (${fit.operation})`;
        const why = await failureOf(context, fit);
        if (why === undefined) return context.output.result(await fitJson(fit), state);
        const { reason, message } = why;
        const text = [state, reason === undefined ? message : `${message} (${reason})`].join("\n");
        context.output.result({ ...(await fitJson(fit)), error: why }, text);
      }),
    );

  fits
    .command("evaluations <id>")
    .description("list the evaluations of a fit that has ended, in their order")
    .action(
      withContext(signal, async (context, id: string) => {
        const [{ ranges }, all] = await Promise.all([fitOf(context, id), evaluationsOf(context, id)]);
        const rows = all.map(({ index, phase, distance, best, values, keptSteps, elapsed }) => [
          `${index}`,
          phaseWord(phase).replace("_", " "),
          shortNumber(distance),
          shortNumber(best),
          `${shortNumber(secondsOf(elapsed))} s`,
          ...values.map(shortNumber),
          keptSteps.join(" "),
        ]);
        const header = ["#", "for", "distance", "best", "after", ...ranges.map(({ path }) => path), "optional steps"];
        context.output.list(all.map(evaluationJson), table(header, rows));
      }),
    );

  fits
    .command("export <id>")
    .description("write a fit to one JSON file: what was asked and found, its evaluations, and the curves compared")
    .requiredOption("-o, --output <file>", "file to write")
    .action(
      withContext(signal, async (context, id: string, { output }: { output: string }) => {
        const fit = await fitOf(context, id);
        resultOf(fit);
        const exported = {
          ...(await fitJson(fit)),
          evaluations: (await evaluationsOf(context, id)).map(evaluationJson),
          comparison: await comparisonOf(context, fit.name),
        };
        await writeFile(output, `${JSON.stringify(exported, jsonValue, 2)}\n`);
        context.output.result({ fit: fit.name, file: output }, output);
      }),
    );

  fits
    .command("render <id>")
    .description("draw a fit's report: noise, variance, spectrum, convergence, a tile real and simulated")
    .requiredOption("-o, --output <file>", "file to write, ending in .png or .svg", pictureFile)
    .action(
      withContext(signal, async (context, id: string, { output }: { output: string }) => {
        const name = context.name("fits", id);
        await writePicture(context, name, output);
        context.output.result({ fit: name, file: output }, output);
      }),
    );

  addDelete(fits, signal, {
    collection: "fits",
    description: "delete a fit that has ended; the crappifier that was saved from it stays",
    remove: ({ client, signal }, name) => client.fits.deleteFit({ name }, { signal }),
  });
}

function row(fit: Fit): string[] {
  const { name, result } = fit;
  const { goodness, parameters = [] } = result ?? {};
  const left = stepsLeftOut(fit);
  const found = parameters
    .filter(({ path }) => !left.some((step) => path.startsWith(`${step}.`)))
    .map(({ path, value }) => `${path} ${shortNumber(value)}`);
  return [fitName.parse(name).fit, stateWord(fit), goodness ? shortNumber(goodness.ratio) : "", found.join(", ")];
}

/** Why a fit has failed, as its operation tells; undefined of one that has not. */
async function failureOf(
  { client, signal }: Context,
  fit: Fit,
): Promise<{ reason?: string; message: string } | undefined> {
  if (fit.state !== State.STATE_FAILED) return undefined;
  try {
    const error = namingImage(errorIn(await client.operations.getOperation({ name: fit.operation }, { signal })), fit);
    return isPssrError(error) ? { reason: error.reason, message: error.message } : undefined;
  } catch (error) {
    if (!isPssrError(error, "NOT_FOUND")) throw error;
    return { message: "why it failed is no longer known: its operation was deleted, or is too long ago" };
  }
}

function fitOf(context: Context, id: string): Promise<Fit> {
  return context.client.fits.getFit({ name: context.name("fits", id) }, { signal: context.signal });
}

async function evaluationsOf(context: Context, id: string): Promise<FitEvaluation[]> {
  const { client, signal } = context;
  const parent = context.name("fits", id);
  const all: FitEvaluation[] = [];
  for await (const page of allPages((pageToken) =>
    client.fits.listFitEvaluations({ parent, pageSize: 1000, pageToken }, { signal }),
  ))
    all.push(...page.evaluations);
  return all;
}

/** Null for a fit of a detector alone, which has compared nothing. */
async function comparisonOf({ client, signal }: Context, name: string) {
  try {
    return comparisonJson(await client.fits.getFitComparison({ name: `${name}/comparison` }, { signal }));
  } catch (error) {
    if (isPssrError(error, "NOT_FOUND")) return null;
    throw error;
  }
}
