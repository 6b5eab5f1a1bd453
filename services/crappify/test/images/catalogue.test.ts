import assert from "node:assert/strict";
import { test } from "node:test";
import { FileFormat } from "@pssr/api";
import { memorySource, writeOmeZarr } from "@pssr/imaging";
import { bytesOf, download, readPixels } from "../download.js";
import { type Installation, project, startInstallation } from "../installation.js";
import { picture, png, tiff } from "../pictures.js";
import { reason } from "../reason.js";
import { importImage } from "../upload.js";

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

test("a service registers pixels of its own project's operation, as often as it likes; nobody else does", async (t) => {
  const installation = await startInstallation(t);
  const pixels = picture([60, 70], "uint8");
  const location = "operations/em/prediction-p1/2/image.zarr/";
  await writeOmeZarr(
    { set: async (key, value) => void (await installation.objects.put(location + key.slice(1), value)) },
    memorySource(pixels),
  );
  const image = { location, levels: { black: 3, white: 190, source: 1 }, pixelSizeNm: 2 };
  const request = { parent: project, imageId: "restored", image };
  await assert.rejects(installation.images.registerImage(request), reason("PERMISSION_DENIED"));
  const { images } = installation.as({ principal: "predict", projects: ["em"], role: "service" });
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
    "operations/em/x/",
    "operations/em//1/x",
  ]) {
    const bad = { ...request, imageId: "b", image: { ...image, location: elsewhere } };
    await assert.rejects(images.registerImage(bad), reason("INVALID_FIELD", "image.location"));
  }
  const other = { ...request, image: { ...image, pixelSizeNm: 3 } };
  await assert.rejects(images.registerImage(other), reason("ALREADY_EXISTS", "image_id"));
});
