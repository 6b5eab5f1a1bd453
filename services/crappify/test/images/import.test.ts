import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { DataType, FileFormat, IntensityLevels_Source } from "@pssr/api";
import type { Dtype, PixelArray } from "@pssr/imaging";
import { bytesOf, decoded, download, readPixels } from "../download.js";
import { type Installation, project, startInstallation } from "../installation.js";
import { picture, png, rgbPng, tiff } from "../pictures.js";
import { reason } from "../reason.js";
import { ImportFailed, importImage, pieces, sha256, upload } from "../upload.js";

function failsWith(expected: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ImportFailed, String(error));
    assert.equal(error.reason, expected, error.message);
    return true;
  };
}

async function nothingIsVisible({ images }: Installation): Promise<void> {
  assert.deepEqual((await images.listImages({ parent: project })).images, []);
}

const dataTypes: Partial<Record<Dtype, DataType>> = {
  uint8: DataType.DATA_TYPE_UINT8,
  uint16: DataType.DATA_TYPE_UINT16,
};

test("8- and 16-bit PNG and TIFF come out bit-identical in every format that holds them", async (t) => {
  const installation = await startInstallation(t);
  const cases: [string, PixelArray, Uint8Array][] = [
    ["png8", picture([300, 517], "uint8"), png(picture([300, 517], "uint8"))],
    ["png16", picture([64, 90], "uint16"), png(picture([64, 90], "uint16"))],
    ["tiff8", picture([270, 300], "uint8"), await tiff(picture([270, 300], "uint8"))],
    [
      "tiff16",
      picture([3, 100, 258], "uint16"),
      await tiff(picture([3, 100, 258], "uint16"), { compression: "DEFLATE" }),
    ],
  ];
  for (const [id, pixels, file] of cases) {
    const image = await importImage(installation, id, file, { filename: `${id}.${id.slice(0, 3)}` });
    assert.equal(image.axes, pixels.axes);
    assert.deepEqual(image.shape.map(Number), pixels.shape);
    assert.equal(image.dataType, dataTypes[pixels.dtype]);
    const formats =
      pixels.axes === "yx" ? [FileFormat.FILE_FORMAT_PNG, FileFormat.FILE_FORMAT_TIFF] : [FileFormat.FILE_FORMAT_TIFF];
    for (const format of formats) {
      const { header, bytes } = await download(installation, image.name, format);
      assert.equal(header.sha256, sha256(bytes));
      assert.equal(header.sizeBytes, BigInt(bytes.length));
      assert.deepEqual(bytesOf(decoded(bytes)), bytesOf(pixels), `${id} as ${header.filename}`);
    }
    const read = await readPixels(installation, image.name);
    assert.deepEqual(new Uint8Array(read.bytes), bytesOf(pixels));
  }
});

test("levels and pixel size: the caller's word before the file's before a measurement, and it says which", async (t) => {
  const installation = await startInstallation(t);
  const pixels = picture([80, 80], "uint16");
  const plain = png(pixels);
  const telling = await tiff(pixels, { pixelSizeNm: 8, levels: { black: 10, white: 4095 } });

  const measured = await importImage(installation, "measured", plain);
  assert.equal(measured.levels?.source, IntensityLevels_Source.SOURCE_PERCENTILE);
  assert.equal(measured.pixelSizeNm, 0);
  const declared = await importImage(installation, "declared", telling);
  assert.deepEqual(declared.levels, { black: 10, white: 4095, source: IntensityLevels_Source.SOURCE_METADATA });
  assert.ok(Math.abs(declared.pixelSizeNm - 8) < 1e-6);
  const levels = { black: 5, white: 500, source: IntensityLevels_Source.SOURCE_UNSPECIFIED };
  const told = await importImage(installation, "told", telling, { image: { pixelSizeNm: 4, levels } });
  assert.deepEqual(told.levels, { black: 5, white: 500, source: IntensityLevels_Source.SOURCE_CALLER });
  assert.equal(told.pixelSizeNm, 4);
});

test("levels that no pixel can be scaled by are refused before anything begins", async (t) => {
  const installation = await startInstallation(t);
  const name = await upload(installation, "a.png", png(picture([50, 50], "uint8")));
  const source = IntensityLevels_Source.SOURCE_UNSPECIFIED;
  for (const [black, white] of [
    [2, 1],
    [0, Number.NaN],
    [-1.7e308, 1.7e308],
    [0, 5e-324],
  ] as const) {
    const image = { levels: { black, white, source } };
    const creation = installation.images.createImage({ parent: project, upload: name, image });
    await assert.rejects(creation, reason("INVALID_FIELD", "image.levels"));
  }
});

test("equal descriptions and pixels have one digest, whatever the file; others another", async (t) => {
  const installation = await startInstallation(t);
  const pixels = picture([70, 70], "uint8");
  const fromPng = await importImage(installation, "a", png(pixels));
  const fromTiff = await importImage(installation, "b", await tiff(pixels));
  assert.equal(fromTiff.digest, fromPng.digest);
  const other = await importImage(installation, "c", png(picture([70, 70], "uint8", 0.1)));
  assert.notEqual(other.digest, fromPng.digest);
  const sized = await importImage(installation, "d", png(pixels), { image: { pixelSizeNm: 2 } });
  assert.notEqual(sized.digest, fromPng.digest);
});

test("what is no image, cut off or coloured fails with its own reason, and nothing becomes visible", async (t) => {
  const installation = await startInstallation(t);
  const whole = png(picture([100, 100], "uint8"));
  await assert.rejects(importImage(installation, "noise", randomBytes(5000)), failsWith("NOT_AN_IMAGE"));
  await assert.rejects(
    importImage(installation, "cut", whole.subarray(0, whole.length / 2)),
    failsWith("IMAGE_CORRUPT"),
  );
  await assert.rejects(importImage(installation, "rgb", rgbPng), failsWith("UNSUPPORTED_PIXELS"));
  await nothingIsVisible(installation);
});

test("an image beyond the limit on pixels is refused", async (t) => {
  const installation = await startInstallation(t, ["--max-image-pixels", "9999"]);
  await assert.rejects(
    importImage(installation, "large", png(picture([100, 100], "uint8"))),
    failsWith("IMAGE_TOO_LARGE"),
  );
});

test("a file whose decoding takes too long or too much memory is stopped", async (t) => {
  const large = await tiff(picture([64, 1500, 1500], "uint8"));
  const installation = await startInstallation(t, ["--import-memory", "64MiB"]);
  await assert.rejects(importImage(installation, "large", large), failsWith("IMAGE_TOO_LARGE"));
});

test("bytes other than those declared are refused", async (t) => {
  const installation = await startInstallation(t);
  const { images, operations } = installation;
  const bytes = png(picture([50, 50], "uint8"));
  const declared = { filename: "a.png", sizeBytes: BigInt(bytes.length), sha256: sha256(new Uint8Array(1)) };
  const { name } = await images.createUpload({ parent: project, upload: declared });
  await images.writeUpload(pieces(name, bytes));
  const operation = await images.createImage({ parent: project, upload: name });
  assert.equal((await operations.wait(operation.name)).error?.reason, "UPLOAD_DIGEST_MISMATCH");
  await nothingIsVisible(installation);
});

test("an incomplete upload is no image, and the end of its stream does not make it one", async (t) => {
  const installation = await startInstallation(t);
  const { images } = installation;
  const bytes = png(picture([50, 50], "uint8"));
  const declared = { filename: "a.png", sizeBytes: BigInt(bytes.length), sha256: sha256(bytes) };
  const { name } = await images.createUpload({ parent: project, upload: declared });
  await images.writeUpload(pieces(name, bytes.subarray(0, bytes.length - 1)));
  await assert.rejects(images.createImage({ parent: project, upload: name }), reason("UPLOAD_INCOMPLETE", "upload"));
  await nothingIsVisible(installation);
});

test("a repeated CreateImage gives the same operation, even after the upload is used up", async (t) => {
  const installation = await startInstallation(t);
  const { images, operations } = installation;
  const name = await upload(installation, "a.png", png(picture([50, 50], "uint8")));
  const request = { parent: project, upload: name, requestId: "once" };
  const first = await images.createImage(request);
  await operations.wait(first.name);
  await assert.rejects(images.getUpload({ name }), reason("NOT_FOUND"));
  const again = await images.createImage(request);
  assert.equal(again.name, first.name);
  assert.equal(again.done, true);
  assert.equal((await images.listImages({ parent: project })).images.length, 1);
});

test("an id is given once", async (t) => {
  const installation = await startInstallation(t);
  const file = png(picture([50, 50], "uint8"));
  await importImage(installation, "scan", file);
  await assert.rejects(importImage(installation, "scan", file), reason("ALREADY_EXISTS"));
});

test("the same CreateImage sent several times at once gives one operation to all", async (t) => {
  const installation = await startInstallation(t);
  const { images, operations } = installation;
  const name = await upload(installation, "a.png", png(picture([50, 50], "uint8")));
  const request = { parent: project, upload: name, requestId: "at once" };
  const made = await Promise.all(Array.from({ length: 8 }, () => images.createImage(request)));
  assert.equal(new Set(made.map((operation) => operation.name)).size, 1);
  assert.equal((await operations.wait(made[0]!.name)).state, "SUCCEEDED");
});
