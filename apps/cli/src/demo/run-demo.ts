/**
 * The main job through the whole installation, over its public interface only: upload, dataset, training, restoring,
 * measuring, download. The images restored were never learned from; their low-resolution versions are made at run time.
 */
import { writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { Progress, PssrError, Training } from "@pssr/api";
import { loadConfig, type Running } from "@pssr/platform";
import type { Interruption } from "@pssr/platform/process-end";
import { crappifierOf } from "../commands/crappifier-options.js";
import { pngOf } from "../commands/crappify.js";
import type { DemoOptions } from "../commands/demo.js";
import { evaluate } from "../commands/evaluate.js";
import { exportImage } from "../commands/images.js";
import { importImage } from "../commands/import-image.js";
import { restore } from "../commands/predict.js";
import { Context, type GlobalOptions } from "../context.js";
import { startInstallation } from "../installation/installation.js";
import { installationSettings } from "../installation/settings.js";
import { counted } from "../terminal/counted.js";
import { duration } from "../terminal/progress.js";
import { clearFolder, imageFiles } from "./demo-folders.js";
import { demoPicture } from "./demo-picture.js";
import { demoReport, reportTable } from "./demo-report.js";

/** ×4 and photon noise with 255 photons at white: how the example images are degraded. */
const crappifier = crappifierOf({ scale: 4, poisson: 1 });
/** What the example's README says of its images. */
const known = { black: 0, white: 255, pixelSize: 10 };
const model = "em-x4";

export async function runDemo(options: DemoOptions, globals: GlobalOptions, stop: Interruption): Promise<void> {
  const { images, out, cluster = false, existing = false } = options;
  const data = join(out, "data");
  const [train, test] = [await imageFiles(join(images, "train")), await imageFiles(join(images, "test"))];
  await clearFolder(out);
  if (existing) {
    using context = new Context(globals, stop.signal);
    await mainJob(context, { ...options, train, test });
    return;
  }

  const installation = cluster ? await clusterIn(data, stop) : await processOn(data, stop);
  try {
    using context = new Context({ ...globals, address: installation.address }, stop.signal);
    await mainJob(context, { ...options, train, test });
    nextCommands(context, cluster ? `up-cluster --directory ${data}` : `up --data-dir ${data}`, out);
  } finally {
    await installation.close();
  }
}

type Installation = Pick<Running, "address" | "close">;

async function processOn(data: string, stop: Interruption): Promise<Installation> {
  const argv = ["--data-dir", data, "--gateway-bind", "127.0.0.1:0", "--log-level", "warn"];
  const config = loadConfig(installationSettings, { argv: [...argv, "--import-concurrency", "2"], env: {} });
  return startInstallation(config, stop);
}

async function clusterIn(data: string, stop: Interruption): Promise<Installation> {
  const { startCluster } = await import("../installation/cluster.js");
  const settings = { PSSR_IMPORT_CONCURRENCY: "2" };
  const { cluster, close } = await startCluster({ directory: data, settings }, stop);
  return { address: cluster.address, close };
}

interface Job extends DemoOptions {
  train: string[];
  test: string[];
}

async function mainJob(context: Context, job: Job): Promise<void> {
  const { train, test, out } = job;
  const { output } = context;
  output.note(`1  Importing ${counted(train.length, "image")} to learn from and ${test.length} held out`);
  const learned = await forEach(
    context,
    "importing",
    train,
    async (quiet, file) => (await importImage(quiet, file, known)).name,
  );
  const references = await forEach(
    context,
    "importing",
    test,
    async (quiet, file) => (await importImage(quiet, file, { ...known, id: `truth-${idOf(file)}` })).name,
  );
  const { training, waitFraction } = await learn(context, learned, job);

  output.note(`3  Restoring ${counted(test.length, "image")} that it has never seen`);
  const pairs = await forEach(context, "restoring", references, (quiet, reference, i) =>
    restoreOne(quiet, reference, idOf(test[i]!), i, out),
  );

  output.note("4  Measuring");
  const report = demoReport(training, waitFraction, await evaluate(context, pairs));
  await writeFile(join(out, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
  const first = `${idOf(test[0]!)}.png`;
  const files = { input: join(out, "input", first), restored: join(out, "restored", first), truth: test[0]! };
  await writeFile(join(out, "before-after.png"), await demoPicture(files));
  output.result(
    report,
    `\n${reportTable(report)}\n\n${counted(report.training_steps, "step")} in ${duration(report.training_seconds)}`,
  );
}

async function learn(context: Context, images: string[], { minutes, steps }: Job) {
  const { client, parent, output, signal } = context;
  const dataset = await client.datasets.createDataset({ parent, datasetId: "em", dataset: { images } }, { signal });
  output.note(
    `2  Learning from ${counted(dataset.trainingTiles, "tile")} (${dataset.validationTiles} held back), crappified at run time: ×4, photon noise`,
  );
  const seconds = BigInt(Math.round(minutes * 60));
  const operation = await client.trainings.createTraining(
    {
      parent,
      trainingId: "em-x4-demo",
      training: {
        dataset: dataset.name,
        crappifier,
        model: context.name("models", model),
        learning: {
          budget:
            steps === undefined
              ? { $case: "maxDuration", value: { seconds } }
              : { $case: "maxSteps", value: BigInt(steps) },
        },
      },
    },
    { signal },
  );
  let waitFraction = Number.NaN;
  const training = await context.finish(operation, Training, "  ", {
    onProgress({ details }) {
      if (details?.$case === "training") waitFraction = details.value.waitFraction;
    },
  });
  return { training, waitFraction };
}

/** Makes the fast scan of an image, restores it, and gives the names to measure. */
async function restoreOne(context: Context, reference: string, id: string, seed: number, out: string) {
  const { client, signal } = context;
  const { low } = await client.crappify.preview({ image: reference, crappifier, seed: BigInt(seed) }, { signal });
  if (low === undefined) throw new PssrError("INTERNAL", "crappify answered without pixels");
  const file = join(out, "input", `${id}.png`);
  await writeFile(file, await pngOf(low));
  const input = await importImage(context, file, { ...known, pixelSize: 40, id: `fast-${id}` });
  const { outputImage } = await restore(context, input.name, model);
  await exportImage(context, outputImage, join(out, "restored", `${id}.png`));
  return { image: outputImage, reference, input: input.name };
}

/** Works on two items at a time, shows how many are done, and gives the results in the items' order. */
async function forEach<T, R>(
  context: Context,
  phase: string,
  items: T[],
  work: (quiet: Context, item: T, index: number) => Promise<R>,
): Promise<R[]> {
  using quiet = context.silenced();
  const results: R[] = [];
  const waiting = items.entries();
  let done = 0;
  const worker = async () => {
    for (const [i, item] of waiting) {
      results[i] = await work(quiet, item, i);
      done += 1;
      const total = BigInt(items.length);
      const progress = { phase, done: BigInt(done), total, unit: "images", fraction: done / items.length };
      context.output.progress.show("  ", Progress.fromPartial(progress));
    }
  };
  await Promise.all([worker(), worker()]);
  return results;
}

function nextCommands({ output }: Context, up: string, out: string): void {
  output.note(
    [
      `\nPictures: ${join(out, "before-after.png")}, ${join(out, "restored")}    Numbers: ${join(out, "report.json")}`,
      "\nGo on with what it has learned:",
      `  npx pssr ${up}`,
      `  npx pssr predict ${join(out, "input")}/*.png --model ${model} --black 0 --white 255 -o ${out}/{}-restored.png    (in another terminal)`,
    ].join("\n"),
  );
}

/** "iso.03930.png" → "iso-03930" */
function idOf(file: string): string {
  return basename(file, extname(file))
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-");
}
