/** `pssr fit` and `pssr fits` on real slices and the fast scans that a known microscope takes of them, against a real `pssr up`. */
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect } from "@pssr/client";
import { createPixelArray, encodePng, encodeTiff, tiffSource } from "@pssr/imaging";
import { pictureSize } from "../dist/commands/picture-size.js";
import { pssr, pssrUntil, root, temporaryFolder, type Up, up } from "./pssr.js";

const ids = ["iso-03930", "iso-03938"];
const slices = ids.map((id) => join(root, `examples/em-fibsem/test/${id.replace("-", ".")}.png`));
/** Photons at white, behind bilinear sampling by 4. */
const photons = 255;
const quick = ["--paired", "--poisson", "2", "--evaluations", "16", "--tile-size", "128"];
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let installation: Up;

before(async () => {
  folder = await temporaryFolder();
  installation = await up(join(folder.path, "data"));
  for (const name of ["fast", "slow", "work", "empty"]) await mkdir(file(name));
  for (const slice of slices) await writeFile(file("slow", slice.split("/").at(-1)!), await readFile(slice));
  await json("images", "import", ...slices, "--black", "0", "--white", "255");
  for (const id of ids) {
    await json("crappify", id, "--poisson", "1", "--id", id.replace("iso", "fast"));
    await json("images", "export", id.replace("iso", "fast"), "-o", file("fast", `${id.replace("-", ".")}.png`));
  }
});
after(async () => {
  await installation.end("SIGTERM");
  await folder.remove();
});

function file(...path: string[]): string {
  return join(folder.path, ...path);
}

/** Runs a command in the folder "work". */
function command(...args: string[]) {
  return pssr(["--address", installation.address, ...args], {}, file("work"));
}

/** Runs a command that must succeed, and gives its JSON lines. */
// biome-ignore lint/suspicious/noExplicitAny: what a command prints, each test knows
async function json(...args: string[]): Promise<any[]> {
  const ended = await command("--json", ...args);
  assert.equal(ended.code, 0, `pssr ${args.join(" ")}: ${ended.stderr}`);
  return ended.stdout.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line)]));
}

async function refused(code: number, message: RegExp, ...args: string[]): Promise<void> {
  const { code: its, stderr } = await command("fit", ...args);
  assert.equal(its, code, stderr);
  assert.match(stderr, message);
}

test("two folders of files end as a table, what to know of it, a picture, and a crappifier to train with", async () => {
  const folders = ["--low", file("fast/"), "--high", file("slow/"), "--black", "0", "--white", "255"];
  const ended = await command("fit", ...folders, ...quick, "--id", "our-scan");
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stderr, /^looking for detector\[0\]\.mix\.value \(0\.05 – 8\)$/m);
  assert.match(ended.stderr, /^fitting: \d+ % {2}searching {2}\d+\/16 evaluations/m);
  assert.match(ended.stdout, /^parameter +value +95 % interval +looked for in +identified\n/);
  const [, value, low, high] = /^detector\[0\]\.mix\.value +(\S+) +(\S+) – (\S+) +0\.05 – 8 +yes$/m.exec(ended.stdout)!;
  assert.ok(Math.abs(Number(value) - 1) < 0.05, `${value} is not 1`);
  assert.ok(Number(low) < Number(value) && Number(value) < Number(high));
  assert.match(ended.stdout, /tiles held back, simulated tiles differ from real ones [\d.]+ times \([\d.]+ – [\d.]+\)/);
  assert.match(ended.stdout, /^Detector in closed form, from pairs, misfit [\d.]+\n {2}camera\.photons 2\d\d \(/m);
  assert.match(ended.stdout, /; next: pssr train --dataset DATASET --crappifier our-scan$/m);
  assert.match(ended.stdout, /^Picture: our-scan-fit\.png\n$/m);
  assert.deepEqual(await readdir(file("work")), ["our-scan-fit.png"]);
  assert.equal((await readFile(file("work/our-scan-fit.png"))).subarray(1, 4).toString(), "PNG");

  await json("datasets", "create", "em", ...ids, "--tile-size", "64");
  const [training] = await json("train", "--dataset", "em", "--crappifier", "our-scan", "--steps", "1");
  assert.equal(training.steps, 1);
});

test("the same images by patterns are the same pairs; a script gets numbers and words, and one file has it all", async () => {
  const patterns = ["--low", "fast-*", "--high", "iso-*"];
  const [fit] = await json("fit", ...patterns, ...quick, "--id", "again", "--report", "again.svg");
  assert.deepEqual(
    fit.pairs.map((pair: object) => Object.values(pair).map((name) => name.split("/").at(-1))),
    ids.map((id) => [id.replace("iso", "fast"), id]),
  );
  const { state, objective, maxEvaluations, ranges, result } = fit;
  assert.deepEqual([state, objective, maxEvaluations], ["succeeded", "features", 16]);
  assert.deepEqual(ranges, [{ path: "detector[0].mix.value", min: 0.05, max: 8, scale: "log" }]);
  assert.deepEqual(Object.keys(result.goodness.terms), ["profile", "intensity", "spectrum", "tiles"]);
  assert.equal(result.crappifier.detector[0].kind, "poisson");
  assert.equal(result.crappifier.detector[0].mix.value, result.parameters[0].value);
  assert.equal(fit.file, "again.svg");
  assert.match(await readFile(file("work/again.svg"), "utf8"), /<svg/);

  const all = await json("fits", "list");
  assert.deepEqual(
    all.map(({ name }) => name.split("/").at(-1)),
    ["again", "our-scan"],
  );
  const { file: _, ...told } = fit;
  assert.deepEqual(all[0], told);
  assert.deepEqual(await json("fits", "show", "again"), [told]);
  assert.match((await command("fits", "list")).stdout, /^again +succeeded +[\d.]+ +detector\[0\]\.mix\.value [\d.]+$/m);
  const evaluations = await json("fits", "evaluations", "again");
  assert.equal(evaluations.length, result.evaluations);
  assert.equal(evaluations.at(-1).phase, "held_out");

  await json("fits", "export", "again", "-o", file("again.json"));
  const { comparison, ...exported } = JSON.parse(await readFile(file("again.json"), "utf8"));
  assert.deepEqual(exported, { ...told, evaluations });
  assert.deepEqual(Object.keys(comparison), ["profile", "intensity", "spectrum", "levels"]);
  assert.ok(comparison.profile.length > 10 && comparison.spectrum[0].direction === "along_x");

  const rendered = await command("fits", "render", "again", "-o", "again.svg");
  assert.match(rendered.stderr, /^again\.svg was there already, and is written anew$/m);
  await json("fits", "delete", "again");
  assert.match((await command("fits", "show", "again")).stderr, /\(NOT_FOUND\)/);
  assert.equal((await json("crappifiers", "show", "again")).length, 1);
});

test("a detector is measured alone by two scans; images of other fields do without pairs", async () => {
  await json("crappify", ids[0]!, "--poisson", "1", "--seed", "1", "--id", "second");
  // Poisson noise and nothing else: electrons of read noise would take their part of it.
  await writeFile(file("counting.json"), JSON.stringify({ detector: [{ kind: "camera", read_noise: { value: 0 } }] }));
  const scans = ["--scans", "fast-03930", "second", "--range", "detector[0].photons.value=20..2000:log"];
  const [alone] = await json("fit", ...scans, "--crappifier-file", file("counting.json"), "--id", "alone");
  const [{ value, low, high }] = alone.result.parameters;
  assert.ok(low < photons && photons < high && Math.abs(value / photons - 1) < 0.1, `${value} (${low} – ${high})`);
  assert.match((await command("fits", "show", "alone")).stdout, /^A detector was measured; nothing was compared/m);
  await json("fits", "export", "alone", "-o", file("alone.json"));
  assert.equal(JSON.parse(await readFile(file("alone.json"), "utf8")).comparison, null);

  // Read noise of about 6 around 20, in a file that says nothing of black and white.
  const dark = createPixelArray("yx", [128, 128], "uint8");
  let random = 1;
  dark.data.forEach((_, i) => {
    random = (random * 48271) % 2147483647;
    dark.data[i] = 10 + (random % 21);
  });
  await writeFile(file("dark.png"), await encodePng(dark));
  const [noise] = await json("fit", "--dark", file("dark.png"), "--id", "dark-noise");
  const [mean, sigma] = noise.result.parameters;
  assert.ok(
    Math.abs(mean.value - 20) < 0.5 && Math.abs(sigma.value - 6.06) < 0.3,
    `${sigma.value} around ${mean.value}`,
  );

  const template = ["--poisson", "2", "--gaussian", "5", "--optional", "detector[1]"];
  const other = ["--low", "fast-03930", "--high", "iso-03938", ...template, "--evaluations", "20"];
  const ended = await command("fit", ...other, "--id", "other", "--detach");
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stderr, /with --paired, a pair shows one/);
  assert.equal(ended.stdout, "projects/default/operations/fit-other\n");
  const watched = await command("operations", "watch", "fit-other");
  const next = "pssr fits show other, pssr fits render other -o other-fit.png";
  assert.equal(watched.stdout, `fit-other: succeeded; next: ${next}\n`);
  const shown = (await command("fits", "show", "other")).stdout;
  assert.match(shown, /^detector\[0\]\.mix\.value /m);
  const [{ result }] = await json("fits", "show", "other");
  const isKept = result.keptSteps.length === 1;
  assert.equal(/^detector\[1\]\.sigma\.value .* left out$/m.test(shown), !isKept);
  assert.equal(/^other .* detector\[1\]/m.test((await command("fits", "list")).stdout), isKept);
  assert.match(shown, isKept ? /: kept detector\[1\]$/m : /: left out detector\[1\]$/m);
});

test("Ctrl-C leaves a fit running, the next one waits and says so, and both can be cancelled", async () => {
  // So much to look for that it takes a while.
  const steps = {
    optics: ["gaussian_blur", "line_jitter", "drift", "brightness_bands"],
    detector: ["poisson", "gaussian"],
  };
  const kinds = Object.entries(steps).map(([stage, names]) => [stage, names.map((kind) => ({ kind }))]);
  await writeFile(file("much.json"), JSON.stringify(Object.fromEntries(kinds)));
  const images = ["--paired", "--low", "fast-*", "--high", "iso-*", "--crappifier-file", file("much.json")];
  const long = [...images, "--evaluations", "1000", "--id", "long"];
  const args = ["--address", installation.address, "fit", ...long, "--report", file("long.png")];
  const ended = await pssrUntil(/% {2}searching {2}/, "SIGINT", args);
  assert.equal(ended.code, 130, ended.stderr);
  assert.match(ended.stderr, /interrupted\n$/);
  assert.match(
    ended.stderr,
    /`pssr operations watch fit-long` follows it again, `pssr operations cancel fit-long` stops/,
  );
  assert.equal((await json("fits", "show", "long"))[0].state, "active");
  const next = ["--address", installation.address, "fit", ...images, "--id", "next", "--report", file("next.png")];
  const waited = await pssrUntil(/^fitting: 0 % {2}waiting for its turn$/m, "SIGINT", next);
  assert.equal(waited.code, 130, waited.stderr);
  const { stdout } = await command("operations", "list", "--state", "pending");
  assert.match(stdout, /^fit-next +pending +0 +0 % {2}waiting for its turn$/m);
  await json("operations", "cancel", "fit-next");
  await json("operations", "cancel", "fit-long");
  assert.equal((await command("operations", "watch", "fit-long")).code, 1);
  assert.equal(
    (await command("fits", "show", "long")).stdout,
    "projects/default/fits/long: cancelled (projects/default/operations/fit-long)\n",
  );
});

test("what is meant wrongly is said before anything is begun", async () => {
  const before = await json("operations", "list");
  const pair = ["--paired", "--low", "fast-03930", "--high", "iso-03930"];
  await refused(2, /there are no images; give --low and --high/);
  await refused(2, /--low needs --high beside it/, "--low", "fast-03930");
  await refused(
    2,
    /one image of high resolution for each .* 2 images of --low, 1 of --high/,
    ...pair,
    "--low",
    "second",
  );
  await refused(2, /iso-03930 finds no "3930" among/, "--paired", "--low", "iso-0*", "--high", "fast-*");
  await refused(2, /--scans takes two images/, "--scans", "second");
  const slow = [file("slow/"), "--high", file("fast/")];
  await refused(2, /each image of --low .*: are --low and --high swapped\?/, "--paired", "--low", ...slow);
  const unpaired = ["--low", "iso-03930", "--high", "fast-03930", "--optional", "detector[0]", "--preset", "none"];
  await refused(2, /^each image of --high is smaller .*: are --low and --high swapped\?$/m, ...unpaired);
  await refused(1, /no image fits "none-\*"/, "--low", "none-*", "--high", "iso-*");
  await refused(2, /there is no PNG or TIFF file in this folder/, "--low", file("empty/"), "--high", "iso-*");
  await refused(2, /nowhere\/: there is no such file or folder/, "--low", "nowhere/", "--high", "iso-*");
  await refused(2, /Expected PATH=MIN\.\.MAX/, ...pair, "--range", "detector[0].photons.value=5");
  await refused(2, /ends above 9/, ...pair, "--range", "detector[0].photons.value=9..5");
  const range = "detector[0].mix.value=1..2";
  await refused(2, /mix\.value" is no parameter .* it has .*detector\[0\]\.photons/, ...pair, "--range", range);
  await refused(2, /"detector\[1\]" is no step .* it has detector\[0\]/, ...pair, "--optional", "detector[1]");
  await refused(2, /tells the size of its pixels: give it here, or import/, ...pair, "--preset", "widefield-low-na");
  await refused(2, /mix\.value is there twice/, ...pair, "--range", range, "--range", range);
  await refused(2, /detector\[0\] is there twice/, ...pair, "--optional", "detector[0]", "detector[0]");
  const twice = ["--paired", "--low", "fast-03930", "fast-03930", "--high", ...ids];
  await refused(2, /fit\.pairs\[0\]\.low too; name each image once \(fit\.pairs\[1\]\.low is fast-03930\)/, ...twice);
  await refused(2, /cannot be used with/, ...pair, "--minutes", "1", "--evaluations", "20");
  for (const minutes of ["0", "-1", "2000", "soon"]) {
    await refused(2, /Expected minutes, from 0\.1 to 1440 \(a day\)/, ...pair, `--minutes=${minutes}`);
  }
  for (const evaluations of ["0", "9", "12.5", "1001"]) {
    await refused(2, /Expected a whole number from 10 to 1000: ten, and two/, ...pair, "--evaluations", evaluations);
  }
  await refused(2, /ends in \.png or \.svg/, ...pair, "--report", "fit.jpg");
  await refused(2, /no such file or folder/, ...pair, "--report", "nowhere/fit.png");
  await writeFile(file("blur.json"), '{"optics": [{"kind": "gaussian_blur"}]}');
  await refused(2, /give a crappifier of detector steps alone/, ...pair, "--high-noise", file("blur.json"));
  assert.deepEqual(await json("operations", "list"), before);
});

test("the size of a picture is read from its first bytes, whatever the file", async () => {
  const [height, width] = [70, 300];
  const pixels = createPixelArray("yx", [height, width], "uint16");
  await writeFile(file("size.png"), await encodePng(pixels));
  await writeFile(file("size.tif"), encodeTiff(tiffSource(pixels)));
  const big = Buffer.alloc(16 + 8 + 2 * 20);
  big.write("MM\0+\0\b\0\0", "latin1");
  big.writeBigUInt64BE(16n, 8);
  big.writeBigUInt64BE(2n, 16);
  [width, height].forEach((value, n) => {
    const at = 24 + 20 * n;
    big.writeUInt16BE(256 + n, at);
    big.writeUInt16BE(n === 0 ? 3 : 4, at + 2);
    big.writeBigUInt64BE(1n, at + 4);
    if (n === 0) big.writeUInt16BE(value, at + 12);
    else big.writeUInt32BE(value, at + 12);
  });
  await writeFile(file("big.tif"), big);
  for (const name of ["size.png", "size.tif", "big.tif"])
    assert.deepEqual(await pictureSize(file(name)), { height, width });
  for (const [name, bytes] of [
    ["words.png", Buffer.from("these are only words, not pixels")],
    ["short.tif", big.subarray(0, 60)],
  ] as const) {
    await writeFile(file(name), bytes);
    assert.equal(await pictureSize(file(name)), undefined);
  }
});

test("images that tell nothing are named as the person named them", async () => {
  const flat = createPixelArray("yx", [128, 128], "uint8");
  flat.data.fill(90);
  await writeFile(file("flat.png"), await encodePng(flat));
  const levels = ["--black", "0", "--white", "255"];
  const why = /pairs\[1\]\.low: its pixels are all the same; .* is flat\) \(UNSUITABLE_IMAGES\)/;
  const low = ["--low", "fast-03930", file("flat.png")];
  await refused(1, why, ...quick, ...levels, ...low, "--high", ...ids, "--id", "flat-one");

  const { stdout } = await command("fits", "show", "flat-one");
  const [state, told] = stdout.split("\n");
  assert.equal(state, "projects/default/fits/flat-one: failed (projects/default/operations/fit-flat-one)");
  assert.match(told!, why);
  const [{ error }] = await json("fits", "show", "flat-one");
  assert.equal(error.reason, "UNSUITABLE_IMAGES");
  assert.match(error.message, /pairs\[1\]\.low: its pixels are all the same/);
  assert.equal(told, `${error.message} (${error.reason})`);

  const client = connect(installation.address);
  await client.operations.deleteOperation({ name: "projects/default/operations/fit-flat-one" });
  client.close();
  assert.match(
    (await command("fits", "show", "flat-one")).stdout,
    /flat-one: failed .*\nwhy it failed is no longer known/,
  );
});
