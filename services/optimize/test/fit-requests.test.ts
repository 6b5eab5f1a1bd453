import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { Fit, Fit_Objective as Objective, ParameterRange_Scale as RangeScale } from "@pssr/api";
import { toCrappifierMessage } from "@pssr/crappifiers";
import { createPixelArray } from "@pssr/imaging";
import { imageNamed, project } from "./fixtures/crappify-process.js";
import { photonNoise } from "./fixtures/pictures.js";
import { refusal, startWorld, type World } from "./fixtures/world.js";

type Asked = Parameters<typeof Fit.fromPartial>[0];

/** The service without a worker, and images of which only the shape counts. */
async function prepare(t: TestContext): Promise<World> {
  const world = await startWorld(t, ["--fit-concurrency", "0", "--fit-tile-memory", "1MiB"]);
  const blank = (shape: number[], dtype: "uint8" | "float32" = "uint8") =>
    createPixelArray(shape.length === 3 ? "zyx" : "yx", shape, dtype);
  await world.crappify.addImage("high", blank([512, 768]));
  await world.crappify.addImage("low", blank([256, 384]));
  await world.crappify.addImage("other", blank([256, 384]));
  await world.crappify.addImage("same-size", blank([256, 384]));
  await world.crappify.addImage("stack", blank([3, 512, 768]));
  await world.crappify.addImage("odd", blank([256, 400]));
  await world.crappify.addImage("small", blank([40, 40]));
  await world.crappify.addImage("small-too", blank([40, 40]));
  await world.crappify.addImage("wide", blank([512, 512], "float32"));
  await world.crappify.addImage("wide-too", blank([512, 512], "float32"));
  await world.crappify.addImage("dark", blank([64, 64], "float32"), { isMeasured: true });
  return world;
}

const pairs = [{ low: imageNamed("low"), high: imageNamed("high") }];
const poisson = toCrappifierMessage(photonNoise(1));

test("what a fit is asked for comes back complete: template, ranges, budget, tiles", async (t) => {
  const world = await prepare(t);
  await world.fits.fitCrappifier({ parent: project, fitId: "usual", fit: { pairs } });
  const usual = await world.fits.getFit({ name: `${project}/fits/usual` });
  assert.deepEqual(usual.template!.sampling, { scale: 2, kernel: 1 });
  assert.deepEqual(
    usual.template!.detector.map(({ kind }) => kind!.$case),
    ["camera"],
  );
  assert.deepEqual(
    usual.ranges.map(({ path, scale }) => [path, scale]),
    [
      ["detector[0].photons.value", RangeScale.SCALE_LOG],
      ["detector[0].read_noise.value", RangeScale.SCALE_LINEAR],
      ["detector[0].offset.value", RangeScale.SCALE_LINEAR],
    ],
  );
  assert.deepEqual(usual.budget, { $case: "maxEvaluations", value: 60 });
  assert.equal(usual.objective, Objective.OBJECTIVE_FEATURES);
  // Of 192 there would be eight tiles, of 128 there are 24.
  assert.deepEqual([usual.tiles, usual.tileSize], [80, 128]);
  assert.deepEqual(usual.pairs, pairs);

  const ranges = [{ path: "detector[0].mix.value", min: 0.5, max: 4 }];
  const fit: Asked = { pairs, template: { detector: poisson.detector }, ranges, tileSize: 192, tiles: 4, seed: 5n };
  const operation = await world.fits.fitCrappifier({ parent: project, fitId: "own", fit, requestId: "r" });
  const own = await world.fits.getFit({ name: `${project}/fits/own` });
  assert.deepEqual(own.template!.sampling, { scale: 2, kernel: 1 }, "the scale of the pairs");
  assert.deepEqual(own.ranges, [{ ...ranges[0], scale: RangeScale.SCALE_LINEAR }]);
  assert.deepEqual([own.tiles, own.tileSize, own.seed], [4, 192, 5n]);
  const noise = { kind: { $case: "gaussian" as const, value: { sigma: { value: 2 } } } };
  await world.fits.fitCrappifier({ parent: project, fitId: "noisy", fit: { pairs, highNoise: [noise] } });
  const { highNoise } = await world.fits.getFit({ name: `${project}/fits/noisy` });
  assert.deepEqual(highNoise[0]!.kind!.value, { mean: { value: 0, spread: 0 }, sigma: { value: 2, spread: 0 } });
  const names = async (pageToken = "") => {
    const page = await world.fits.listFits({ parent: project, pageSize: 2, pageToken });
    return { ...page, ids: page.fits.map(({ name }) => name.replace(`${project}/fits/`, "")) };
  };
  const first = await names();
  assert.deepEqual(first.ids, ["noisy", "own"]);
  assert.deepEqual((await names(first.nextPageToken)).ids, ["usual"]);
  const again = await world.fits.fitCrappifier({ parent: project, fitId: "own", fit, requestId: "r" });
  assert.equal(again.name, operation.name);
  const changed = world.fits.fitCrappifier({ parent: project, fitId: "own", fit: { pairs }, requestId: "r" });
  await assert.rejects(changed, refusal("ALREADY_EXISTS", "fit_id"));
  for (const fitId of ["second", ""]) {
    const second = world.fits.fitCrappifier({ parent: project, fitId, fit, requestId: "r" });
    await assert.rejects(second, refusal("ALREADY_EXISTS", "request_id"));
  }
  assert.deepEqual((await names()).ids, first.ids, "no second fit was begun");
});

test("what makes no sense is refused by the call, with the field's path", async (t) => {
  const world = await prepare(t);
  const ask = (fit: Asked) => world.fits.fitCrappifier({ parent: project, fitId: "no", fit });
  const mix = { path: "detector[0].mix.value", min: 0.5, max: 4, scale: RangeScale.SCALE_LOG };
  const low = imageNamed("low");
  const unpaired = { low: [low], high: [imageNamed("high")] };
  const wrong: [Asked, Parameters<typeof refusal>[0], string][] = [
    [{}, "INVALID_FIELD", "fit.pairs"],
    [{ pairs, unpaired }, "INVALID_FIELD", "fit.unpaired"],
    [{ unpaired: { low: [low] } }, "INVALID_FIELD", "fit.unpaired.high"],
    [{ pairs: Array.from({ length: 101 }, () => pairs[0]!) }, "INVALID_FIELD", "fit.pairs"],
    [{ pairs: [{ low, high: "projects/other/images/high" }] }, "INVALID_FIELD", "fit.pairs[0].high"],
    [{ pairs: [...pairs, { low, high: imageNamed("none") }] }, "NOT_FOUND", "fit.pairs[1].high"],
    [{ pairs: [{ low, high: imageNamed("odd") }] }, "SHAPE_MISMATCH", "fit.pairs[0].high"],
    [{ pairs: [{ low, high: imageNamed("stack") }] }, "SHAPE_MISMATCH", "fit.pairs[0].high"],
    [
      { pairs: [...pairs, { low: imageNamed("other"), high: imageNamed("same-size") }] },
      "SHAPE_MISMATCH",
      "fit.pairs[1].high",
    ],
    [{ pairs: [...pairs, ...pairs] }, "INVALID_FIELD", "fit.pairs[1].low"],
    [{ pairs: [...pairs, { low, high: imageNamed("odd") }] }, "INVALID_FIELD", "fit.pairs[1].low"],
    [{ unpaired: { ...unpaired, low: [low, imageNamed("other"), low] } }, "INVALID_FIELD", "fit.unpaired.low[2]"],
    [
      { unpaired: { ...unpaired, high: [...unpaired.high, ...unpaired.high] } },
      "INVALID_FIELD",
      "fit.unpaired.high[1]",
    ],
    [{ pairs: [{ low: imageNamed("small"), high: imageNamed("small-too") }] }, "UNSUITABLE_IMAGES", "fit.pairs[0].low"],
    [{ pairs: [{ low, high: low }] }, "INVALID_FIELD", "fit.pairs[0].low"],
    [{ unpaired: { low: [low], high: [low] } }, "INVALID_FIELD", "fit.unpaired.low[0]"],
    [{ pairs, template: { sampling: { scale: 4 } } }, "INVALID_FIELD", "fit.template.sampling.scale"],
    [{ pairs, template: { named: { $case: "preset", value: "nothing" } } }, "INVALID_FIELD", "fit.template.preset"],
    [{ pairs, ranges: [{ ...mix, path: "detector[9].mix.value" }] }, "INVALID_FIELD", "fit.ranges[0].path"],
    [{ pairs, template: poisson, ranges: [{ ...mix, min: 4 }] }, "INVALID_FIELD", "fit.ranges[0]"],
    [{ pairs, template: poisson, ranges: [{ ...mix, min: 0 }] }, "INVALID_FIELD", "fit.ranges[0].min"],
    [
      { pairs, template: poisson, ranges: [{ ...mix, scale: RangeScale.UNRECOGNIZED }] },
      "INVALID_FIELD",
      "fit.ranges[0].scale",
    ],
    [{ pairs, ranges: [{ path: "detector[0].bits.value", min: 6.5, max: 10.5 }] }, "INVALID_FIELD", "fit.ranges[0]"],
    [{ pairs, template: poisson, optionalSteps: ["optics[0]"] }, "INVALID_FIELD", "fit.optional_steps[0]"],
    [{ pairs, highNoise: [{ kind: { $case: "drift", value: {} } }] }, "INVALID_FIELD", "fit.high_noise[0]"],
    [{ unpaired, highNoise: poisson.detector }, "INVALID_FIELD", "fit.high_noise"],
    [{ pairs, budget: { $case: "maxEvaluations", value: 15 } }, "INVALID_FIELD", "fit.max_evaluations"],
    [{ pairs, budget: { $case: "maxEvaluations", value: 1001 } }, "INVALID_FIELD", "fit.max_evaluations"],
    [{ pairs, budget: { $case: "maxDuration", value: { seconds: 2n } } }, "INVALID_FIELD", "fit.max_duration"],
    [{ pairs, tiles: 101 }, "INVALID_FIELD", "fit.tiles"],
    [{ pairs, tileSize: 129 }, "INVALID_FIELD", "fit.tile_size"],
    [{ pairs, tileSize: 514 }, "INVALID_FIELD", "fit.tile_size"],
    [{ pairs, tileSize: 512 }, "UNSUITABLE_IMAGES", "fit.pairs[0].high"],
    [
      { unpaired, objective: Objective.OBJECTIVE_PROFILE, template: { sampling: { scale: 2 } } },
      "INVALID_FIELD",
      "fit.objective",
    ],
    [
      { unpaired: { low: [imageNamed("wide")], high: [imageNamed("wide-too")] }, tileSize: 256 },
      "LIMIT_EXCEEDED",
      "fit.tiles",
    ],
  ];
  for (const [fit, reason, field] of wrong) {
    await assert.rejects(ask(fit), refusal(reason, field), JSON.stringify(Fit.toJSON(Fit.fromPartial(fit))));
  }
  await assert.rejects(world.fits.fitCrappifier({ parent: project }), refusal("INVALID_FIELD", "fit"));
  // Three ranges, of a camera, and the step itself.
  const optional: Asked = { pairs, optionalSteps: ["detector[0]"], budget: { $case: "maxEvaluations", value: 17 } };
  await assert.rejects(ask(optional), /17 is outside 18 to 1000/);
  const blur = { optics: [{ kind: { $case: "gaussianBlur" as const, value: {} } }], sampling: { scale: 2 } };
  const wide = [{ path: "optics[0].sigma.value", min: 0, max: 30 }];
  await assert.rejects(ask({ pairs, template: blur, ranges: wide, tileSize: 128 }), (error) => {
    assert.match(String(error), /30 cannot be tried on tiles of this size.*at most 16/);
    return refusal("INVALID_FIELD", "fit.ranges[0]")(error);
  });
  await assert.rejects(world.fits.getFit({ name: `${project}/fits/no` }), refusal("NOT_FOUND", "name"));
});

test("a path is refused with the paths of this template, and one that is there twice as that", async (t) => {
  const world = await prepare(t);
  const refused = async (message: RegExp, field: string, paths: string[], optionalSteps: string[] = []) => {
    const ranges = paths.map((path) => ({ path, min: 1, max: 2 }));
    const template = { detector: [...poisson.detector, { kind: { $case: "gaussian" as const, value: {} } }] };
    const asked = world.fits.fitCrappifier({
      parent: project,
      fitId: "no",
      fit: { pairs, template, ranges, optionalSteps },
    });
    await assert.rejects(asked, (error) => {
      assert.match(String(error), message);
      return refusal("INVALID_FIELD", field)(error);
    });
  };
  const [mix, photons] = ["detector[0].mix.value", "detector[0].photons.value"];
  const there =
    /photons\.value" is no .*; it has detector\[0\]\.mix, detector\[1\]\.mean, detector\[1\]\.sigma, each with/;
  await refused(there, "fit.ranges[1].path", [mix, photons]);
  await refused(/mix" needs \.value or \.spread behind it/, "fit.ranges[0].path", ["detector[0].mix"]);
  await refused(/mix\.value is there twice; give it one range/, "fit.ranges[1].path", [mix, mix]);
  const steps = /"optics\[0\]" is no step of this template; it has detector\[0\], detector\[1\]/;
  await refused(steps, "fit.optional_steps[0]", [mix], ["optics[0]"]);
  const twice = ["detector[1]", "detector[0]", "detector[1]"];
  await refused(/detector\[1\] is there twice; name it once/, "fit.optional_steps[2]", [mix], twice);
  // Without a word of it, a camera.
  const camera = { pairs, ranges: [{ path: mix, min: 1, max: 2 }] };
  await assert.rejects(
    world.fits.fitCrappifier({ parent: project, fitId: "no", fit: camera }),
    /it has .*detector\[0\]\.photons, detector\[0\]\.read_noise/,
  );
});

test("ranges of one step that have room alone, and none together, are refused", async (t) => {
  const world = await prepare(t);
  // A lens of 520 nm and 1.4 by default; on 128 pixels of 10 nm a blur may be of 16.
  const lens = { pixelSize: { value: 10 } };
  const template = { optics: [{ kind: { $case: "opticalBlur" as const, value: lens } }], sampling: { scale: 2 } };
  const range = (name: string, min: number, max: number) => ({ path: `optics[0].${name}.value`, min, max });
  const ask = (fitId: string, least: number, ...others: ReturnType<typeof range>[]) => {
    const ranges = [...others, range("numerical_aperture", least, 1.6)];
    return world.fits.fitCrappifier({ parent: project, fitId, fit: { pairs, template, ranges, tileSize: 128 } });
  };
  await ask("aperture", 0.75);
  await ask("both", 1.2, range("wavelength", 400, 800));
  await assert.rejects(ask("no", 0.75, range("wavelength", 400, 800)), (error) => {
    assert.match(
      String(error),
      /wavelength\.value of 800 and optics\[0\]\.numerical_aperture\.value of 0\.75 cannot be/,
    );
    return refusal("INVALID_FIELD", "fit.ranges[0]")(error);
  });
});

test("what a detector's images alone do not tell is refused by the call", async (t) => {
  const world = await prepare(t);
  const ask = (detectorImages: Asked["detectorImages"], fit: Asked = {}) =>
    world.fits.fitCrappifier({ parent: project, fitId: "no", fit: { ...fit, detectorImages } });
  const [low, other] = [imageNamed("low"), imageNamed("other")];
  const scans = { scans: [{ first: low, second: other }] };
  const dark = { darkFrames: [low] };
  const camera = { kind: { $case: "camera" as const, value: {} } };
  const gaussian = { kind: { $case: "gaussian" as const, value: {} } };
  const ranges = (...names: string[]) => names.map((name) => ({ path: `detector${name}.value`, min: 1, max: 2 }));
  const template = { detector: [camera, gaussian] };
  const wrong: [Asked["detectorImages"], Asked, string][] = [
    [dark, { template: { detector: [camera] } }, "fit.template"],
    [scans, { template: { detector: [{ kind: { $case: "speckle", value: {} } }] } }, "fit.template"],
    [dark, { template, ranges: ranges("[0].read_noise") }, "fit.ranges[0].path"],
    [scans, { template, ranges: ranges("[0].read_noise", "[0].gain") }, "fit.ranges[1].path"],
    [scans, { template, ranges: ranges("[0].read_noise", "[1].sigma") }, "fit.ranges[1].path"],
    [scans, { template: { detector: [gaussian, gaussian] } }, "fit.ranges[1].path"],
    [scans, { ranges: ranges("[0].offset") }, "fit.ranges[0].path"],
    [scans, { optionalSteps: ["detector[0]"] }, "fit.optional_steps"],
    [scans, { highNoise: [gaussian] }, "fit.high_noise"],
    [{ scans: [{ first: low, second: low }] }, {}, "fit.detector_images.scans[0].second"],
    [{ scans: [...scans.scans, { first: other, second: low }] }, {}, "fit.detector_images.scans[1].second"],
    [{ darkFrames: [low, low] }, {}, "fit.detector_images.dark_frames[1]"],
  ];
  for (const [images, fit, field] of wrong) {
    await assert.rejects(ask(images, fit), refusal("INVALID_FIELD", field), field);
  }
  const measured = ask({ darkFrames: [imageNamed("dark")] });
  await assert.rejects(measured, refusal("UNSUITABLE_IMAGES", "fit.detector_images.dark_frames[0]"));
});

test("a fit is refused the name of a crappifier that is there already, for it would be saved under it", async (t) => {
  const world = await prepare(t);
  await world.crappify.crappifiers.createCrappifier({
    parent: project,
    crappifierId: "taken",
    crappifier: { crappifier: poisson },
  });
  const asked = world.fits.fitCrappifier({ parent: project, fitId: "taken", fit: { pairs } });
  await assert.rejects(asked, refusal("ALREADY_EXISTS", "fit_id"));
  const named = { named: { $case: "saved" as const, value: `${project}/crappifiers/taken` } };
  await world.fits.fitCrappifier({ parent: project, fitId: "another", fit: { pairs, template: named } });
  const { template } = await world.fits.getFit({ name: `${project}/fits/another` });
  assert.deepEqual(template, poisson, "a name is written out in numbers");
});
