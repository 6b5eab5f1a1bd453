/** `pssr datasets`: say which images to learn from. */
import { type Dataset, datasetName } from "@pssr/api";
import type { Command } from "commander";
import { integer, number } from "../arguments.js";
import { allPages, withContext } from "../context.js";
import { counted } from "../terminal/counted.js";
import { table } from "../terminal/table.js";
import { addDelete } from "./delete-command.js";
import { matchingImages } from "./images.js";

export function addDatasetCommands(program: Command, signal: AbortSignal): void {
  const datasets = program.command("datasets").description("say which images to learn from");

  datasets
    .command("create <id> <images...>")
    .description('make a dataset of images, by id; "em-*" means all that begin so')
    .option("--tile-size <px>", "side of a high-resolution tile", integer(16, 1024), 128)
    .option("--tile-stride <px>", "distance between neighbouring tiles (default: half the tile size)", integer(1, 1024))
    .option("--validation <fraction>", "share of each image to hold back", number(0.001, 0.5), 0.1)
    .action(
      withContext(
        signal,
        async (
          context,
          datasetId: string,
          given: string[],
          options: { tileSize: number; tileStride?: number; validation: number },
        ) => {
          const { client, parent, output } = context;
          const dataset = await client.datasets.createDataset(
            {
              parent,
              datasetId,
              dataset: {
                images: await matchingImages(context, given),
                tileSize: options.tileSize,
                tileStride: options.tileStride ?? 0,
                split: { validationFraction: options.validation },
              },
            },
            { signal },
          );
          output.result(
            dataset,
            `${dataset.name}: ${counted(dataset.images.length, "image")}, ${counted(dataset.trainingTiles, "tile")} to learn from, ${dataset.validationTiles} held back`,
          );
        },
      ),
    );

  datasets
    .command("list")
    .description("list the project's datasets")
    .action(
      withContext(signal, async ({ client, parent, output }) => {
        const all: Dataset[] = [];
        for await (const page of allPages((pageToken) =>
          client.datasets.listDatasets({ parent, pageSize: 1000, pageToken }, { signal }),
        ))
          all.push(...page.datasets);
        const rows = all.map((d) => [
          datasetName.parse(d.name).dataset,
          `${d.tileSize}`,
          `${d.trainingTiles}`,
          `${d.validationTiles}`,
        ]);
        output.list(
          all,
          rows.length === 0 ? "no datasets yet" : table(["dataset", "tile", "training", "validation"], rows),
        );
      }),
    );

  addDelete(datasets, signal, {
    collection: "datasets",
    description: "delete a dataset; its images stay, and so does what was learned from it",
    remove: ({ client, signal }, name) => client.datasets.deleteDataset({ name }, { signal }),
  });
}
