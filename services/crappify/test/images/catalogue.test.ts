import assert from "node:assert/strict";
import { test } from "node:test";
import { FileFormat, IntensityLevels_Source } from "@pssr/api";
import { memorySource, type PixelArray, writeOmeZarr } from "@pssr/imaging";
import { Operations } from "@pssr/platform";
import { ImageCatalogue } from "../../dist/images/image-catalogue.js";
import { imageImport } from "../../dist/images/image-import.js";
import { imageJobs } from "../../dist/images/image-jobs.js";
import { UploadStore } from "../../dist/uploads/upload-store.js";
import { bytesOf, download, readPixels } from "../download.js";
import { type Installation, project, startInstallation } from "../installation.js";
import { dayMs, hourMs, JumpingClock } from "../jumping-clock.js";
import { picture, png, tiff } from "../pictures.js";
import { reason } from "../reason.js";
import { importImage, upload } from "../upload.js";

async function objectsUnder({ objects }: Installation, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list(prefix)) keys.push(key);
  return keys;
}

test("images are listed by name, page by page, and each project sees its own", async (t) => {
  const installation = await startInstallation(t);
  const { images } = installation;
  for (const id of ["c", "a", "b"]) await importImage(installation, id, png(picture([40, 40], "uint8")));
  const first = await images.listImages({ parent: project, pageSize: 2 });
  assert.deepEqual(
    first.images.map(({ name }) => name),
    [`${project}/images/a`, `${project}/images/b`],
  );
  const second = await images.listImages({ parent: project, pageSize: 2, pageToken: first.nextPageToken });
  assert.deepEqual(
    second.images.map(({ name }) => name),
    [`${project}/images/c`],
  );
  assert.equal(second.nextPageToken, "");
  await assert.rejects(images.listImages({ parent: project, pageToken: "?" }), reason("INVALID_FIELD", "page_token"));
  await assert.rejects(images.listImages({ parent: project, pageSize: 1001 }), reason("INVALID_FIELD", "page_size"));
  await assert.rejects(images.listImages({ parent: "projects/other" }), reason("NOT_FOUND"));
});

test("a deleted image is gone with its pixels and its files, and its id is not given again", async (t) => {
  const installation = await startInstallation(t);
  const { images } = installation;
  const file = png(picture([40, 40], "uint8"));
  const { name, location } = await importImage(installation, "a", file);
  await download(installation, name);
  assert.ok((await objectsUnder(installation, location)).length > 0);
  assert.equal((await objectsUnder(installation, "exports/")).length, 1);
  await images.deleteImage({ name });
  await assert.rejects(images.getImage({ name }), reason("NOT_FOUND", "name"));
  await assert.rejects(images.deleteImage({ name }), reason("NOT_FOUND"));
  assert.deepEqual((await images.listImages({ parent: project })).images, []);
  assert.deepEqual(
    [...(await objectsUnder(installation, location)), ...(await objectsUnder(installation, "exports/"))],
    [],
  );
  await assert.rejects(importImage(installation, "a", file), reason("ALREADY_EXISTS"));
});

test("a download goes on at any offset, in messages of bounded size", async (t) => {
  const installation = await startInstallation(t);
  const { name } = await importImage(installation, "a", png(picture([900, 1000], "uint16")));
  const whole = await download(installation, name);
  assert.equal(whole.header.filename, "a.tif");
  assert.ok(whole.bytes.length > 256 * 1024 && whole.largest <= 256 * 1024);
  const rest = await download(installation, name, FileFormat.FILE_FORMAT_TIFF, 300_000n);
  assert.deepEqual(rest.bytes, whole.bytes.subarray(300_000));
  assert.deepEqual(rest.header, whole.header);
  await assert.rejects(download(installation, name, undefined, 2n ** 40n), reason("INVALID_FIELD", "offset"));
});

test("of two images with the same pixels, each file tells its own origin and goes with its own image", async (t) => {
  const installation = await startInstallation(t);
  const { images } = installation;
  const file = png(picture([40, 40], "uint8"));
  const first = await importImage(installation, "a", file, { filename: "first.png" });
  const second = await importImage(installation, "b", file, { filename: "second.png" });
  assert.equal(first.digest, second.digest);
  const tells = async (name: string) =>
    /file=([a-z.]+)/.exec(Buffer.from((await download(installation, name)).bytes).toString("latin1"))?.[1];
  assert.equal(await tells(first.name), "first.png");
  assert.equal(await tells(second.name), "second.png");
  await images.deleteImage({ name: first.name });
  assert.deepEqual(
    (await objectsUnder(installation, "exports/")).map((key) => key.split("/")[2]),
    ["b"],
  );
});

test("an exported TIFF that comes in again has the levels that it went out with, measured or declared", async (t) => {
  const installation = await startInstallation(t);
  const pixels = picture([90, 90], "uint16");
  const levels = { black: 7, white: 4000, source: 0 };
  for (const [id, image] of [
    ["measured", {}],
    ["declared", { image: { levels } }],
  ] as const) {
    const out = await importImage(installation, id, png(pixels), image);
    const { bytes } = await download(installation, out.name);
    const again = await importImage(installation, `${id}-again`, bytes, { filename: "again.tif" });
    const { SOURCE_METADATA, SOURCE_PERCENTILE } = IntensityLevels_Source;
    const source = id === "measured" ? SOURCE_PERCENTILE : SOURCE_METADATA;
    assert.deepEqual(again.levels, { ...out.levels, source });
  }
});

test("a stack is no PNG", async (t) => {
  const installation = await startInstallation(t);
  const { name } = await importImage(installation, "a", await tiff(picture([2, 40, 40], "uint8")));
  await assert.rejects(
    download(installation, name, FileFormat.FILE_FORMAT_PNG),
    reason("UNSUPPORTED_PIXELS", "format"),
  );
});

test("a region is read in bounded blocks that follow each other", async (t) => {
  const installation = await startInstallation(t);
  const pixels = picture([700, 900], "uint16");
  const { name } = await importImage(installation, "a", png(pixels));
  const whole = await readPixels(installation, name);
  assert.deepEqual(new Uint8Array(whole.bytes), bytesOf(pixels));
  assert.ok(whole.largest <= 256 * 1024);
  const part = await readPixels(installation, name, { start: [250n, 251n], shape: [10n, 20n] });
  const values = new Uint16Array(new Uint8Array(part.bytes).buffer);
  assert.equal(values.length, 200);
  assert.equal(values[0], pixels.data[250 * 900 + 251]);
  assert.equal(values[199], pixels.data[259 * 900 + 270]);
  await assert.rejects(
    readPixels(installation, name, { start: [0n, 0n], shape: [701n, 1n] }),
    reason("INVALID_FIELD", "region"),
  );
});

const owner = `${project}/operations/prediction-p1`;
const predict = { principal: "predict", projects: ["em"], role: "service" } as const;

/** Pixels as an operation of another service leaves them; resolves with the request that registers them. */
async function restoredBy({ objects }: Installation, pixels: PixelArray, imageId: string) {
  const location = "operations/em/prediction-p1/2/image.zarr/";
  await writeOmeZarr(
    { set: async (key, value) => void (await objects.put(location + key.slice(1), value)) },
    memorySource(pixels),
  );
  const image = { location, levels: { black: 3, white: 190, source: 1 }, pixelSizeNm: 2 };
  return { parent: project, imageId, image, owner };
}

test("a service registers pixels of its own project's operation, as often as it likes; nobody else does", async (t) => {
  const installation = await startInstallation(t);
  const pixels = picture([60, 70], "uint8");
  const request = await restoredBy(installation, pixels, "restored");
  const { image } = request;
  await assert.rejects(installation.images.registerImage(request), reason("PERMISSION_DENIED"));
  await assert.rejects(installation.images.reserveImage(request), reason("PERMISSION_DENIED"));
  const { images } = installation.as(predict);
  await images.reserveImage(request);
  const first = await images.registerImage(request);
  const again = await images.registerImage(request);
  assert.deepEqual(again, first);
  assert.deepEqual(first.shape, [60n, 70n]);
  assert.deepEqual(new Uint8Array((await readPixels(installation, first.name)).bytes), bytesOf(pixels));
  const same = await importImage(installation, "same", png(pixels), {
    image: { levels: image.levels, pixelSizeNm: 2 },
  });
  assert.equal(first.digest, same.digest, "the digest is of the pixels, not of how they came in");

  for (const elsewhere of [
    "operations/other/x-1/1/image.zarr",
    "uploads/em/x/y/",
    "operations/em/prediction-p1/",
    "operations/em/prediction-p2/1/image.zarr",
    "operations/em/prediction-p1//x",
  ]) {
    const bad = { ...request, imageId: "b", image: { ...image, location: elsewhere } };
    await assert.rejects(images.registerImage(bad), reason("INVALID_FIELD", "image.location"));
  }
  const other = { ...request, image: { ...image, pixelSizeNm: 3 } };
  await assert.rejects(images.registerImage(other), reason("ALREADY_EXISTS", "image_id"));
});

test("a reserved id is its owner's: nobody else reserves, imports or registers under it until it is released", async (t) => {
  const installation = await startInstallation(t);
  const request = await restoredBy(installation, picture([40, 40], "uint8"), "restored");
  const { images } = installation.as(predict);
  const other = { parent: project, imageId: "restored", owner: `${project}/operations/prediction-p2` };
  await images.reserveImage(request);
  await images.reserveImage(request);
  await assert.rejects(images.getImage({ name: `${project}/images/restored` }), reason("NOT_FOUND"));
  await assert.rejects(images.reserveImage(other), reason("ALREADY_EXISTS", "image_id"));
  const theirs = {
    ...request,
    ...other,
    image: { ...request.image, location: "operations/em/prediction-p2/1/x.zarr" },
  };
  await assert.rejects(images.registerImage(theirs), reason("ALREADY_EXISTS", "image_id"));
  const file = png(picture([40, 40], "uint8", 1));
  await assert.rejects(importImage(installation, "restored", file), reason("ALREADY_EXISTS"));
  await images.releaseImage(other);
  await assert.rejects(images.reserveImage(other), reason("ALREADY_EXISTS", "image_id"), "what is another's stays");
  await images.releaseImage(request);
  await images.releaseImage(request);
  await images.reserveImage(other);
  await images.releaseImage(other);
  await importImage(installation, "restored", file);
  await assert.rejects(images.reserveImage(request), reason("ALREADY_EXISTS", "image_id"));
});

test("an id that is taken is told of before any pixel is read", async (t) => {
  const installation = await startInstallation(t);
  await importImage(installation, "a", png(picture([40, 40], "uint8")));
  const { images } = installation.as(predict);
  const nowhere = { location: "operations/em/prediction-p1/1/none.zarr", levels: { black: 0, white: 1, source: 1 } };
  const request = { parent: project, imageId: "a", image: nowhere, owner };
  await assert.rejects(images.registerImage(request), reason("ALREADY_EXISTS", "image_id"));
});

test("an import whose id another operation has got first fails with ALREADY_EXISTS", async (t) => {
  const installation = await startInstallation(t, ["--import-concurrency", "0"]);
  const { ports } = installation;
  const request = await restoredBy(installation, picture([40, 40], "uint8"), "twice");
  const name = await upload(installation, "a.png", png(picture([40, 40], "uint8", 1)));
  const created = await installation.images.createImage({ parent: project, imageId: "twice", upload: name });
  const images = new ImageCatalogue(ports);
  await images.release({ project: "em", id: "twice" }, "image-twice", {});
  const made = await installation.as(predict).images.registerImage(request);

  const worker = new Operations(ports, { exclusive: true, report: () => undefined });
  worker.register(
    imageJobs({
      images,
      maker: imageImport({
        uploads: new UploadStore(ports, 2 ** 30),
        objects: ports.objects,
        limits: { memoryBytes: 2 ** 30, timeMs: 60_000, pixels: 2 ** 20 },
      }),
      concurrency: 1,
    }),
  );
  await worker.start();
  t.after(() => worker.close());
  assert.equal((await worker.wait(created.name)).error?.reason, "ALREADY_EXISTS");
  assert.deepEqual(await installation.images.getImage({ name: made.name }), made);
});

test("after a day the id comes back that was held for an operation of which nothing is to be expected", async (t) => {
  const installation = await startInstallation(t);
  const clock = new JumpingClock();
  const catalogue = new ImageCatalogue(installation.ports, clock);
  const [lost, awaited] = [
    { project: "em", id: "lost" },
    { project: "em", id: "awaited" },
  ];
  await catalogue.reserve(lost, "prediction-lost", {});
  await catalogue.reserve(awaited, "prediction-awaited", {});
  const asked = {
    usedBy: async () => undefined,
    isExpected: async (_: string, operation: string) => operation === "prediction-awaited",
  };
  clock.jump(1000 * dayMs);
  await catalogue.sweep(asked, {});
  clock.jump(0);
  clock.pass(23 * hourMs);
  await catalogue.sweep(asked, {});
  assert.equal(await catalogue.isTaken(lost, {}), true);
  clock.pass(2 * hourMs);
  await catalogue.sweep(asked, {});
  assert.equal(await catalogue.isTaken(lost, {}), false);
  assert.equal(await catalogue.isTaken(awaited, {}), true);
});

test("an image in use that a deletion has left hidden becomes visible again", async (t) => {
  const installation = await startInstallation(t);
  const { name } = await importImage(installation, "a", png(picture([40, 40], "uint8")));
  const { state } = installation.ports;
  const { value, revision } = (await state.get("images/em/a"))!;
  const record = JSON.parse(new TextDecoder().decode(value)) as object;
  await state.put("images/em/a", new TextEncoder().encode(JSON.stringify({ ...record, state: "deleting" })), revision);
  await assert.rejects(installation.images.getImage({ name }), reason("NOT_FOUND"));
  const catalogue = new ImageCatalogue(installation.ports);
  await catalogue.sweep({ usedBy: async () => "a dataset", isExpected: async () => false }, {});
  assert.equal((await installation.images.getImage({ name })).name, name);
});

test("a deletion that breaks off between its two questions leaves the image visible", async (t) => {
  const installation = await startInstallation(t);
  const { name } = await importImage(installation, "a", png(picture([40, 40], "uint8")));
  const catalogue = new ImageCatalogue(installation.ports);
  const leave = new AbortController();
  let asked = 0;
  const usedBy = async () => {
    if (++asked === 2) leave.abort(new Error("the caller has left"));
    leave.signal.throwIfAborted();
    return undefined;
  };
  await assert.rejects(catalogue.delete({ project: "em", id: "a" }, usedBy, leave), /the caller has left/);
  assert.equal((await installation.images.getImage({ name })).name, name);
});
