/**
 * One large image through the gateway, from the call to the finished operation, beside nothing but the ONNX Runtime calls
 * that it needs, on the same tiles with the same pool; in turns.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Image, Prediction } from "@pssr/api";
import { connect, downloadFile, finish, type PssrClient, uploadFile } from "@pssr/client";
import { createPixelArray, decodeImage, encodePng } from "@pssr/imaging";
import { InferencePool } from "@pssr/inference";
import { planTiles } from "@pssr/predict";
import { median } from "../median.js";
import { startInstallation } from "./installation.js";

const parent = "projects/default";
const modelVersion = `${parent}/models/em-x4/versions/latest`;
const rounds = 7;

export async function predictionOverhead(dataDir: string): Promise<{ service: number; runtime: number }> {
  const folder = await mkdtemp(join(tmpdir(), "pssr-bench-"));
  const installation = await startInstallation(dataDir);
  const client = connect(installation.address);
  try {
    const mosaic = await mosaicOf(["iso.03546", "iso.03578", "iso.03698", "iso.03818"]);
    const file = join(folder, "mosaic.png");
    await writeFile(file, encodePng(mosaic));
    const image = await importImage(client, file);
    const onnx = join(folder, "model.onnx");
    await downloadFile(
      (offset) => client.models.downloadModelFile({ name: modelVersion, filename: "model.onnx", offset }),
      onnx,
    );
    const version = await client.models.getModelVersion({ name: modelVersion });
    const model = {
      digest: version.files.find((f) => f.filename === "model.onnx")!.sha256,
      load: () => readFile(onnx),
    };

    const pool = new InferencePool({ workers: 2, threadsPerWorker: 1 });
    const [service, runtime]: [number[], number[]] = [[], []];
    for (let round = 0; round <= rounds; round++) {
      const throughService = await seconds(() => predict(client, image.name));
      const inProcess = await seconds(() => inferAll(pool, model, mosaic.shape, version));
      if (round === 0) continue; // models are loaded then
      service.push(throughService);
      runtime.push(inProcess);
    }
    await pool.close();
    return { service: median(service), runtime: median(runtime) };
  } finally {
    client.close();
    await installation.stop();
    await rm(folder, { recursive: true });
  }
}

async function predict(client: PssrClient, image: string): Promise<void> {
  await finish(
    client,
    await client.predictions.createPrediction({ parent, prediction: { image, modelVersion } }),
    Prediction,
  );
}

async function inferAll(
  pool: InferencePool,
  model: { digest: string; load: () => Promise<Uint8Array> },
  [height, width]: readonly number[],
  network: { scale: number; halo: number; grid: number },
): Promise<void> {
  const region = { start: [0, 0], shape: [height! * network.scale, width! * network.scale] };
  const tiles = planTiles(region, [height!, width!], network, 256);
  const signal = AbortSignal.timeout(600_000);
  await Promise.all(
    tiles.map(({ y, x }) => {
      const data = new Float32Array(y.input.size * x.input.size).fill(0.5);
      return pool.run(model, { shape: [1, 1, y.input.size, x.input.size], data }, { signal });
    }),
  );
}

async function importImage(client: PssrClient, file: string): Promise<Image> {
  const upload = await uploadFile(client, file, { parent });
  const image = { levels: { black: 0, white: 255 } };
  return await finish(client, await client.images.createImage({ parent, upload: upload.name, image }), Image);
}

/** Four slices as one image of 1024×1024 pixels. */
async function mosaicOf(slices: string[]) {
  const side = 512;
  const pixels = new Uint8Array(4 * side * side);
  for (const [i, slice] of slices.entries()) {
    const bytes = await readFile(`examples/em-fibsem/train/${slice}.png`);
    const decoded = await decodeImage(bytes, { maxPixels: 2 ** 24, maxBytes: 2 ** 24 });
    const [, width] = decoded.pixels.shape as [number, number];
    for (let y = 0; y < side; y++)
      pixels.set(
        decoded.pixels.data.subarray(y * width, y * width + side) as Uint8Array,
        ((Math.floor(i / 2) * side + y) * 2 + (i % 2)) * side,
      );
  }
  return createPixelArray("yx", [2 * side, 2 * side], pixels);
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return (performance.now() - begun) / 1000;
}
