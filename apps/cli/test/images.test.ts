/** What becomes of images beside the main job, by command line against a real `pssr up`: deleted, named twice, cut. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createPixelArray, decodeImage, encodePng } from "@pssr/imaging";
import { pssr, temporaryFolder, type Up, up } from "./pssr.js";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let installation: Up;

before(async () => {
  folder = await temporaryFolder();
  installation = await up(join(folder.path, "data"));
  const pixels = createPixelArray("yx", [131, 130], "uint8");
  pixels.data.forEach((_, i) => {
    pixels.data[i] = (i * 31) % 251;
  });
  await writeFile(join(folder.path, "odd.png"), await encodePng(pixels));
  await done("images", "import", "odd.png", "--black", "0", "--white", "255");
});
after(async () => {
  await installation.end("SIGTERM");
  await folder.remove();
});

function command(...args: string[]) {
  return pssr(["--address", installation.address, ...args], {}, folder.path);
}

/** Runs a command that must succeed. */
async function done(...args: string[]) {
  const ended = await command(...args);
  assert.equal(ended.code, 0, `pssr ${args.join(" ")}: ${ended.stderr}`);
  return ended;
}

test("images are deleted, but not one that a dataset has, which is named", async () => {
  for (const id of ["gone-1", "gone-2", "gone-3"]) await done("crappify", "odd", "--id", id);
  assert.equal((await done("images", "delete", "gone-1")).stdout, "projects/default/images/gone-1 is deleted\n");
  assert.equal((await done("images", "delete", "gone-*")).stdout.split("\n").length, 3);
  assert.doesNotMatch((await done("images", "list")).stdout, /gone/);
  assert.match((await command("images", "delete", "gone-1")).stderr, /\(NOT_FOUND\)/);

  await done("datasets", "create", "em", "odd", "--tile-size", "32");
  const refused = await command("images", "delete", "odd");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /"projects\/default\/images\/odd" belongs to the dataset "[^"]*em"; delete that first/);
  assert.equal((await done("datasets", "delete", "em")).stdout, "projects/default/datasets/em is deleted\n");
  assert.equal((await done("datasets", "list")).stdout, "no datasets yet\n");
});

test("what crappify cuts off is said, and the command that cuts the original alike does so exactly", async () => {
  const { stdout, stderr } = await done("crappify", "odd", "--scale", "4", "--poisson", "0", "--id", "fast-odd");
  assert.equal(stdout, "projects/default/images/fast-odd\n");
  const cut =
    "3 rows at the bottom and 2 columns at the right of odd, 131×130, were cut: it is no multiple of the scale 4";
  const [, told, advice] = /^(.*); a pair of `pssr fit --paired` needs .* alike: pssr (.*)$/m.exec(stderr)!;
  assert.equal(told, cut);

  await done(...advice!.replace("FILE", "cut").split(" "));
  const limits = { maxPixels: 1e6, maxBytes: 1e6 };
  const [whole, part] = await Promise.all(
    ["odd.png", "cut.png"].map(async (name) => decodeImage(await readFile(join(folder.path, name)), limits).pixels),
  );
  assert.deepEqual(part!.shape, [128, 128]);
  const expected = Array.from({ length: 128 }, (_, y) => [...whole!.data.slice(130 * y, 130 * y + 128)]).flat();
  assert.deepEqual([...part!.data], expected);

  await done("images", "import", "cut.png", "--black", "0", "--white", "255");
  const even = await done("--json", "crappify", "cut", "--scale", "4", "--id", "fast-cut");
  assert.equal("cut" in JSON.parse(even.stdout), false);
});

test("whoever gives an id that is taken is told what the command line can do about it", async () => {
  await done("crappify", "odd", "--id", "taken");
  const again = () => command("crappify", "odd", "--id", "taken");
  const advice =
    "; choose another id with --id: none is given twice, not even when what had it is deleted (ALREADY_EXISTS)\n";
  const told = (await again()).stderr;
  assert.ok(told.startsWith("pssr: the id taken is taken by another request"), told);
  assert.ok(told.endsWith(advice), told);
  await done("images", "delete", "taken");
  assert.ok((await again()).stderr.endsWith(advice));
  await done("datasets", "create", "set", "odd", "--tile-size", "32");
  const { stderr } = await command("datasets", "create", "set", "odd", "--tile-size", "16");
  assert.match(stderr, /another dataset; choose another id: none is given twice/);
});
