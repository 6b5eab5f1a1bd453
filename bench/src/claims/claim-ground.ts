/** A `pssr up` with the example's slices, on which trainings are compared over the public interface. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Crappifier, Evaluation, Image, MethodScore_Method, Prediction, Training } from "@pssr/api";
import { connect, finish, uploadFile } from "@pssr/client";
import { encodePng, fromPixelBlock } from "@pssr/imaging";
import { startInstallation } from "../main-job/installation.js";

const slices = "examples/em-fibsem";
const parent = "projects/default";
/** Enough to tell trainings apart; all arms learn for as many. */
const steps = 600n;

/** How a network learns. */
export interface Arm {
  /** From all slices, or from the first alone, each of whose tiles it meets a hundred times. */
  slices: "all" | "one";
  crappifier: Crappifier;
  fixedNoise: boolean;
}

export interface ClaimGround extends AsyncDisposable {
  /** Low-resolution versions of the slices held out, kept under the count of photons. */
  takeScans(photons: number, microscope: Crappifier): Promise<void>;
  /** The name of the trained model. */
  learn(model: string, arm: Arm, seed: number): Promise<string>;
  /** Mean PSNR in decibels of the scans restored. */
  measure(model: string, photons: number): Promise<number>;
}

export async function startClaimGround(folder: string): Promise<ClaimGround> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const installation = await startInstallation(join(folder, "data"));
  const client = connect(installation.address);

  const importFile = async (file: string, id: string, pixelSizeNm: number): Promise<string> => {
    const upload = await uploadFile(client, file, { parent });
    const image = Image.fromPartial({ pixelSizeNm, levels: { black: 0, white: 255 } });
    return (
      await finish(client, await client.images.createImage({ parent, imageId: id, upload: upload.name, image }), Image)
    ).name;
  };
  const importAll = async (kind: string) => {
    const files = (await readdir(join(slices, kind))).filter((name) => name.endsWith(".png")).sort();
    const names: string[] = [];
    for (const [i, file] of files.entries()) names.push(await importFile(join(slices, kind, file), `${kind}-${i}`, 10));
    return names;
  };

  const images = await importAll("train");
  const truths = await importAll("test");
  const datasetOf = async (datasetId: string, of: string[]) =>
    (await client.datasets.createDataset({ parent, datasetId, dataset: { images: of } })).name;
  const datasets = { all: await datasetOf("all", images), one: await datasetOf("one", images.slice(0, 1)) };
  const scans = new Map<number, string[]>();

  return {
    async takeScans(photons, crappifier) {
      const names: string[] = [];
      for (const [i, image] of truths.entries()) {
        const { low } = await client.crappify.preview({ image, crappifier, seed: BigInt(i) });
        const file = join(folder, `scan-${photons}-${i}.png`);
        await writeFile(file, encodePng(fromPixelBlock(low!)));
        names.push(await importFile(file, `scan-${photons}-${i}`, 40));
      }
      scans.set(photons, names);
    },

    async learn(model, { slices, crappifier, fixedNoise }, seed) {
      const name = `${parent}/models/${model}`;
      const begun = performance.now();
      const training = {
        dataset: datasets[slices],
        crappifier,
        model: name,
        learning: { budget: { $case: "maxSteps" as const, value: steps }, seed: BigInt(seed), fixedNoise },
      };
      const operation = await client.trainings.createTraining({ parent, trainingId: model, training });
      await finish(client, operation, Training);
      process.stderr.write(`bench: ${model} learned in ${((performance.now() - begun) / 1000).toFixed(0)} s\n`);
      return name;
    },

    async measure(model, photons) {
      const pairs: { image: string; reference: string }[] = [];
      for (const [i, image] of scans.get(photons)!.entries()) {
        const prediction = { image, modelVersion: `${model}/versions/latest` };
        const operation = await client.predictions.createPrediction({ parent, prediction });
        const { outputImage } = await finish(client, operation, Prediction);
        pairs.push({ image: outputImage, reference: truths[i]! });
      }
      const operation = await client.evaluations.createEvaluation({ parent, evaluation: { pairs } });
      const { mean } = await finish(client, operation, Evaluation);
      return mean.find(({ method }) => method === MethodScore_Method.METHOD_IMAGE)!.psnr;
    },

    async [Symbol.asyncDispose]() {
      client.close();
      await installation.stop();
    },
  };
}
