/** A `pssr up` with the example's slices, on which trainings are compared over the public interface. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type Crappifier,
  Evaluation,
  Fit,
  Image,
  type ImagePair,
  MethodScore_Method,
  Prediction,
  Training,
} from "@pssr/api";
import { connect, finish, uploadFile } from "@pssr/client";
import { encodePng, fromPixelBlock } from "@pssr/imaging";
import { startInstallation } from "../main-job/installation.js";

const slices = "examples/em-fibsem";
const parent = "projects/default";
/** Twenty are fitted to, seven are held back. */
const fittedImages = 27;
/** Enough to tell trainings apart; all arms learn for as many. */
const steps = 600n;

/** How a network learns. */
export interface Arm {
  /** From all slices, or from the first alone, each of whose tiles it meets a hundred times. */
  slices: "all" | "one";
  crappifier: Crappifier;
  fixedNoise: boolean;
}

export interface TrainingGround extends AsyncDisposable {
  /** Low-resolution versions of the slices held out, kept under a name. */
  takeScans(kind: string, microscope: Crappifier): Promise<void>;
  /** Fits a template to pairs that the microscope takes of the first slices. */
  fit(fit: string, microscope: Crappifier, asked: Partial<Fit>): Promise<Fit>;
  /** The name of the trained model. */
  learn(model: string, arm: Arm, seed: number): Promise<string>;
  /** Mean PSNR in decibels of the scans restored. */
  measure(model: string, kind: string): Promise<number>;
}

export async function startTrainingGround(folder: string): Promise<TrainingGround> {
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
  const scans = new Map<string, string[]>();
  const scan = async (image: string, crappifier: Crappifier, id: string, seed: number): Promise<string> => {
    const { low } = await client.crappify.preview({ image, crappifier, seed: BigInt(seed) });
    const file = join(folder, `${id}.png`);
    await writeFile(file, encodePng(fromPixelBlock(low!)));
    return importFile(file, id, 40);
  };

  return {
    async takeScans(kind, crappifier) {
      const names: string[] = [];
      for (const [i, image] of truths.entries()) names.push(await scan(image, crappifier, `scan-${kind}-${i}`, i));
      scans.set(kind, names);
    },

    async fit(fitId, microscope, asked) {
      const pairs: ImagePair[] = [];
      for (const [i, high] of images.slice(0, fittedImages).entries()) {
        pairs.push({ high, low: await scan(high, microscope, `${fitId}-${i}`, 1000 + i) });
      }
      const fit = Fit.fromPartial({ ...asked, pairs });
      return finish(client, await client.fits.fitCrappifier({ parent, fitId, fit }), Fit);
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

    async measure(model, kind) {
      const pairs: { image: string; reference: string }[] = [];
      for (const [i, image] of scans.get(kind)!.entries()) {
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
