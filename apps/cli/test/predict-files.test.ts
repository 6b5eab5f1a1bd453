/** `pssr predict` on files, as they come from a microscope: again and again, under the same names. */
import assert from "node:assert/strict";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type Ended, pssr, root, temporaryFolder, type Up, up } from "./pssr.js";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let installation: Up;
/** Two files of one name. */
let [monday, tuesday] = ["", ""];

before(async () => {
  folder = await temporaryFolder();
  [monday, tuesday] = [join(folder.path, "monday", "scan.png"), join(folder.path, "tuesday", "scan.png")];
  for (const day of ["monday", "tuesday"]) await mkdir(join(folder.path, day));
  await copyFile(join(root, "examples/em-fibsem/train/iso.03546.png"), monday);
  await copyFile(join(root, "examples/em-fibsem/train/iso.03578.png"), tuesday);
  installation = await up(join(folder.path, "data"));
  await ended(0, "images", "import", monday, "--id", "slice", "--black", "0", "--white", "255");
  await ended(0, "datasets", "create", "em", "slice", "--tile-size", "64");
  await ended(0, "train", "--dataset", "em", "--model", "em-x2", "--scale", "2", "--steps", "1");
});
after(async () => {
  await installation.end("SIGTERM");
  await folder.remove();
});

async function ended(code: number, ...args: string[]): Promise<Ended> {
  const end = await pssr(["--address", installation.address, ...args]);
  assert.equal(end.code, code, `pssr ${args.join(" ")}: ${end.stderr}`);
  return end;
}

/** Restores a file and gives the id of the image that it is. */
async function predict(file: string, ...options: string[]): Promise<string> {
  const { stdout } = await ended(0, "--json", "predict", file, "--model", "em-x2", ...options);
  return JSON.parse(stdout).image.split("/").at(-1);
}

/** How many images files have become. */
async function imported(): Promise<number> {
  const { stdout } = await ended(0, "--json", "operations", "list", "--kind", "image");
  return stdout.split("\n").length - 1;
}

test("the same file again is the image that it became, and is not sent again", async () => {
  assert.equal(await predict(monday, "--black", "0", "--white", "255"), "scan");
  const before = await imported();
  const again = await ended(0, "predict", monday, "--model", "em-x2");
  assert.doesNotMatch(again.stderr, /uploading/);
  assert.equal(await imported(), before);
});

test("another file of that name gets an id of its own, which is told and stays", async () => {
  const id = await predict(tuesday);
  assert.match(id, /^scan-[0-9a-f]{12}$/);
  const again = await ended(0, "predict", tuesday, "--model", "em-x2");
  assert.match(again.stderr, new RegExp(`^${tuesday} is the image ${id}, as scan is another$`, "m"));
  assert.equal(await predict(tuesday), id);
});

test("the same file with other levels is another image", async () => {
  const id = await predict(monday, "--black", "10", "--white", "200");
  assert.match(id, /^scan-[0-9a-f]{12}$/);
  const { stdout } = await ended(0, "--json", "images", "list");
  const images = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  const { levels } = images.find(({ name }) => name.endsWith(`/${id}`));
  assert.deepEqual([levels.black, levels.white], [10, 200]);
});

test("an input's id can be chosen, but not that of another image", async () => {
  assert.equal(await predict(tuesday, "--input-id", "tuesday"), "tuesday");
  const { stderr } = await ended(1, "predict", tuesday, "--model", "em-x2", "--input-id", "slice");
  assert.match(stderr, /slice is there already.*--input-id \(ALREADY_EXISTS\)/);
});

test("commands that meet one new file make one image of it", async () => {
  // Again and again, for each round meets another moment of the first one's import.
  for (let round = 0; round < 4; round += 1) {
    const file = join(folder.path, `new-${round}.png`);
    await copyFile(tuesday, file);
    const before = await imported();
    const ids = await Promise.all([predict(file), predict(file), predict(file)]);
    assert.deepEqual(ids, Array(3).fill(`new-${round}`));
    assert.equal(await imported(), before + 1);
  }
});

test("a name without a letter or digit gives an id that the content makes", async () => {
  const file = join(folder.path, "画像.png");
  await copyFile(tuesday, file);
  const id = await predict(file);
  assert.match(id, /^image-[0-9a-f]{12}$/);
  assert.equal(await predict(file), id);
});

test("a result that would be written over an image to restore, or another result, is refused before anything is begun", async () => {
  const original = await readFile(monday);
  for (const args of [
    [monday, "-o", monday],
    [monday, tuesday, "-o", join(folder.path, "{}.png")],
  ]) {
    const { stderr } = await ended(2, "predict", ...args, "--model", "em-x2");
    assert.match(stderr, /choose a name that is neither/);
  }
  assert.deepEqual(await readFile(monday), original);
});
