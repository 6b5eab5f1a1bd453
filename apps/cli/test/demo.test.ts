/** The demo, in small: two images to learn from, two steps, one to restore. Its numbers are the bench's business. */
import assert from "node:assert/strict";
import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { decodeImage } from "@pssr/imaging";
import { pssr, root, temporaryFolder } from "./pssr.js";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let images: string;
before(async () => {
  folder = await temporaryFolder();
  images = join(folder.path, "images");
  for (const [part, names] of [
    ["train", ["iso.03546", "iso.03578"]],
    ["test", ["iso.03930"]],
  ] as const) {
    await mkdir(join(images, part), { recursive: true });
    for (const name of names)
      await copyFile(join(root, "examples/em-fibsem", part, `${name}.png`), join(images, part, `${name}.png`));
  }
});
after(() => folder.remove());

test("the demo ends with a report, pictures and what to do next, and can be run again", async () => {
  const out = join(folder.path, "demo");
  for (const round of [1, 2]) {
    const ended = await pssr(["demo", "--images", images, "--out", out, "--steps", "2"]);
    assert.equal(ended.code, 0, `round ${round}: ${ended.stderr}`);
    assert.match(ended.stdout, /^mean /m);
    assert.match(ended.stderr, /pssr up --data-dir/);
  }
  const report = JSON.parse(await readFile(join(out, "report.json"), "utf8"));
  assert.equal(report.training_steps, 2);
  assert.ok(report.training_seconds > 0 && report.training_wait_fraction >= 0);
  assert.equal(report.slices.length, 1);
  for (const scores of [...report.slices, report.mean])
    for (const method of ["bilinear", "bicubic", "ours"])
      assert.ok(scores[method].psnr > 20 && scores[method].ssim > 0.4, method);
  const limits = { maxPixels: 2 ** 24, maxBytes: 2 ** 24 };
  const restored = await decodeImage(await readFile(join(out, "restored", "iso-03930.png")), limits);
  assert.deepEqual(restored.pixels.shape, [512, 512]);
  const picture = await decodeImage(await readFile(join(out, "before-after.png")), limits);
  assert.ok(picture.pixels.shape[1]! > 4 * 300);
});

test("the demo touches no folder but its own", async () => {
  const foreign = join(folder.path, "foreign");
  await mkdir(join(foreign, "input"), { recursive: true });
  await writeFile(join(foreign, "input", "thesis.txt"), "years of work");
  const ended = await pssr(["demo", "--images", images, "--out", foreign, "--steps", "2"]);
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /not the folder of an earlier demo/);
  assert.deepEqual(await readdir(join(foreign, "input")), ["thesis.txt"]);
});
