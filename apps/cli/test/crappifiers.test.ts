/** Crappifiers by name on the command line, on a real image, against a real `pssr up`. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "@pssr/client";
import { fromCrappifierMessage, presets } from "@pssr/crappifiers";
import { decodeImage, encodeTiff, memorySource, tiffSource } from "@pssr/imaging";
import { pssr, root, temporaryFolder, type Up, up } from "./pssr.js";

const slice = join(root, "examples/em-fibsem/train/iso.03546.png");
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let installation: Up;

before(async () => {
  folder = await temporaryFolder();
  installation = await up(join(folder.path, "data"));
  await run("images", "import", slice, "--black", "0", "--white", "255");
});
after(async () => {
  await installation.end("SIGTERM");
  await folder.remove();
});

const file = (name: string) => join(folder.path, name);

function command(...args: string[]) {
  return pssr(["--address", installation.address, ...args]);
}

/** Runs a command that must succeed, and gives its JSON lines. */
async function run(...args: string[]): Promise<Record<string, unknown>[]> {
  const ended = await command("--json", ...args);
  assert.equal(ended.code, 0, `pssr ${args.join(" ")}: ${ended.stderr}`);
  return ended.stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
}

/** Runs a command that must fail, and gives its error. */
async function refused(code: number, ...args: string[]): Promise<{ reason: string; message: string }> {
  const ended = await command("--json", ...args);
  assert.equal(ended.code, code, `${ended.stdout}${ended.stderr}`);
  return JSON.parse(ended.stderr.trim().split("\n").at(-1)!).error;
}

async function crappified(...args: string[]): Promise<Uint8Array> {
  await run("crappify", "iso-03546", "-o", file("out.png"), "--seed", "5", ...args);
  return readFile(file("out.png"));
}

test("a crappifier is saved, shown as JSON that can be used again, listed, used and deleted", async () => {
  assert.deepEqual(await run("crappifiers", "list"), []);
  const described = ["--description", "our old detector"];
  const [made] = await run("crappifiers", "create", "old", "--gaussian", "9", "--scale", "2", ...described);
  assert.equal(made!.name, "projects/default/crappifiers/old");
  assert.deepEqual(await run("crappifiers", "list"), [made]);
  const shown = await command("crappifiers", "show", "old");
  assert.deepEqual(JSON.parse(shown.stdout), made!.crappifier);
  await writeFile(file("old.json"), shown.stdout);
  const pixels = await crappified("--gaussian", "9", "--scale", "2");
  assert.deepEqual(await crappified("--crappifier", "old"), pixels);
  assert.deepEqual(await crappified("--crappifier-file", file("old.json")), pixels);
  const larger = await decodeImage(await crappified("--crappifier", "old", "--scale", "4"), {
    maxPixels: 2 ** 20,
    maxBytes: 2 ** 20,
  });
  assert.deepEqual(larger.pixels.shape, [130, 130]);
  await run("crappifiers", "delete", "old");
  const gone = await refused(1, "crappify", "iso-03546", "-o", file("none.png"), "--crappifier", "old");
  assert.equal(gone.reason, "NOT_FOUND");
});

test("people see a crappifier as one line", async () => {
  const spec = { optics: [{ kind: "line_jitter" }], detector: [{ kind: "gaussian", sigma: { value: 3, spread: 1 } }] };
  await writeFile(file("spec.json"), JSON.stringify(spec));
  const { stdout } = await command("crappifiers", "create", "line", "--crappifier-file", file("spec.json"));
  assert.match(stdout, /crappifiers\/line: line_jitter\(sigma 0\.5\) → ×4 BILINEAR → gaussian\(sigma 3 ± 1\)\n$/);
  const zeros = { detector: [{ kind: "camera", photons: { value: 20 }, read_noise: { value: 0 } }] };
  await writeFile(file("zeros.json"), JSON.stringify(zeros));
  const counting = await command("crappifiers", "create", "counting", "--crappifier-file", file("zeros.json"));
  // The converter's 0 bits and the offset of 0 are what is so anyway; no read noise is not.
  assert.match(counting.stdout, / → camera\(photons 20, read_noise 0, gain 1\)\n$/);
});

test("presets are listed with their sources, and one is used by its name", async () => {
  const listed = await run("crappifiers", "presets");
  assert.deepEqual(
    listed.map(({ name, source, crappifier }) => [name, source, crappifier]),
    Object.keys(presets)
      .sort()
      .map((name) => [name, presets[name]!.source, presets[name]!.crappifier]),
  );
  assert.match((await command("crappifiers", "presets")).stdout, /^em-fast-scan\n.*\n {2}×4 POINT → gaussian/m);
  const [saved] = await run("crappifiers", "create", "scan", "--preset", "em-fast-scan");
  assert.deepEqual(saved!.crappifier, presets["em-fast-scan"]!.crappifier);
  assert.deepEqual(await crappified("--crappifier", "scan"), await crappified("--preset", "em-fast-scan"));
  const unknown = await refused(2, "crappify", "iso-03546", "-o", file("none.png"), "--preset", "em-slow-scan");
  assert.equal(unknown.reason, "INVALID_FIELD");
  assert.match(unknown.message, /em-fast-scan/);
});

test("a picture has a panel for each preset; what the image cannot bear is left out, and said", async () => {
  const ended = await command("crappifiers", "presets", "--picture", file("presets.png"), "--image", "iso-03546");
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stderr, /^widefield-low-na is left out: .*size of its pixels/m);
  const { pixels } = await decodeImage(await readFile(file("presets.png")), { maxPixels: 2 ** 22, maxBytes: 2 ** 22 });
  const rows = Math.ceil(Object.keys(presets).length / 4);
  assert.ok(pixels.shape[0]! >= rows * 192 && pixels.shape[1]! >= 4 * 192, `${pixels.shape}`);
});

test("a training by a name keeps its numbers when the name is gone", async () => {
  await run("datasets", "create", "em", "iso-*", "--tile-size", "64");
  await run("crappifiers", "create", "brief", "--preset", "em-fast-scan", "--scale", "2");
  await run("train", "--dataset", "em", "--id", "named", "--crappifier", "brief", "--steps", "100000", "--detach");
  await run("crappifiers", "delete", "brief");
  await run("operations", "cancel", "training-named");
  const client = connect(installation.address);
  try {
    const training = await client.trainings.getTraining({ name: "projects/default/trainings/named" });
    assert.equal(training.crappifierSource, "projects/default/crappifiers/brief");
    const { optics, detector, sampling } = presets["em-fast-scan"]!.crappifier;
    const expected = { optics, detector, sampling: { ...sampling, scale: 2 } };
    assert.deepEqual(fromCrappifierMessage(training.crappifier, "crappifier"), expected);
  } finally {
    client.close();
  }
  const again = ["train", "--dataset", "em", "--crappifier", "brief", "--steps", "1", "--detach"];
  assert.match((await refused(1, ...again)).message, /training\.crappifier\.saved: there is no saved crappifier/);
});

test("a plane of a stack is looked at by its number, and without one the way is told", async () => {
  const stack = { data: Uint8Array.from({ length: 3 * 64 * 64 }, (_, n) => n % 251), dtype: "uint8" as const };
  await writeFile(
    file("stack.tif"),
    encodeTiff(tiffSource(memorySource({ ...stack, axes: "zyx", shape: [3, 64, 64] }))),
  );
  await run("images", "import", file("stack.tif"), "--id", "stack", "--black", "0", "--white", "255");
  const look = ["crappify", "stack", "-o", file("plane.png"), "--scale", "2"];
  assert.match((await refused(2, ...look)).message, /3×64×64 pixels along zyx: name one, such as --plane 1/);
  assert.match((await refused(2, ...look, "--plane", "1,1")).message, /name one/);
  await run(...look, "--plane", "2", "--region", "16,0,32,64");
  const { shape } = (await decodeImage(await readFile(file("plane.png")), { maxPixels: 4096, maxBytes: 65536 })).pixels;
  assert.deepEqual(shape, [16, 32]);
  assert.match((await refused(2, "crappify", "stack", "-o", file("x.tif"))).message, /ends in \.png/);
});

test("what does not go together, and a file that is no crappifier, are refused before anything is asked", async () => {
  const picture = ["crappify", "iso-03546", "-o", file("none.png")];
  for (const [first, second] of [
    [
      ["--preset", "em-fast-scan"],
      ["--crappifier", "old"],
    ],
    [
      ["--preset", "em-fast-scan"],
      ["--poisson", "2"],
    ],
    [
      ["--crappifier-file", file("old.json")],
      ["--gaussian-spread", "2"],
    ],
  ] as const)
    assert.match((await refused(2, ...picture, ...first, ...second)).message, /cannot be used with/);
  await writeFile(file("broken.json"), "{");
  await writeFile(file("wrong.json"), '{"detector": [{"kind": "gaussian", "sigma": {"value": -1}}]}');
  assert.match((await refused(2, ...picture, "--crappifier-file", file("broken.json"))).message, /this is no JSON/);
  const wrong = await refused(2, ...picture, "--crappifier-file", file("wrong.json"));
  assert.match(wrong.message, /wrong\.json\.detector\[0\]\.sigma\.value: -1/);
  assert.match(
    (await refused(2, ...picture, "--crappifier-file", file("missing.json"))).message,
    /there is no such file/,
  );
  assert.match(
    (await refused(2, ...picture, "--crappifier-file", folder.path)).message,
    /: it is a folder; give a file/,
  );
  await writeFile(file("marked.json"), `\uFEFF${JSON.stringify({ detector: [{ kind: "poisson" }] })}`);
  await run("crappify", "iso-03546", "-o", file("marked.png"), "--crappifier-file", file("marked.json"));
  assert.match(
    (await refused(2, "crappifiers", "presets", "--picture", file("p.png"))).message,
    /name one with --image/,
  );
});
