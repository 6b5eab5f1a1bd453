import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError, OperationMetadata_State, PssrError, Training_State } from "@pssr/api";
import { parseCrappifier, toCrappifierMessage } from "@pssr/crappifiers";
import { finished, lossesOf, parent, stateOf } from "./installation.js";
import { smallTraining, workplace } from "./workplace.js";

const address = "noise.example.org:50051";
const crappifier = toCrappifierMessage(
  parseCrappifier(
    { detector: [{ kind: "external", address, parameters: { strength: { value: 2, spread: 0.5 } } }] },
    "crappifier",
  ),
);

test("a training waits for an external step's server that is away, tells for whom, and goes on where it stood", async (context) => {
  const { pairs, open } = await workplace(context);
  const installation = await open();
  const problem = `the external crappifier at ${address}: it did not answer within 10000 ms, 2 times`;
  pairs.failAt = { step: 4, error: new PssrError("UNAVAILABLE", problem, { metadata: { address } }) };
  const training = smallTraining(8, { crappifier });
  const operation = await installation.trainings.createTraining({ parent, trainingId: "patient", training });
  const waiting = await stateOf(installation, operation, ({ progress }) => progress?.warning === problem);
  assert.equal(waiting.state, OperationMetadata_State.STATE_RUNNING);
  await pairs.until(({ streams }) => streams.length === 4);
  pairs.failAt = undefined;
  assert.equal((await finished(installation, operation)).steps, 8n);
  const [first, ...again] = pairs.streams.map(({ fromStep }) => fromStep);
  assert.equal(first, 0n);
  assert.deepEqual([...new Set(again)], [4n]);
  const { attempt, progress } = await stateOf(installation, operation, (_, view) => view.done);
  assert.deepEqual([attempt, progress?.warning], [1, ""]);
});

test("of long words about what a training waits for the beginning is told, in whole characters", async (context) => {
  const { pairs, open } = await workplace(context);
  const installation = await open();
  const begins = `${"x".repeat(499)}🔬`;
  pairs.failAt = { step: 1, error: new PssrError("UNAVAILABLE", `${begins} and more`) };
  const training = smallTraining(8, { crappifier });
  const operation = await installation.trainings.createTraining({ parent, trainingId: "long-words", training });
  const { progress } = await stateOf(installation, operation, (metadata) => metadata.progress?.warning !== "");
  assert.equal(progress?.warning, begins);
  pairs.failAt = undefined;
  await finished(installation, operation);
});

const refusals: [what: string, step: number, error: PssrError][] = [
  [
    "an external step that fails",
    4,
    new PssrError(
      "EXTERNAL_CRAPPIFIER_FAILED",
      `the external crappifier at ${address}: it answered INVALID_ARGUMENT: strength: 2.4 is too much`,
      { metadata: { address } },
    ),
  ],
  [
    "an external step at an address that is not allowed",
    0,
    new PssrError("INVALID_FIELD", `crappifier.detector[0].address: ${address} is not allowed`, {
      field: "crappifier.detector[0].address",
    }),
  ],
];

for (const [what, step, error] of refusals) {
  test(`${what} ends the training at once, in the words of who refused`, async (context) => {
    const { pairs, open } = await workplace(context);
    const installation = await open();
    const { trainings } = installation;
    pairs.failAt = { step, error };
    pairs.holdAt(step);
    const training = smallTraining(1000, { crappifier });
    const operation = await trainings.createTraining({ parent, trainingId: "custom", training });
    if (step > 0) await stateOf(installation, operation, ({ progress }) => progress?.done === BigInt(step));
    pairs.release();
    await assert.rejects(finished(installation, operation), (failure) => {
      assert.ok(isPssrError(failure, error.reason), String(failure));
      assert.equal(failure.message, error.message);
      assert.deepEqual([failure.field, failure.metadata], [error.field, error.metadata]);
      return true;
    });
    // One stream: nobody tried again what cannot get better. It was asked for the step with its parameters.
    assert.deepEqual(
      pairs.streams.map((stream) => stream.crappifier),
      [crappifier],
    );
    const { state, name } = await trainings.getTraining({ name: `${parent}/trainings/custom` });
    assert.equal(state, Training_State.STATE_FAILED);
    assert.equal((await lossesOf(installation, name)).size, step);
  });
}
