/** The main job by command line, on real images, against a real `pssr up`. Small and short: quality is the bench's business. */
import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isPssrError, Training } from "@pssr/api";
import { connect, finish, watchOperation } from "@pssr/client";
import { decodeImage } from "@pssr/imaging";
import { pssr, root, temporaryFolder, type Up, up } from "./pssr.js";

const slices = ["iso.03546", "iso.03578"].map((name) => join(root, `examples/em-fibsem/train/${name}.png`));
const limits = { maxPixels: 2 ** 24, maxBytes: 2 ** 24 };
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let installation: Up;

before(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder.path, "out"));
  installation = await up(join(folder.path, "data"));
});
after(async () => {
  await installation.end("SIGTERM");
  await folder.remove();
});

/** Runs a command that must succeed, and gives its JSON lines. */
async function run(...args: string[]): Promise<Record<string, unknown>[]> {
  const ended = await pssr(["--address", installation.address, "--json", ...args]);
  assert.equal(ended.code, 0, `pssr ${args.join(" ")}: ${ended.stderr}`);
  const lines = ended.stdout.split("\n");
  assert.equal(lines.pop(), "", "every line is whole");
  return lines.map((line) => JSON.parse(line));
}

/** Runs a command that must fail, and gives its error. */
async function refused(code: number, ...args: string[]): Promise<{ reason: string; message: string; field?: string }> {
  const ended = await pssr(["--address", installation.address, "--json", ...args]);
  assert.equal(ended.code, code, `${ended.stdout}${ended.stderr}`);
  assert.equal(ended.stdout, "");
  return JSON.parse(ended.stderr.trim().split("\n").at(-1)!).error;
}

const file = (name: string) => join(folder.path, "out", name);

test("for a script a list without items is nothing at all", async () => {
  for (const list of ["images", "datasets", "models", "operations"]) assert.deepEqual(await run(list, "list"), []);
});

test("for a script a wrong command line is an error like any other", async () => {
  const error = await refused(2, "train");
  assert.equal(error.reason, "INVALID_FIELD");
  assert.match(error.message, /--dataset/);
});

test("images come in, are listed, and go out with the same pixels", async () => {
  const images = await run("images", "import", ...slices, "--black", "0", "--white", "255", "--pixel-size", "10");
  assert.deepEqual(
    images.map((image) => [image.name, image.shape, image.pixelSizeNm]),
    [
      ["projects/default/images/iso-03546", [520, 520], 10],
      ["projects/default/images/iso-03578", [520, 520], 10],
    ],
  );
  assert.deepEqual(
    (await run("images", "list")).map(({ name }) => name),
    ["projects/default/images/iso-03546", "projects/default/images/iso-03578"],
  );
  await run("images", "export", "iso-03546", "-o", file("out.png"));
  await run("images", "export", "iso-03546", "-o", file("out.tif"));
  const original = (await decodeImage(await readFile(slices[0]!), limits)).pixels;
  for (const name of ["out.png", "out.tif"]) {
    const decoded = await decodeImage(await readFile(file(name)), limits);
    assert.deepEqual(decoded.pixels, original, name);
  }
  assert.equal((await decodeImage(await readFile(file("out.tif")), limits)).pixelSizeNm, 10);
});

test("the same file under the same id again is the same image; another file under it is refused", async () => {
  const [again] = await run("images", "import", slices[0]!, "--black", "0", "--white", "255", "--pixel-size", "10");
  assert.equal(again!.name, "projects/default/images/iso-03546");
  const error = await refused(1, "images", "import", slices[1]!, "--id", "iso-03546");
  assert.equal(error.reason, "ALREADY_EXISTS");
});

test("what an import tells a file of its progress are whole lines that differ", async () => {
  const ended = await pssr(["--address", installation.address, "images", "import", slices[1]!, "--id", "told"]);
  assert.equal(ended.code, 0, ended.stderr);
  const lines = ended.stderr.trimEnd().split("\n");
  for (const line of lines) assert.match(line, /^iso\.03578\.png: \d+ % {2}\w/);
  assert.equal(new Set(lines).size, lines.length, ended.stderr);
});

test("a crappified image is a quarter as large, noisy, and the same for the same seed", async () => {
  for (const name of ["a.png", "b.png"]) await run("crappify", "iso-03546", "-o", file(name), "--seed", "7");
  await run("crappify", "iso-03546", "-o", file("c.png"), "--seed", "8");
  const [a, b, c] = await Promise.all(["a.png", "b.png", "c.png"].map((name) => readFile(file(name))));
  assert.deepEqual(a, b);
  assert.notDeepEqual(a, c);
  assert.deepEqual((await decodeImage(a!, limits)).pixels.shape, [130, 130]);
});

test("a whole image is degraded into a new one, with the pixels of its picture", async () => {
  await run("crappify", "iso-03546", "-o", file("look.png"), "--seed", "7");
  const [made] = await run("crappify", "iso-03546", "--id", "fast", "--seed", "7");
  assert.equal(made!.name, "projects/default/images/fast");
  const { stdout } = await pssr(["--address", installation.address, "images", "list"]);
  assert.match(stdout, /^fast .* crappified$/m);
  assert.match(stdout, /^iso-03546 .* file$/m);
  await run("images", "export", "fast", "-o", file("fast.png"));
  const [look, fast] = await Promise.all(["look.png", "fast.png"].map(async (name) => readFile(file(name))));
  assert.deepEqual((await decodeImage(fast!, limits)).pixels.data, (await decodeImage(look!, limits)).pixels.data);
  for (const wrong of [[], ["--id", "a", "-o", "b.png"], ["--id", "a", "--region", "0,0,8,8"]]) {
    const ended = await pssr(["--address", installation.address, "crappify", "iso-03546", ...wrong]);
    assert.match(ended.stderr, /either --output FILE/);
    assert.notEqual(ended.code, 0);
  }
});

test("a dataset, a training, a prediction and its measures", async () => {
  const [dataset] = await run("datasets", "create", "em", "iso-*", "--tile-size", "64");
  assert.ok((dataset!.trainingTiles as number) > 0 && (dataset!.validationTiles as number) > 0);
  const [training] = await run("train", "--dataset", "em", "--model", "em-x4", "--steps", "12", "--id", "run-1");
  assert.equal(training!.modelVersion, "projects/default/models/em-x4/versions/run-1");
  assert.equal(training!.steps, 12);
  const [version] = (await run("models", "list")) as unknown as { validation: { model: { psnr: number } } }[];
  assert.ok(version!.validation.model.psnr > 10, "a measured quality");
  const [prediction] = await run(
    "predict",
    file("a.png"),
    "--model",
    "em-x4",
    "--black",
    "0",
    "--white",
    "255",
    "-o",
    file("restored.png"),
  );
  const restored = await decodeImage(await readFile(file("restored.png")), limits);
  assert.deepEqual(restored.pixels.shape, [520, 520]);
  assert.equal(restored.pixels.dtype, "uint8");
  const id = (prediction!.outputImage as string).split("/").at(-1)!;
  const [evaluation] = await run("evaluate", "--image", id, "--reference", "iso-03546", "--input", "a");
  const scores = evaluation!.mean as { psnr: number; ssim: number; psnrFitted: number }[];
  assert.equal(scores.length, 3);
  for (const { psnr, ssim, psnrFitted } of scores)
    assert.ok(psnr > 15 && psnr < 40 && ssim > 0.2 && ssim < 1 && psnrFitted >= psnr - 0.01);
  const operations = await run("operations", "list");
  assert.ok(operations.length >= 6 && operations.every(({ state }) => state === "succeeded"));
});

test("several images go out under their own names, and an image's id can be chosen", async () => {
  await run("images", "export", "iso-03546", "iso-03578", "-o", file("{}.png"));
  for (const name of ["iso-03546.png", "iso-03578.png"]) assert.ok((await readFile(file(name))).length > 1000);
  const [prediction] = await run("predict", "a", "--model", "em-x4/run-1", "--id", "restored");
  assert.equal(prediction!.outputImage, "projects/default/images/restored");
});

test("work can be left, followed, and stopped", async () => {
  const [started] = await run("train", "--dataset", "em", "--steps", "100000", "--id", "endless", "--detach");
  assert.equal(started!.operation, "projects/default/operations/training-endless");
  const watching = pssr(["--address", installation.address, "--json", "operations", "watch", "training-endless"]);
  await run("operations", "cancel", "training-endless");
  const watched = await watching;
  assert.equal(watched.code, 1);
  assert.equal(JSON.parse(watched.stderr).error.reason, "CANCELLED");
});

test("operations are listed by state and by kind", async () => {
  const list = async (...filter: string[]) =>
    (await run("operations", "list", ...filter)).map(({ name, state }) => `${name} ${state}`.split("/").at(-1));
  const all = await list();
  const trainings = ["training-endless cancelled", "training-run-1 succeeded"];
  assert.deepEqual(await list("--kind", "training"), trainings);
  assert.deepEqual(await list("--kind", "training", "--state", "succeeded", "failed"), trainings.slice(1));
  assert.deepEqual(await list("--state", "cancelled", "pending"), trainings.slice(0, 1));
  assert.deepEqual(await list("--state", "pending", "running"), []);
  assert.deepEqual(await list("--kind", "image", "crappification", "prediction", "evaluation", "training"), all);
  assert.match((await refused(2, "operations", "list", "--state", "done")).message, /running, succeeded/);
});

test("a dataset deleted while a training reads it ends that training, which says so", async () => {
  await run("datasets", "create", "short-lived", "iso-*", "--tile-size", "64");
  await run("train", "--dataset", "short-lived", "--steps", "100000", "--id", "bereft", "--detach");
  const client = connect(installation.address);
  const operation = "projects/default/operations/training-bereft";
  try {
    for await (const { metadata } of watchOperation(client, operation)) {
      if (metadata.progress?.phase !== "training") continue;
      await client.datasets.deleteDataset({ name: "projects/default/datasets/short-lived" });
      break;
    }
    const ended = finish(client, await client.operations.getOperation({ name: operation }), Training);
    await assert.rejects(ended, (error) => isPssrError(error, "DATASET_DELETED") && /short-lived/.test(error.message));
  } finally {
    client.close();
  }
});

test("what is wrong is said in one line, with its reason, and the exit code tells its kind", async () => {
  await writeFile(file("text.png"), "this is no image");
  await writeFile(file("broken.png"), (await readFile(slices[0]!)).subarray(0, 5000));
  assert.equal((await refused(1, "images", "import", file("text.png"))).reason, "NOT_AN_IMAGE");
  assert.equal((await refused(1, "images", "import", file("broken.png"))).reason, "IMAGE_CORRUPT");
  assert.equal((await refused(1, "predict", "iso-03546", "--model", "nothing")).reason, "NOT_FOUND");
  assert.equal((await refused(1, "datasets", "create", "none", "missing-*")).reason, "NOT_FOUND");
  const tile = await refused(1, "datasets", "create", "large", "iso-*", "--tile-size", "1024");
  assert.equal(tile.reason, "TILE_TOO_LARGE");
  assert.match(tile.message, /520/);
  assert.equal((await pssr(["train"])).code, 2);
  const missing = await refused(2, "images", "import", file("missing.png"));
  assert.match(missing.message, /missing\.png: there is no such file/);
  assert.match(
    (await refused(2, "images", "export", "iso-03546", "-o", file("no/where.png"))).message,
    /no such file or folder/,
  );
  const unreachable = await pssr(["--address", "127.0.0.1:9", "images", "list"]);
  assert.equal(unreachable.code, 3);
  assert.equal(unreachable.stderr.trim().split("\n").length, 1);
  const names = (await run("images", "list")).map(({ name }) => name as string);
  assert.ok(!names.some((name) => /text|broken/.test(name)), "nothing half-made is visible");
});
