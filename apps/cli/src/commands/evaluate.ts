/** `pssr evaluate`: measure images against references. */
import { Evaluation, imageName, type MethodScore, MethodScore_Method, PssrError } from "@pssr/api";
import type { Command } from "commander";
import { type Context, withContext } from "../context.js";
import { counted } from "../terminal/counted.js";
import { table } from "../terminal/table.js";

export const methodNames: Record<MethodScore_Method, string> = {
  [MethodScore_Method.METHOD_UNSPECIFIED]: "?",
  [MethodScore_Method.METHOD_IMAGE]: "image",
  [MethodScore_Method.METHOD_BILINEAR]: "bilinear",
  [MethodScore_Method.METHOD_BICUBIC]: "bicubic",
  [MethodScore_Method.UNRECOGNIZED]: "?",
};

/** Measures pairs and gives the evaluation with its results. */
export async function evaluate(
  context: Context,
  pairs: { image: string; reference: string; input?: string }[],
): Promise<Evaluation> {
  const { client, parent, signal } = context;
  const operation = await client.evaluations.createEvaluation({ parent, evaluation: { pairs } }, { signal });
  return await context.finish(operation, Evaluation, "measuring");
}

export function addEvaluateCommand(program: Command, signal: AbortSignal): void {
  program
    .command("evaluate")
    .description("measure images against references: PSNR and SSIM, plain and after an affine fit")
    .requiredOption("--image <ids...>", "the images to measure")
    .requiredOption("--reference <ids...>", "what they should look like, one an image")
    .option(
      "--input <ids...>",
      "the low-resolution images that were restored: bilinear and bicubic upsampling are measured beside",
    )
    .action(
      withContext(signal, async (context, options: { image: string[]; reference: string[]; input?: string[] }) => {
        const { image, reference, input } = options;
        if (reference.length !== image.length || (input !== undefined && input.length !== image.length))
          throw new PssrError(
            "INVALID_FIELD",
            `give as many references${input ? " and inputs" : ""} as images: ${counted(image.length, "image")}, ${counted(reference.length, "reference")}${input ? `, ${counted(input.length, "input")}` : ""}`,
          );
        const evaluation = await evaluate(
          context,
          image.map((name, i) => ({
            image: context.name("images", name),
            reference: context.name("images", reference[i]!),
            input: input && context.name("images", input[i]!),
          })),
        );
        const row = (label: string, s: MethodScore) => [
          label,
          methodNames[s.method],
          s.psnr.toFixed(2),
          s.ssim.toFixed(4),
          s.psnrFitted.toFixed(2),
          s.ssimFitted.toFixed(4),
        ];
        const rows = evaluation.results.flatMap((r) =>
          r.scores.map((s) => row(imageName.parse(r.pair!.image).image, s)),
        );
        rows.push(...evaluation.mean.map((s) => row("mean", s)));
        context.output.result(
          evaluation,
          table(["image", "method", "PSNR dB", "SSIM", "PSNR fitted", "SSIM fitted"], rows),
        );
      }),
    );
}
