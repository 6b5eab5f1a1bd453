import assert from "node:assert/strict";
import { test } from "node:test";
import { type Dataset, DataType } from "@pssr/api";
import { splitPlane } from "@pssr/imaging";
import { readManifest } from "../../dist/datasets/dataset-manifest.js";
import { type Installation, project, startInstallation } from "../installation.js";
import { picture, png, tiff } from "../pictures.js";
import { reason } from "../reason.js";
import { importImage } from "../upload.js";

async function withImages(
  t: Parameters<typeof startInstallation>[0],
  shapes: [number, number][],
): Promise<Installation & { names: string[] }> {
  const installation = await startInstallation(t);
  const names: string[] = [];
  for (const [i, shape] of shapes.entries()) {
    names.push((await importImage(installation, `image-${i}`, png(picture(shape, "uint8", i)))).name);
  }
  return { ...installation, names };
}

function create(
  { datasets }: Installation,
  dataset: Partial<Dataset>,
  options: { datasetId?: string; requestId?: string } = {},
) {
  return datasets.createDataset({ parent: project, dataset, ...options });
}

test("a dataset counts the tiles of both sides over all images, and says all it was made of", async (t) => {
  const installation = await withImages(t, [
    [300, 300],
    [300, 300],
    [260, 400],
  ]);
  const { names, datasets } = installation;
  const made = await create(installation, { images: names, tileSize: 64 }, { datasetId: "d" });
  const options = { tile: 64, stride: 32, validationFraction: 0.1, guard: 32 };
  const [square, wide] = [splitPlane([300, 300], options), splitPlane([260, 400], options)];
  assert.equal(made.trainingTiles, BigInt(2 * square.training.length + wide.training.length));
  assert.equal(made.validationTiles, BigInt(2 * square.validation.length + wide.validation.length));
  assert.equal(made.tileStride, 32);
  assert.deepEqual(made.split, { validationFraction: 0.1, guard: 32, noGuard: false });
  assert.equal(made.dataType, DataType.DATA_TYPE_UINT8);
  assert.deepEqual(await datasets.getDataset({ name: made.name }), made);
  const { datasets: listed } = await datasets.listDatasets({ parent: project });
  assert.deepEqual(listed, [{ ...made, images: [] }]);
});

test("every plane of a stack counts", async (t) => {
  const installation = await startInstallation(t);
  const stack = await importImage(installation, "stack", await tiff(picture([3, 200, 200], "uint8")));
  const flat = await importImage(installation, "flat", png(picture([200, 200], "uint8")));
  const of = (name: string) => create(installation, { images: [name], tileSize: 32 });
  assert.equal((await of(stack.name)).trainingTiles, 3n * (await of(flat.name)).trainingTiles);
});

test("the digest depends on images, tiles and split, not on names", async (t) => {
  const installation = await withImages(t, [
    [200, 200],
    [200, 200],
  ]);
  const { names } = installation;
  const base = { images: names, tileSize: 32 };
  const digest = async (change: Partial<Dataset>) => (await create(installation, { ...base, ...change })).digest;
  const first = await digest({});
  assert.equal(await digest({}), first);
  const others = [
    await digest({ images: [names[1]!, names[0]!] }),
    await digest({ tileStride: 8 }),
    await digest({ split: { validationFraction: 0.2, guard: 0, noGuard: false } }),
    await digest({ split: { validationFraction: 0.1, guard: 0, noGuard: true } }),
  ];
  assert.equal(new Set([first, ...others]).size, 5);
});

test("what makes no dataset is refused with the field's path", async (t) => {
  const installation = await withImages(t, [
    [200, 200],
    [100, 300],
  ]);
  const { names } = installation;
  const deep = await importImage(installation, "deep", png(picture([200, 200], "uint16")));
  const refused = (dataset: Partial<Dataset>, ...expected: Parameters<typeof reason>) =>
    assert.rejects(create(installation, dataset), reason(...expected));
  await refused({ images: [] }, "DATASET_EMPTY", "dataset.images");
  await refused({ images: names, tileSize: 128 }, "TILE_TOO_LARGE", "dataset.tile_size");
  await refused({ images: [names[0]!], tileSize: 128 }, "DATASET_EMPTY", "dataset.split");
  await refused({ images: names, tileSize: 8 }, "INVALID_FIELD", "dataset.tile_size");
  await refused({ images: names, tileSize: 32, tileStride: 33 }, "INVALID_FIELD", "dataset.tile_stride");
  for (const validationFraction of [0.6, -0.1, Number.NaN]) {
    const split = { validationFraction, guard: 0, noGuard: false };
    await refused({ images: names, tileSize: 32, split }, "INVALID_FIELD", "dataset.split.validation_fraction");
  }
  await refused({ images: [...names, `${project}/images/none`], tileSize: 32 }, "NOT_FOUND", "dataset.images[2]");
  await refused({ images: [names[0]!, names[0]!] }, "INVALID_FIELD", "dataset.images[1]");
  await refused({ images: [names[0]!, deep.name], tileSize: 32 }, "INVALID_FIELD", "dataset.images[1]");
  assert.deepEqual((await installation.datasets.listDatasets({ parent: project })).datasets, []);
});

test("TILE_TOO_LARGE names the smallest image and what would fit", async (t) => {
  const installation = await withImages(t, [
    [200, 200],
    [100, 300],
  ]);
  await assert.rejects(
    create(installation, { images: installation.names, tileSize: 128 }),
    /image-1.*100×300.*at most 100/,
  );
});

test("an id is given once; the same request again gives the same dataset", async (t) => {
  const installation = await withImages(t, [[200, 200]]);
  const { names, datasets } = installation;
  const dataset = { images: names, tileSize: 32 };
  const first = await create(installation, dataset, { datasetId: "d", requestId: "once" });
  assert.deepEqual(await create(installation, dataset, { datasetId: "d", requestId: "once" }), first);
  await assert.rejects(create(installation, dataset, { datasetId: "d" }), reason("ALREADY_EXISTS", "dataset_id"));
  await datasets.deleteDataset({ name: first.name });
  await assert.rejects(create(installation, dataset, { datasetId: "d" }), reason("ALREADY_EXISTS", "dataset_id"));
});

test("an image stays while a dataset names it", async (t) => {
  const installation = await withImages(t, [[200, 200]]);
  const { names, images, datasets } = installation;
  const name = names[0]!;
  const dataset = await create(installation, { images: names, tileSize: 32 });
  await assert.rejects(images.deleteImage({ name }), reason("RESOURCE_IN_USE", "name"));
  assert.equal((await images.getImage({ name })).name, name);
  await datasets.deleteDataset({ name: dataset.name });
  await assert.rejects(datasets.getDataset({ name: dataset.name }), reason("NOT_FOUND"));
  await images.deleteImage({ name });
});

test("of a dataset and the deletion of its image at the same time, never both succeed", async (t) => {
  const installation = await withImages(
    t,
    Array.from({ length: 8 }, (): [number, number] => [100, 100]),
  );
  for (const name of installation.names) {
    const [made, gone] = await Promise.allSettled([
      create(installation, { images: [name], tileSize: 16 }),
      installation.images.deleteImage({ name }),
    ]);
    assert.ok(!(made.status === "fulfilled" && gone.status === "fulfilled"), name);
    if (made.status === "fulfilled") await installation.images.getImage({ name });
  }
});

test("the same CreateDataset sent several times at once gives one dataset to all", async (t) => {
  const installation = await withImages(t, [[200, 200]]);
  const dataset = { images: installation.names, tileSize: 32 };
  const made = await Promise.all(
    Array.from({ length: 8 }, () => create(installation, dataset, { datasetId: "d", requestId: "at once" })),
  );
  for (const one of made) assert.equal(one.digest, made[0]!.digest);
  assert.equal((await installation.datasets.listDatasets({ parent: project })).datasets.length, 1);
});

test("a manifest of a newer release, or none at all, is refused as such", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  assert.deepEqual(readManifest("m", bytes('{"schemaVersion":1,"images":[]}')).images, []);
  for (const text of ['{"schemaVersion":2,"images":[]}', '{"schemaVersion":1}', "null", "{"]) {
    assert.throws(() => readManifest("m", bytes(text)), reason("OBJECT_CORRUPT"));
  }
});
