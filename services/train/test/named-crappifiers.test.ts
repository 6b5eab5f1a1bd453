import assert from "node:assert/strict";
import { test } from "node:test";
import { type Crappifier, SavedCrappifier } from "@pssr/api";
import { parseCrappifier, presets, toCrappifierMessage } from "@pssr/crappifiers";
import { parent } from "./installation.js";
import { datasetNamed } from "./peer/pair-server.js";
import { refusal, smallTraining, workplace } from "./workplace.js";

/** Takes trainings in, and works on none. */
const idle = { trainConcurrency: 0 };
const name = `${parent}/crappifiers/mine`;
const numbers = toCrappifierMessage(
  parseCrappifier(
    { sampling: { scale: 2, kernel: "AREA" }, detector: [{ kind: "gaussian", sigma: { value: 9, spread: 2 } }] },
    "mine",
  ),
);
const mine = SavedCrappifier.fromPartial({ name, crappifier: numbers });

type Given = Parameters<typeof Crappifier.fromPartial>[0];

const saved = (value: string): Given => ({ named: { $case: "saved", value } });
const preset = (value: string): Given => ({ named: { $case: "preset", value } });
const create = (trainingId: string, crappifier: Given, requestId = "") => ({
  parent,
  trainingId,
  training: smallTraining(10, { crappifier }),
  requestId,
});
const nameOf = (id: string) => ({ name: `${parent}/trainings/${id}` });

test("a training keeps the numbers of a saved crappifier when that is deleted, and says whose they were", async (context) => {
  const { pairs, open } = await workplace(context);
  const { trainings } = await open(idle);
  pairs.crappifiers.set(name, mine);
  await trainings.createTraining(create("one", saved(name), "click"));
  pairs.crappifiers.delete(name);
  const training = await trainings.getTraining(nameOf("one"));
  assert.deepEqual(training.crappifier, numbers);
  assert.equal(training.crappifierSource, name);
  // What was read back is numbers, and can be asked for as such.
  await trainings.createTraining(create("two", training.crappifier));
  const again = await trainings.getTraining(nameOf("two"));
  assert.deepEqual([again.crappifier, again.crappifierSource], [numbers, ""]);
});

test("a training by a preset has its numbers, with the scale that was asked for", async (context) => {
  const { trainings } = await (await workplace(context)).open(idle);
  await trainings.createTraining(create("scan", { ...preset("em-fast-scan"), sampling: { scale: 2 } }));
  const { crappifier, crappifierSource } = await trainings.getTraining(nameOf("scan"));
  const { optics, sampling, detector } = presets["em-fast-scan"]!.crappifier;
  assert.deepEqual(crappifier, toCrappifierMessage({ optics, sampling: { ...sampling, scale: 2 }, detector }));
  assert.equal(crappifierSource, "em-fast-scan");
});

test("a request repeated finds its training though the name is gone; another name is another request", async (context) => {
  const { pairs, open } = await workplace(context);
  const { trainings } = await open(idle);
  pairs.crappifiers.set(name, mine);
  const first = await trainings.createTraining(create("one", saved(name), "click"));
  pairs.crappifiers.delete(name);
  assert.equal((await trainings.createTraining(create("one", saved(name), "click"))).name, first.name);
  for (const other of [
    saved(`${parent}/crappifiers/other`),
    preset("em-fast-scan"),
    { ...saved(name), sampling: { scale: 4 } },
  ])
    await assert.rejects(trainings.createTraining(create("one", other, "click")), refusal("ALREADY_EXISTS"));
});

test("a name that stands for nothing is refused with the field's path", async (context) => {
  const { pairs, open } = await workplace(context);
  const { trainings } = await open(idle);
  const path = "training.crappifier";
  const refused = (crappifier: Given, ...expected: Parameters<typeof refusal>) =>
    assert.rejects(trainings.createTraining(create("bad", crappifier)), refusal(...expected));
  await refused(saved(name), "NOT_FOUND", `${path}.saved`);
  await refused(saved(datasetNamed), "INVALID_FIELD", `${path}.saved`);
  await refused(saved("projects/other/crappifiers/mine"), "NOT_FOUND");
  await refused(preset("em-slow-scan"), "INVALID_FIELD", `${path}.preset`);
  await refused({ ...preset("em-fast-scan"), optics: numbers.detector }, "INVALID_FIELD", `${path}.optics`);
  pairs.crappifiers.set(name, mine);
  await refused({ ...saved(name), sampling: { scale: 3 } }, "INVALID_FIELD", `${path}.sampling.scale`);
  assert.deepEqual((await trainings.listTrainings({ parent })).trainings, []);
});
