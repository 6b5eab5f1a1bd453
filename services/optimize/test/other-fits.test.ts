import assert from "node:assert/strict";
import { test } from "node:test";
import { FitEvaluation_Phase as Phase, Progress, Fit_State as State } from "@pssr/api";
import { type Crappifier, toCrappifierMessage } from "@pssr/crappifiers";
import { createPixelArray } from "@pssr/imaging";
import { imageNamed, project } from "./fixtures/crappify-process.js";
import { photonNoise, picture, taken } from "./fixtures/pictures.js";
import { FitFailed, refusal, startWorld } from "./fixtures/world.js";

const one = `${project}/fits/one`;

test("a detector is measured from two scans and dark frames, without any pair, and nothing is degraded for it", async (t) => {
  const world = await startWorld(t);
  const detector: Crappifier = {
    optics: [],
    sampling: { scale: 1, kernel: "POINT" },
    detector: [
      {
        kind: "camera",
        photons: { value: 200, spread: 0 },
        read_noise: { value: 4, spread: 0 },
        gain: { value: 1, spread: 0 },
        offset: { value: 20, spread: 0 },
        bits: { value: 0, spread: 0 },
      },
    ],
  };
  const field = picture([256, 256]);
  const dark = createPixelArray("yx", [256, 256], "uint8");
  await world.crappify.addImage("first", taken(field, detector, 1));
  await world.crappify.addImage("second", taken(field, detector, 2));
  // Black and white of a dark frame cannot be measured on it: it has those of the scans.
  await world.crappify.addImage("dark", taken(dark, detector, 3), { levels: [8, 31], isMeasured: true });
  const detectorImages = {
    scans: [{ first: imageNamed("first"), second: imageNamed("second") }],
    darkFrames: [imageNamed("dark")],
  };
  const fit = { detectorImages };
  const { result, state } = await world.ended(await world.fits.fitCrappifier({ parent: project, fitId: "one", fit }));
  assert.equal(state, State.STATE_SUCCEEDED);
  assert.equal(result!.evaluations, 0);
  assert.equal(result!.goodness, undefined);
  const found = Object.fromEntries(result!.parameters.map(({ path, value }) => [path, value]));
  for (const [name, truth] of [
    ["photons", 200],
    ["read_noise", 4],
    ["offset", 20],
  ] as const) {
    const value = found[`detector[0].${name}.value`]!;
    assert.ok(Math.abs(value / truth - 1) < 0.1, `${name} is ${value}, not ${truth}`);
  }
  const nothing = world.fits.getFitComparison({ name: `${one}/comparison` });
  await assert.rejects(nothing, refusal("NOT_FOUND", "name"));
  const { data } = await world.fits.renderFit({ name: one });
  assert.equal(Buffer.from(data.subarray(1, 4)).toString(), "PNG");
  assert.deepEqual((await world.fits.listFitEvaluations({ parent: one })).evaluations, []);
});

test("dark frames alone, with nothing else said, tell the read noise and the offset", async (t) => {
  const world = await startWorld(t);
  const read = { kind: "gaussian" as const, mean: { value: 20, spread: 0 }, sigma: { value: 5, spread: 0 } };
  const detector: Crappifier = { optics: [], sampling: { scale: 1, kernel: "POINT" }, detector: [read] };
  const dark = taken(createPixelArray("yx", [256, 256], "uint8"), detector, 3);
  await world.crappify.addImage("dark", dark, { levels: [8, 31], isMeasured: true });
  const fit = { detectorImages: { darkFrames: [imageNamed("dark")] } };
  const { result } = await world.ended(await world.fits.fitCrappifier({ parent: project, fitId: "one", fit }));
  assert.deepEqual(
    result!.parameters.map(({ path }) => path),
    ["detector[0].mean.value", "detector[0].sigma.value"],
  );
  const [mean, sigma] = result!.parameters;
  assert.ok(Math.abs(mean!.value / 20 - 1) < 0.05, `the mean is ${mean!.value}, not 20`);
  assert.ok(Math.abs(sigma!.value / 5 - 1) < 0.05, `sigma is ${sigma!.value}, not 5`);
});

test("images that are no pairs are fitted by what is quick in them, over all planes of a stack", async (t) => {
  const world = await startWorld(t);
  const truth = photonNoise(2);
  await world.crappify.addImage("high", picture([2, 256, 384], "uint16", 0, 4095), { levels: [0, 4095] });
  const elsewhere = picture([2, 256, 384], "uint16", 2, 4095);
  await world.crappify.addImage("low", taken(elsewhere, truth, 7, 4095), { levels: [0, 4095] });
  const fit = {
    template: toCrappifierMessage(photonNoise(0.5)),
    unpaired: { low: [imageNamed("low")], high: [imageNamed("high")] },
    budget: { $case: "maxEvaluations" as const, value: 16 },
    tileSize: 128,
  };
  const answer = await world.ended(await world.fits.fitCrappifier({ parent: project, fitId: "one", fit }));
  const [mix] = answer.result!.parameters;
  assert.ok(Math.abs(mix!.value / 2 - 1) < 0.1, `${mix!.value} is not 2`);
  assert.equal(answer.result!.fittedTiles + answer.result!.heldOutTiles, 12);
  const { real, simulated } = await world.fits.getFitComparison({ name: one });
  assert.deepEqual(real!.shape, simulated!.shape);
});

test("a budget of time is kept, and told in seconds", async (t) => {
  const world = await startWorld(t);
  const high = picture([512, 512]);
  await world.crappify.addImage("high", high);
  // No numbers of the template's make such noise: it would be looked for as long as there is time.
  const amount = { value: 0.05, spread: 0 };
  const salted: Crappifier = {
    ...photonNoise(1),
    detector: [{ kind: "salt_and_pepper", amount, salt: { value: 0.5, spread: 0 } }],
  };
  await world.crappify.addImage("low", taken(high, salted, 7));
  const fit = {
    template: toCrappifierMessage(photonNoise(0.5)),
    pairs: [{ low: imageNamed("low"), high: imageNamed("high") }],
    budget: { $case: "maxDuration" as const, value: { seconds: 5n } },
    tileSize: 128,
  };
  const operation = await world.fits.fitCrappifier({ parent: project, fitId: "one", fit });
  const told: Progress[] = [];
  for await (const { progress } of world.operations.watch(operation.name)) {
    if (progress !== undefined) told.push(Progress.decode(progress.bytes));
  }
  assert.ok(told.some(({ unit, total }) => unit === "seconds" && total === 5n));
  const answer = await world.ended(operation);
  const { evaluations } = await world.fits.listFitEvaluations({ parent: one, pageSize: 1000 });
  assert.equal(evaluations.length, answer.result!.evaluations);
  assert.equal(evaluations.at(-1)!.phase, Phase.PHASE_HELD_OUT);
  // However slow the machine is: nothing more is looked for behind the end of the time.
  const lookingFor = [Phase.PHASE_SEARCH, Phase.PHASE_DESCENT];
  evaluations.forEach(({ phase }, n) => {
    const began = evaluations[n - 1]?.elapsed?.seconds ?? 0n;
    assert.ok(!lookingFor.includes(phase) || began < 5n, `evaluation ${n + 1} began after ${began} s`);
  });
});

test("images that tell nothing end the fit with what is wrong and the field that names them", async (t) => {
  const world = await startWorld(t);
  const grey = createPixelArray("yx", [256, 256], "uint8");
  grey.data.fill(100);
  await world.crappify.addImage("high", picture([512, 512]));
  await world.crappify.addImage("low", grey);
  const fit = { pairs: [{ low: imageNamed("low"), high: imageNamed("high") }], tileSize: 128 };
  const operation = await world.fits.fitCrappifier({ parent: project, fitId: "one", fit });
  await assert.rejects(world.ended(operation), (error) => {
    assert.ok(error instanceof FitFailed);
    assert.equal(error.end.error!.reason, "UNSUITABLE_IMAGES");
    assert.equal(error.end.error!.field, "fit.pairs[0].low");
    return true;
  });
  assert.equal((await world.fits.getFit({ name: one })).state, State.STATE_FAILED);
  assert.equal((await world.fits.getFit({ name: one })).result, undefined);
});

test("a crappifier that takes the fit's name while it is at work keeps it; the fit's own has the next one", async (t) => {
  const world = await startWorld(t);
  const high = picture([512, 512]);
  await world.crappify.addImage("high", high);
  await world.crappify.addImage("low", taken(high, photonNoise(1.5), 7));
  const fit = {
    template: toCrappifierMessage(photonNoise(0.5)),
    pairs: [{ low: imageNamed("low"), high: imageNamed("high") }],
    budget: { $case: "maxEvaluations" as const, value: 12 },
    tileSize: 128,
  };
  const operation = await world.fits.fitCrappifier({ parent: project, fitId: "one", fit });
  const other = { crappifier: toCrappifierMessage(photonNoise(3)) };
  await world.crappify.crappifiers.createCrappifier({ parent: project, crappifierId: "one", crappifier: other });
  const { result } = await world.ended(operation);
  const { savedCrappifier } = (await world.fits.getFit({ name: one })).result!;
  assert.equal(savedCrappifier, `${project}/crappifiers/one-2`);
  const saved = await world.crappify.crappifiers.getCrappifier({ name: savedCrappifier });
  assert.deepEqual(saved.crappifier, result!.crappifier);
});

test("the response names no crappifier: one that was deleted has taken the fit's name for ever", async (t) => {
  const world = await startWorld(t);
  const high = picture([512, 512]);
  await world.crappify.addImage("high", high);
  await world.crappify.addImage("low", taken(high, photonNoise(1.5), 7));
  const { crappifiers } = world.crappify;
  const other = { crappifier: toCrappifierMessage(photonNoise(3)) };
  await crappifiers.createCrappifier({ parent: project, crappifierId: "one", crappifier: other });
  await crappifiers.deleteCrappifier({ name: `${project}/crappifiers/one` });
  const fit = {
    template: toCrappifierMessage(photonNoise(0.5)),
    pairs: [{ low: imageNamed("low"), high: imageNamed("high") }],
    budget: { $case: "maxEvaluations" as const, value: 12 },
    tileSize: 128,
  };
  const { result } = await world.ended(await world.fits.fitCrappifier({ parent: project, fitId: "one", fit }));
  assert.equal(result!.savedCrappifier, "");
  const { savedCrappifier } = (await world.fits.getFit({ name: one })).result!;
  assert.equal(savedCrappifier, `${project}/crappifiers/one-2`);
});
