/** `pssr models`: what was learned. */
import { type ModelVersion, modelVersionName } from "@pssr/api";
import { downloadFile } from "@pssr/client";
import type { Command } from "commander";
import { allPages, withContext } from "../context.js";
import { table } from "../terminal/table.js";

export function addModelCommands(program: Command, signal: AbortSignal): void {
  const models = program.command("models").description("what was learned");

  models
    .command("list")
    .description("list the models and their versions, with their quality on the tiles held back")
    .action(
      withContext(signal, async ({ client, parent, output }) => {
        const versions: ModelVersion[] = [];
        for await (const page of allPages((pageToken) =>
          client.models.listModels({ parent, pageSize: 1000, pageToken }, { signal }),
        ))
          for (const model of page.models)
            for await (const v of allPages((pageToken) =>
              client.models.listModelVersions({ parent: model.name, pageSize: 1000, pageToken }, { signal }),
            ))
              versions.push(...v.versions);
        const rows = versions.map((v) => {
          const { model, version } = modelVersionName.parse(v.name);
          const { model: ours, bilinear } = v.validation ?? {};
          return [
            `${model}/${version}`,
            `×${v.scale}`,
            `${v.parameters}`,
            ours?.psnr.toFixed(2) ?? "",
            bilinear?.psnr.toFixed(2) ?? "",
            ours?.ssim.toFixed(4) ?? "",
          ];
        });
        output.list(
          versions,
          rows.length === 0
            ? "no models yet"
            : table(["model/version", "scale", "parameters", "PSNR dB", "bilinear", "SSIM"], rows),
        );
      }),
    );

  models
    .command("export <model>")
    .description("write one file of a model version: model.onnx, weights.safetensors, report.json, preview.png …")
    .requiredOption("--file <name>", "which file")
    .requiredOption("-o, --output <file>", "file to write")
    .action(
      withContext(signal, async (context, model: string, options: { file: string; output: string }) => {
        const name = context.modelVersion(model);
        await downloadFile(
          (offset, during) => context.client.models.downloadModelFile({ name, filename: options.file, offset }, during),
          options.output,
          { signal },
        );
        context.output.result({ model: name, file: options.output }, options.output);
      }),
    );
}
