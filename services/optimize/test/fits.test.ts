import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type FitEvaluation,
  RenderFitRequest_Format as Format,
  FitEvaluation_Phase as Phase,
  Progress,
  Fit_State as State,
} from "@pssr/api";
import { fromCrappifierMessage, toCrappifierMessage } from "@pssr/crappifiers";
import { fromPixelBlock } from "@pssr/imaging";
import { imageNamed, project } from "./fixtures/crappify-process.js";
import { photonNoise, picture, taken } from "./fixtures/pictures.js";
import { refusal, startWorld, type World } from "./fixtures/world.js";

const one = `${project}/fits/one`;
const budget = { $case: "maxEvaluations" as const, value: 16 };

/** A pair with known photon noise, and the fit to it, on tiles of 128 pixels. */
async function pairOf(world: World, mix: number) {
  const high = picture([512, 512]);
  await world.crappify.addImage("high", high);
  await world.crappify.addImage("low", taken(high, photonNoise(mix), 7));
  const pairs = [{ low: imageNamed("low"), high: imageNamed("high") }];
  return { template: toCrappifierMessage(photonNoise(0.5)), pairs, budget, tileSize: 128 };
}

test("a fit finds the noise of a pair, and keeps all that it found: numbers, evaluations, curves, pictures, a crappifier", async (t) => {
  const world = await startWorld(t);
  const fit = await pairOf(world, 1.5);
  const operation = await world.fits.fitCrappifier({ parent: project, fitId: "one", fit, requestId: "r" });
  const told: Progress[] = [];
  for await (const { progress } of world.operations.watch(operation.name)) {
    if (progress !== undefined) told.push(Progress.decode(progress.bytes));
  }
  const answer = await world.ended(operation);

  assert.ok(told.some(({ phase, unit, total }) => phase === "searching" && unit === "evaluations" && total === 16n));
  const lookedAt = told.flatMap(({ details }) => (details?.$case === "fit" ? [details.value] : []));
  assert.ok(lookedAt.every(({ bestValues, bestDistance }) => bestValues.length === 1 && bestDistance > 0));
  assert.ok(lookedAt.length > 3, "its looks were told while it was at work");

  assert.equal(answer.name, one);
  assert.equal(answer.state, State.STATE_SUCCEEDED);
  const { result } = await world.fits.getFit({ name: one });
  const { value, low, high, identified } = result!.parameters[0]!;
  assert.ok(Math.abs(value / 1.5 - 1) < 0.05, `${value} is not 1.5`);
  assert.ok(low < value && value < high && identified);
  assert.ok(result!.evaluations > 10 && result!.evaluations <= 16, `${result!.evaluations} evaluations`);
  assert.deepEqual([result!.fittedTiles, result!.heldOutTiles], [12, 4]);
  const stored = await world.fits.getFit({ name: one });
  // The crappifier is saved when the operation has ended.
  assert.deepEqual({ ...stored, result: { ...result!, savedCrappifier: "" } }, answer);
  assert.deepEqual(stored.pairs, fit.pairs);
  assert.deepEqual((await world.fits.listFits({ parent: project })).fits, [stored]);

  const all: FitEvaluation[] = [];
  for (let pageToken = ""; ; ) {
    const page = await world.fits.listFitEvaluations({ parent: one, pageSize: 6, pageToken });
    assert.ok(page.evaluations.length <= 6);
    all.push(...page.evaluations);
    pageToken = page.nextPageToken;
    if (pageToken === "") break;
  }
  assert.deepEqual(
    all.map(({ index }) => index),
    Array.from({ length: result!.evaluations }, (_, n) => n + 1),
  );
  assert.equal(all.at(-1)!.phase, Phase.PHASE_HELD_OUT);
  // With other random numbers, or on other tiles, less is no find.
  const others = [Phase.PHASE_INTERVALS, Phase.PHASE_HELD_OUT];
  let least = Infinity;
  for (const { index, phase, values, distance, best } of all) {
    if (!others.includes(phase)) least = Math.min(least, distance);
    assert.ok(values.length === 1 && distance > 0 && best === least, `evaluation ${index}: ${best}, not ${least}`);
  }
  assert.equal(result!.savedCrappifier, `${project}/crappifiers/one`);
  const otherToken = Buffer.from("one").toString("base64url");
  const ofAnotherList = world.fits.listFitEvaluations({ parent: one, pageToken: otherToken });
  await assert.rejects(ofAnotherList, refusal("INVALID_FIELD", "page_token"));

  const comparison = await world.fits.getFitComparison({ name: `${one}/comparison` });
  const [real, simulated] = [fromPixelBlock(comparison.real!), fromPixelBlock(comparison.simulated!)];
  assert.deepEqual(real.shape, simulated.shape);
  assert.ok(comparison.profile.length > 10 && comparison.intensity.length > 3 && comparison.spectrum.length > 3);
  const shares = comparison.profile.reduce((sum, point) => sum + point.real, 0);
  assert.ok(Math.abs(shares - 1) < 0.02, `shares of the real profile add up to ${shares}`);

  const png = await world.fits.renderFit({ name: one });
  assert.equal(png.contentType, "image/png");
  assert.deepEqual([...png.data.subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
  const svg = await world.fits.renderFit({ name: one, format: Format.FORMAT_SVG });
  assert.equal(svg.contentType, "image/svg+xml");
  assert.match(Buffer.from(svg.data).toString(), /^(<\?xml[^>]*>\s*)?<svg[\s\S]*projects\/em\/fits\/one/);

  const saved = await world.crappify.crappifiers.getCrappifier({ name: result!.savedCrappifier });
  assert.equal(saved.description, `Fitted by ${one}`);
  const found = fromCrappifierMessage(result!.crappifier, "crappifier");
  assert.deepEqual(fromCrappifierMessage(saved.crappifier, "crappifier"), found);

  const again = await world.fits.fitCrappifier({ parent: project, fitId: "one", fit, requestId: "r" });
  assert.equal(again.name, operation.name);
  assert.equal(again.done, true);
  const other = { ...fit, seed: 3n };
  const repeated = world.fits.fitCrappifier({ parent: project, fitId: "one", fit: other, requestId: "r" });
  await assert.rejects(repeated, refusal("ALREADY_EXISTS", "fit_id"));

  const left: string[] = [];
  for await (const { key } of world.ports.objects.list("operations/em/fit-one/")) left.push(key);
  assert.deepEqual(
    left.map((key) => key.replace("operations/em/fit-one/1/", "")),
    ["comparison", "evaluations", "report.png", "report.svg", "result"],
  );
  await world.fits.deleteFit({ name: one });
  await assert.rejects(world.fits.getFit({ name: one }), refusal("NOT_FOUND", "name"));
  await assert.rejects(world.fits.deleteFit({ name: one }), refusal("NOT_FOUND", "name"));
  assert.deepEqual((await world.fits.listFits({ parent: project })).fits, []);
  for await (const { key } of world.ports.objects.list("operations/em/fit-one/")) assert.fail(`${key} is left`);
  await world.crappify.crappifiers.deleteCrappifier({ name: saved.name });
  const reborn = world.fits.fitCrappifier({ parent: project, fitId: "one", fit, requestId: "s" });
  await assert.rejects(reborn, refusal("ALREADY_EXISTS", "fit_id"), "the name of a deleted fit is not given again");
});

test("a fit that is cancelled stops, has no result, and can be deleted then, not before", async (t) => {
  const world = await startWorld(t);
  const fit = { ...(await pairOf(world, 1)), budget: { $case: "maxEvaluations" as const, value: 1000 } };
  const operation = await world.fits.fitCrappifier({ parent: project, fitId: "one", fit });
  let looks = 0;
  for await (const { progress } of world.operations.watch(operation.name)) {
    if (progress !== undefined && ++looks === 4) break;
  }
  await assert.rejects(world.fits.deleteFit({ name: one }), refusal("RESOURCE_IN_USE"));
  await assert.rejects(world.fits.renderFit({ name: one }), refusal("NOT_FOUND", "name"));
  await assert.rejects(world.fits.listFitEvaluations({ parent: one }), refusal("NOT_FOUND", "parent"));
  await world.operations.cancel(operation.name);
  const end = await world.operations.wait(operation.name, { signal: AbortSignal.timeout(20_000) });
  assert.equal(end.error?.reason, "CANCELLED");
  assert.equal((await world.fits.getFit({ name: one })).state, State.STATE_CANCELLED);
  await assert.rejects(world.fits.getFitComparison({ name: `${one}/comparison` }), refusal("NOT_FOUND", "name"));
  await world.fits.deleteFit({ name: one });
  await assert.rejects(world.fits.getFit({ name: one }), refusal("NOT_FOUND", "name"));
});

test("a crappify that is started again in the middle of a fit costs the fit nothing but time", async (t) => {
  const world = await startWorld(t);
  const fit = await pairOf(world, 1.5);
  const quiet = await world.ended(await world.fits.fitCrappifier({ parent: project, fitId: "quiet", fit }));
  const operation = await world.fits.fitCrappifier({ parent: project, fitId: "one", fit });
  const warnings = new Set<string>();
  let looks = 0;
  for await (const { progress } of world.operations.watch(operation.name)) {
    if (progress === undefined) continue;
    const { warning, details } = Progress.decode(progress.bytes);
    if (warning !== "") warnings.add(warning);
    if (details?.$case !== "fit" || ++looks !== 3) continue;
    await world.crappify.kill();
    await world.crappify.start();
  }
  const { result } = await world.ended(operation);
  assert.deepEqual({ ...result!, duration: undefined }, { ...quiet.result!, duration: undefined });
  assert.ok(warnings.size > 0, "what it waited for was told");
});
