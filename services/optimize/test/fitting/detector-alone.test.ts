import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import type { FitOutcome } from "../../dist/fitting/fit-outcome.js";
import type { FitProblem, GreyTile } from "../../dist/fitting/fit-problem.js";
import type { ParameterRange } from "../../dist/template/crappifier-template.js";
import { crappifierOf, degraded, fitted, highTiles, problemOf } from "./microscope.js";

const camera = { kind: "camera", photons: { value: 200 }, read_noise: { value: 8 }, offset: { value: 5 } };
const truth = { ...crappifierOf({ detector: [camera] }), sampling: { scale: 1, kernel: "POINT" as const } };
const none = { real: [], high: [] };
const tiles = highTiles(4);
const scans = tiles.map((tile, n) => ({
  first: degraded(truth, tile, BigInt(2 * n)),
  second: degraded(truth, tile, BigInt(2 * n + 1)),
}));
const black: GreyTile = { ...tiles[0]!, values: new Uint8Array(tiles[0]!.values.length) };
const darkFrames = [{ first: degraded(truth, black, 1001n), second: degraded(truth, black, 1002n) }];

function problem(paths: string[], detector: FitProblem["detector"]): FitProblem {
  const ranges = paths.map((path) => ({
    path,
    min: path.includes("offset") ? -30 : 1,
    max: 5000,
    scale: "LINEAR" as const,
  }));
  const limited = ranges.map((range) => ({ ...range, max: range.path.includes("offset") ? 60 : range.max }));
  return problemOf(truth, limited, { fitted: none, heldOut: none }, { detector });
}

test("two scans and dark frames measure a detector without anything to be looked for", async () => {
  const paths = ["photons", "read_noise", "offset"].map((name) => `detector[0].${name}.value`);
  const { outcome, asked } = await fitted(problem(paths, { scans, darkFrames }));
  assert.deepEqual(asked, []);
  [200, 8, 5].forEach((value, n) => {
    const found = outcome.parameters[n]!;
    assert.ok(Math.abs(found.value / value - 1) < 0.1, `${found.path}: ${found.value}, and it is ${value}`);
    assert.ok(found.low <= found.value && found.value <= found.high && found.isIdentified);
  });
  assert.equal(outcome.detector[0]!.method, "TWO_SCANS");
  assert.equal(outcome.goodness, undefined);
  assert.ok(!outcome.findings.some(({ kind }) => kind === "FEW_TILES"));
});

test("what a detector's images do not tell is refused by its path", async () => {
  const asked = problem(["detector[0].photons.value", "detector[0].gain.value"], { scans, darkFrames: [] });
  const gain = asked.ranges.map((range) => (range.path.includes("gain") ? { ...range, max: 100 } : range));
  await assert.rejects(fitted({ ...asked, ranges: gain }), (error) => {
    assert.ok(isPssrError(error, "INVALID_FIELD"));
    assert.equal(error.field, "ranges[1].path");
    return true;
  });
  const nothing = problem(["detector[0].photons.value"], { scans: [], darkFrames: [] });
  await assert.rejects(
    fitted(nothing),
    (error) => isPssrError(error, "INVALID_FIELD") && error.field === "detector_images",
  );
});

test("an offset is told by dark frames only", async () => {
  const { outcome } = await fitted(problem(["detector[0].photons.value"], { scans, darkFrames: [] }));
  assert.deepEqual(Object.keys(outcome.detector[0]!.estimates), [
    "camera.photons",
    "camera.read_noise",
    "poisson.mix",
    "gaussian.sigma",
  ]);
});

test("scans and dark frames that are copies are refused: they would say that there is no noise", async () => {
  const isCopy = (field: string) => (error: unknown) =>
    isPssrError(error, "UNSUITABLE_IMAGES") && error.field === field && /pixel by pixel/.test(error.message);
  const named = (tile: GreyTile, field: string) => ({ ...tile, field });
  const [{ first }] = scans as [(typeof scans)[number]];
  const twice = [{ first: named(first, "scans[0].first"), second: named(first, "scans[0].second") }];
  const photons = ["detector[0].photons.value"];
  await assert.rejects(fitted(problem(photons, { scans: twice, darkFrames: [] })), isCopy("scans[0].second"));
  const [dark, copy] = [0, 1].map((n) => named(darkFrames[0]!.first, `dark_frames[${n}]`));
  const copies = [...darkFrames, { first: dark!, second: copy! }];
  await assert.rejects(fitted(problem(photons, { scans, darkFrames: copies })), isCopy("dark_frames[1]"));
});

const seenThrough = (step: object) => ({ ...crappifierOf({ detector: [step] }), sampling: truth.sampling });
const photons: ParameterRange = { path: "detector[0].photons.value", min: 5, max: 20000, scale: "LOG" };
const readNoise: ParameterRange = { path: "detector[0].read_noise.value", min: 0, max: 50, scale: "LINEAR" };

/** Two scans of a field of about one grey value, from so much below it to so much above. */
function fieldOf(contrast: number): FitProblem["detector"] {
  const values = Uint8Array.from({ length: 128 * 128 }, (_, n) => 110 + contrast * (((n % 128) - 63.5) / 64));
  const field: GreyTile = { ...black, height: 128, width: 128, values };
  const step = { kind: "camera", photons: { value: 200 }, read_noise: { value: 8 } };
  const [first, second] = [1n, 2n].map((seed) => degraded(seenThrough(step), field, seed));
  return { scans: [{ first: first!, second: second! }], darkFrames: [] };
}

const measured = (template: object, ranges: ParameterRange[], contrast: number) =>
  fitted(
    problemOf(
      seenThrough({ kind: "camera", ...template }),
      ranges,
      { fitted: none, heldOut: none },
      {
        detector: fieldOf(contrast),
      },
    ),
  );

/** The deviation of the crappifier's noise at a grey value that is seen. */
function noiseAt(grey: number, { detector }: FitOutcome["crappifier"]): number {
  const [{ photons, read_noise: read, gain }] = detector as unknown as [Record<string, { value: number }>];
  const photon = (255 * gain!.value) / photons!.value;
  return Math.sqrt(photon * grey + (photon * read!.value) ** 2);
}

const refused = (words: RegExp) => (error: unknown) =>
  isPssrError(error, "UNSUITABLE_IMAGES") && error.field === "detector_images" && words.test(error.message);

test("scans of a nearly flat field do not tell photons from read noise, and are refused", async () => {
  for (const contrast of [0, 2, 5]) {
    await assert.rejects(
      measured({}, [photons, readNoise], contrast),
      refused(/bright and dark parts, or dark frames/),
    );
  }
});

test("a number that would be cut to its range, so that noise were another, is refused with the range as the cause", async () => {
  const wider = refused(/^detector_images: detector\[0\].photons.value is .* beyond its range.* give a wider range/);
  await assert.rejects(measured({}, [{ ...photons, max: 100 }, readNoise], 75), wider);
  const { outcome } = await measured({}, [{ ...photons, max: 240 }, readNoise], 75);
  assert.ok(outcome.parameters.every(({ isIdentified }) => isIdentified));
});

test("an interval of half of the range or more is not identified", async () => {
  const narrow = { ...readNoise, min: 6.5, max: 9.5 };
  const { outcome } = await measured({}, [photons, narrow], 75);
  assert.deepEqual(
    outcome.parameters.map(({ isIdentified }) => isIdentified),
    [true, false],
  );
});

test("numbers are those of the template's own camera: its gain, and what it fixes", async () => {
  for (const [template, ranges] of [
    [{}, [photons, readNoise]],
    [{ gain: { value: 2 } }, [photons, readNoise]],
    [{ photons: { value: 200 } }, [readNoise]],
    [{ read_noise: { value: 8 } }, [photons]],
  ] as const) {
    const { crappifier, parameters } = (await measured(template, [...ranges], 75)).outcome;
    for (const grey of [60, 110, 160]) {
      const truth = Math.sqrt(1.275 * grey + 10.2 ** 2);
      const found = noiseAt(grey, crappifier);
      assert.ok(Math.abs(found / truth - 1) < 0.03, `${JSON.stringify(template)}, at ${grey}: ${found}, not ${truth}`);
    }
    for (const { path, low, high } of parameters) {
      const is = path.includes("photons") ? 200 * ("gain" in template ? 2 : 1) : 8;
      assert.ok(low < is && is < high, `${JSON.stringify(template)}, ${path}: ${low} to ${high}, and it is ${is}`);
    }
  }
});

test("one number of a camera is told by a flat field where the template has the other one", async () => {
  const { outcome } = await measured({ photons: { value: 200 } }, [readNoise], 2);
  const [read] = outcome.parameters;
  assert.ok(Math.abs(read!.value / 8 - 1) < 0.05 && read!.isIdentified, `${read!.value} is not 8`);
});

test("the noise of dark frames is that of all steps of the template together, and counting is no part of it", async () => {
  const steps = [
    { kind: "poisson", mix: { value: 4 } },
    { kind: "gaussian", sigma: { value: 6 }, mean: { value: 20 } },
    { kind: "gaussian", sigma: { value: 1 } },
  ];
  const detector = crappifierOf({ detector: steps });
  const read = { ...truth, detector: detector.detector.slice(1, 2) };
  const frames = [1n, 2n].map((seed) => degraded(read, black, seed));
  const ranges = ["sigma", "mean"].map((name) => ({
    path: `detector[2].${name}.value`,
    min: 0,
    max: 60,
    scale: "LINEAR" as const,
  }));
  const fixed = {
    ...truth,
    detector: [
      detector.detector[0]!,
      { ...detector.detector[1]!, sigma: { value: 3, spread: 0 } },
      detector.detector[2]!,
    ],
  };
  const dark = { scans: [], darkFrames: [{ first: frames[0]!, second: frames[1]! }] };
  const { outcome } = await fitted(
    problemOf(fixed as typeof truth, ranges, { fitted: none, heldOut: none }, { detector: dark }),
  );
  const [sigma, mean] = outcome.parameters;
  assert.ok(Math.abs(sigma!.value ** 2 + 3 ** 2 - 6 ** 2) < 1, `${sigma!.value}`);
  // The other step lifts by 20 already.
  assert.ok(Math.abs(mean!.value) < 0.1, `${mean!.value}`);
});

test("half a camera beside a number of the template's that is not the detector's is refused", async () => {
  for (const [template, range, other] of [
    [{ photons: { value: 1000 } }, { ...readNoise, max: 500 }, /for camera\.photons too/],
    [{ photons: { value: 1000 } }, readNoise, /for camera\.photons too/],
    [{ read_noise: { value: 0 } }, photons, /for camera\.read_noise too/],
  ] as const) {
    await assert.rejects(measured(template, [range], 75), refused(other));
  }
});
