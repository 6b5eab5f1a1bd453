import assert from "node:assert/strict";
import { test } from "node:test";
import { Crappifier, Image, Progress } from "@pssr/api";
import { crappify, fromCrappifierMessage } from "@pssr/crappifiers";
import { createPixelArray, encodeTiff, memorySource, type PixelArray, tiffSource } from "@pssr/imaging";
import { MemoryWorkQueue, Operations } from "@pssr/platform";
import { crappifiedImage } from "../../dist/images/crappified-image.js";
import { ImageCatalogue } from "../../dist/images/image-catalogue.js";
import { imageJobs } from "../../dist/images/image-jobs.js";
import { readPixels } from "../download.js";
import { type Installation, project, startInstallation } from "../installation.js";
import { picture, png } from "../pictures.js";
import { reason } from "../reason.js";
import { importImage } from "../upload.js";

const parameter = (value: number, spread = 0) => ({ value, spread });
const gaussianBlur = (value: number) => ({
  kind: { $case: "gaussianBlur" as const, value: { sigma: parameter(value) } },
});
const crappifier = Crappifier.fromPartial({
  optics: [{ kind: { $case: "gaussianBlur" as const, value: { sigma: parameter(1.5, 0.3) } } }],
  sampling: { scale: 2 },
  detector: [
    { kind: { $case: "camera" as const, value: { photons: parameter(300) } } },
    { kind: { $case: "brightnessBands" as const, value: { length: parameter(9) } } },
  ],
});

async function degraded(
  installation: Installation,
  image: string,
  imageId: string,
  seed = 5n,
  by = crappifier,
): Promise<Image> {
  const operation = await installation.crappify.crappifyImage({ image, imageId, crappifier: by, seed });
  const { error, result } = await installation.operations.wait(operation.name);
  assert.equal(error, undefined);
  return Image.decode(result!.bytes);
}

async function tiff(pixels: PixelArray): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of encodeTiff(tiffSource(memorySource(pixels)), { compression: "DEFLATE" }, {}))
    parts.push(part);
  return Buffer.concat(parts);
}

async function pixelsIn(installation: Installation, { name, shape }: Image): Promise<Uint8Array> {
  const { bytes } = await readPixels(installation, name, { start: shape.map(() => 0n), shape });
  return new Uint8Array(bytes);
}

test("a whole image is degraded to the pixels that a preview of it shows", async (t) => {
  const installation = await startInstallation(t);
  // No multiple of the scale.
  const { name, pixelSizeNm } = await importImage(installation, "scan", png(picture([1301, 1203], "uint8")), {
    image: { pixelSizeNm: 8 },
  });
  const image = await degraded(installation, name, "fast");
  assert.deepEqual(image.shape, [650n, 601n]);
  assert.equal(image.pixelSizeNm, 2 * pixelSizeNm);
  const { low } = await installation.crappify.preview({ image: name, crappifier, seed: 5n });
  assert.deepEqual(await pixelsIn(installation, image), new Uint8Array(low!.data));
});

// 32 MiB are enough for one thread and bands of some dozens of rows.
for (const memory of ["512MiB", "32MiB"])
  test(`an image of many shards is degraded as if it were one tile, in ${memory}`, async (t) => {
    const installation = await startInstallation(t, [
      ...["--crappify-image-threads", "2"],
      ...["--crappify-image-memory", memory],
    ]);
    const side = 2100;
    const data = Float32Array.from({ length: side * side }, (_, n) => ((n * 7 + (n % side) ** 2) % 1000) / 1000);
    const pixels = createPixelArray("yx", [side, side], data);
    const levels = { black: 0, white: 1 };
    const source = await importImage(installation, "large", await tiff(pixels), {
      filename: "a.tif",
      image: { levels: { ...levels, source: 0 } },
    });
    const image = await degraded(installation, source.name, "large-fast");
    const key = { seed: 5n, image: source.digest, tile: 0, epoch: 0 };
    const tile = { data, dtype: "float32", frames: 1, height: side, width: side } as const;
    const low = crappify(fromCrappifierMessage(crappifier, "crappifier"), tile, levels, key);
    assert.deepEqual(await pixelsIn(installation, image), new Uint8Array(low.data.buffer as ArrayBuffer));
  });

test("planes are frames of one tile: independent noise, the same parameters, and the pixels of a preview", async (t) => {
  const installation = await startInstallation(t);
  const stack = createPixelArray("zyx", [3, 64, 48], "uint16");
  stack.data.forEach((_, n) => {
    stack.data[n] = 100 + ((n * 7) % 900);
  });
  const source = await importImage(installation, "stack", await tiff(stack), { filename: "stack.tif" });
  const image = await degraded(installation, source.name, "stack-fast");
  assert.deepEqual(image.shape, [3n, 32n, 24n]);
  const { low } = await installation.crappify.preview({ image: source.name, crappifier, seed: 5n });
  assert.deepEqual(await pixelsIn(installation, image), new Uint8Array(low!.data));
});

test("the image tells what it was made of, in numbers", async (t) => {
  const installation = await startInstallation(t);
  const source = await importImage(installation, "scan", png(picture([64, 64], "uint8")));
  const { name } = await degraded(installation, source.name, "fast");
  const { origin } = await installation.images.getImage({ name });
  assert.equal(origin?.kind?.$case, "crappified");
  const from = origin.kind.value;
  assert.deepEqual([from.image, from.imageDigest, from.seed], [source.name, source.digest, 5n]);
  assert.equal(from.crappifier?.sampling?.scale, 2);
  const camera = from.crappifier?.detector[0]?.kind;
  assert.equal(camera?.$case, "camera");
  assert.deepEqual(camera.value.readNoise, { value: 2, spread: 0 });
  assert.equal(from.crappifierSource, "", "the numbers were given");
});

test("the image tells whose numbers its crappifier has", async (t) => {
  const installation = await startInstallation(t);
  const source = await importImage(installation, "scan", png(picture([64, 64], "uint8")));
  const named = Crappifier.fromPartial({ named: { $case: "preset", value: "em-fast-scan" } });
  const { name } = await degraded(installation, source.name, "fast", 5n, named);
  const { origin } = await installation.images.getImage({ name });
  assert.equal(origin?.kind?.$case, "crappified");
  const { crappifierSource, crappifier: numbers } = origin.kind.value;
  assert.equal(crappifierSource, "em-fast-scan");
  assert.equal(numbers?.named, undefined);
  assert.ok(numbers!.detector.length > 0);
});

test("what cannot be degraded is refused before anything begins", async (t) => {
  const installation = await startInstallation(t);
  const { name: image } = await importImage(installation, "scan", png(picture([64, 64], "uint8")));
  const call = (request: object) => installation.crappify.crappifyImage({ image, imageId: "fast", ...request });
  const wide = { optics: [{ kind: { $case: "gaussianBlur" as const, value: { sigma: parameter(30) } } }] };
  await assert.rejects(call({ crappifier: wide }), reason("INVALID_FIELD", "crappifier.optics[0].sigma"));
  const external = { kind: { $case: "external" as const, value: { address: "127.0.0.1:1" } } };
  const outside = { optics: wide.optics, detector: [external] };
  await assert.rejects(call({ crappifier: outside }), reason("INVALID_FIELD", "crappifier.detector[0]"));
  await assert.rejects(call({ image: `${project}/images/none` }), reason("NOT_FOUND", "image"));
  await assert.rejects(call({ imageId: "Not an id" }), reason("INVALID_FIELD", "image_id"));
  const { images } = await installation.images.listImages({ parent: project });
  assert.deepEqual(
    images.map(({ name }) => name),
    [image],
  );
});

test("the longest chain of our own steps fits into the image's record", async (t) => {
  const installation = await startInstallation(t);
  const { name: image } = await importImage(installation, "scan", png(picture([64, 64], "uint8")));
  const drawn = parameter(0.7, 0.1);
  const camera = {
    photons: parameter(300, 1.5),
    gain: drawn,
    offset: drawn,
    readNoise: drawn,
    bits: parameter(12, 0.1),
  };
  const lens = { numericalAperture: drawn, wavelength: parameter(500, 5), pixelSize: parameter(4000, 10) };
  const longest = Crappifier.fromPartial({
    optics: Array.from({ length: 16 }, () => ({ kind: { $case: "opticalBlur" as const, value: lens } })),
    sampling: { scale: 2 },
    detector: Array.from({ length: 16 }, () => ({ kind: { $case: "camera" as const, value: camera } })),
  });
  const { origin } = await degraded(installation, image, "fast", 5n, longest);
  assert.equal(origin?.kind?.$case, "crappified");
});

test("an image that would take more memory than is allowed is refused, with what would fit", async (t) => {
  const installation = await startInstallation(t, ["--crappify-image-memory", "16MiB"]);
  const { name: image } = await importImage(installation, "wide", png(picture([600, 4000], "uint8")));
  const blur = { sampling: { scale: 1 }, optics: [gaussianBlur(60)] };
  await assert.rejects(installation.crappify.crappifyImage({ image, imageId: "fast", crappifier: blur }), (error) => {
    reason("IMAGE_TOO_LARGE", "image")(error);
    assert.match((error as Error).message, /481 rows .* 16 MiB are allowed; .*to about \d{3} pixels across/);
    return true;
  });
  await degraded(installation, image, "light");
});

test("a repeated request finds the first one's operation, whatever has gone since", async (t) => {
  const installation = await startInstallation(t);
  const { crappify, crappifiers, images, operations } = installation;
  const { name: image } = await importImage(installation, "scan", png(picture([64, 64], "uint8")));
  const { name: saved } = await crappifiers.createCrappifier({ parent: project, crappifier: { crappifier } });
  const named = Crappifier.fromPartial({ named: { $case: "saved", value: saved } });
  const request = { image, crappifier: named, requestId: "7d9f1c1e-6d0c-4b59-8a3f-0b5f6f3d9a11" };
  const first = await crappify.crappifyImage(request);
  assert.equal((await crappify.crappifyImage(request)).name, first.name);
  const { error, result } = await operations.wait(first.name);
  assert.equal(error, undefined);
  await images.deleteImage({ name: image });
  await crappifiers.deleteCrappifier({ name: saved });
  const again = await crappify.crappifyImage(request);
  assert.deepEqual([again.name, again.done], [first.name, true]);
  const { name } = Image.decode(result!.bytes);
  const other = { ...request, imageId: name.split("/").at(-1)!, seed: 1n };
  await assert.rejects(crappify.crappifyImage(other), reason("ALREADY_EXISTS"));
});

test("previews and imports do not wait for an image that is being degraded", { timeout: 60_000 }, async (t) => {
  const installation = await startInstallation(t, ["--crappify-threads", "1", "--crappify-image-threads", "2"]);
  const { crappify, objects, operations } = installation;
  const planes = await importImage(installation, "planes", await tiff(picture([8, 64, 64], "uint8")), {
    filename: "planes.tif",
  });
  const other = await importImage(installation, "other", png(picture([64, 64], "uint8")));
  const held = objects.hold(planes.location);
  const operation = await crappify.crappifyImage({ image: planes.name, imageId: "fast", crappifier });
  await held;
  const { low } = await crappify.preview({ image: other.name, crappifier });
  assert.equal(low?.data.length, 32 * 32);
  await importImage(installation, "third", png(picture([64, 64], "uint8", 1)));
  assert.equal((await operations.get(operation.name)).state, "RUNNING");
  objects.release();
  assert.equal((await operations.wait(operation.name)).state, "SUCCEEDED");
});

test("an image that is deleted while it is being degraded ends the operation with these words", {
  timeout: 60_000,
}, async (t) => {
  const installation = await startInstallation(t);
  const { crappify, images, objects, operations } = installation;
  const { name: image, location } = await importImage(installation, "scan", png(picture([64, 64], "uint8")));
  const held = objects.hold(location);
  const { name } = await crappify.crappifyImage({ image, imageId: "fast", crappifier });
  await held;
  await images.deleteImage({ name: image });
  objects.release();
  const { error } = await operations.wait(name);
  assert.deepEqual([error?.reason, error?.field], ["NOT_FOUND", "image"]);
  assert.match(error!.message, /"projects\/em\/images\/scan" was deleted/);
});

test("after a restart an image goes on where it was, in the objects that were written", {
  timeout: 60_000,
}, async (t) => {
  const installation = await startInstallation(t);
  const { crappify, objects, operations, ports } = installation;
  const planes = await importImage(installation, "planes", await tiff(picture([6, 64, 64], "uint8")), {
    filename: "planes.tif",
  });
  const held = objects.hold(`${planes.location}0/c/3/`);
  const { name } = await crappify.crappifyImage({ image: planes.name, imageId: "fast", crappifier, seed: 5n });
  await held;
  for await (const { progress } of operations.watch(name)) {
    if (progress !== undefined && Progress.decode(progress.bytes).done === 3n) break;
  }
  await operations.close();
  objects.release();
  const before = objects.written.length;

  const next = new Operations({ ...ports, queue: new MemoryWorkQueue() }, { exclusive: true, report: assert.ifError });
  const limits = { threads: 1, memoryBytes: 2 ** 29 };
  const maker = crappifiedImage({ images: new ImageCatalogue(ports), objects, limits });
  next.register(imageJobs({ images: new ImageCatalogue(ports), maker, concurrency: 1 }));
  t.after(() => next.close());
  await next.start();
  const { error, attempt } = await next.wait(name);
  assert.deepEqual([error, attempt], [undefined, 2]);
  const shards = objects.written.slice(before).filter((key) => key.includes("/0/c/"));
  assert.deepEqual(
    shards.map((key) => /crappification-fast\/(.*)\/0\/0$/.exec(key)?.[1]),
    [3, 4, 5].map((plane) => `1/image.zarr/0/c/${plane}`),
  );
  const image = await installation.images.getImage({ name: `${project}/images/fast` });
  const { low } = await crappify.preview({ image: planes.name, crappifier, seed: 5n });
  assert.deepEqual(await pixelsIn(installation, image), new Uint8Array(low!.data));
  await next.sweep();
  assert.deepEqual(await pixelsIn(installation, image), new Uint8Array(low!.data), "the first attempt's objects stay");
});
