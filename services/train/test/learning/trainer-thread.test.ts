import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { startTraining, type TrainingOptions } from "../../dist/learning/trainer-thread.js";
import type { TrainingEvent } from "../../dist/learning/training-events.js";
import { endlessStripes, smallSpec, stripes } from "./synthetic-training.js";

function options(change: Partial<TrainingOptions> = {}): TrainingOptions {
  return { learning: smallSpec(20), batches: endlessStripes, signal: new AbortController().signal, ...change };
}

async function all(events: AsyncIterable<TrainingEvent>): Promise<TrainingEvent[]> {
  const found: TrainingEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}

function lossesOf(events: TrainingEvent[]): number[] {
  return events.flatMap((event) => (event.kind === "progress" ? [event.loss] : []));
}

test("a training reports every step, then a checkpoint, its quality and its weights", async () => {
  await using training = startTraining(options({ validation: [stripes(1001)] }));
  const events = await all(training.events);
  const steps = events.flatMap((event) => (event.kind === "progress" ? [event] : []));
  assert.deepEqual(
    steps.map((event) => event.step),
    Array.from({ length: 20 }, (_, i) => i + 1),
  );
  for (const event of steps) {
    assert.ok(event.loss > 0 && event.learningRate > 0 && event.samplesPerSecond > 0 && event.waitSeconds >= 0);
    assert.ok(event.lossTerms.l1 > 0 && event.lossTerms.msSsim! < 1);
  }
  assert.equal(steps.at(-1)?.progress, 1);
  assert.deepEqual(
    events.slice(-3).map((event) => event.kind),
    ["checkpoint", "validation", "finished"],
  );
  const [, validation, finished] = events.slice(-3);
  assert.ok(validation?.kind === "validation" && validation.example.restored.length === 32 * 32);
  assert.ok(finished?.kind === "finished" && finished.weights.get("stem/weights")?.length === 3 * 3 * 8);
});

test("a training stopped at a checkpoint and resumed has the curve of one left alone", async () => {
  await using undisturbed = startTraining(options());
  const expected = lossesOf(await all(undisturbed.events));

  const controller = new AbortController();
  await using first = startTraining(options({ signal: controller.signal }));
  const seen: number[] = [];
  let checkpoint: Uint8Array | undefined;
  let step = 0;
  await assert.rejects(
    async () => {
      for await (const event of first.events) {
        if (event.kind === "progress") {
          seen.push(event.loss);
          if (event.step === 7) {
            first.checkpointNow();
            controller.abort();
          }
        } else if (event.kind === "checkpoint") {
          ({ bytes: checkpoint, step } = event);
        }
      }
    },
    (error) => isPssrError(error, "CANCELLED"),
  );
  assert.ok(checkpoint !== undefined && step >= 7 && step < 20, `stopped at step ${step}`);
  await using second = startTraining(options({ checkpoint }));
  const curve = [...seen.slice(0, step), ...lossesOf(await all(second.events))];
  assert.equal(curve.length, expected.length);
  curve.forEach((loss, i) => {
    assert.ok(Math.abs(loss - expected[i]!) < 1e-5, `step ${i + 1}: ${loss} is not ${expected[i]}`);
  });
});

test("batches are fetched a bounded number ahead of a reader that stands still", async () => {
  const controller = new AbortController();
  let fetched = 0;
  let reached: () => void = () => {};
  const halted = new Promise<void>((resolve) => {
    reached = resolve;
  });
  // Unread events (64) halt the feeding; the queue of the thread (2) and the batch in hand come on top.
  const most = 64 + 2 + 1;
  await using training = startTraining(
    options({
      learning: smallSpec(100_000),
      prefetch: 2,
      signal: controller.signal,
      async *batches(fromStep) {
        for (let step = fromStep; ; step++) {
          fetched++;
          if (fetched === 64) reached();
          yield stripes(step, 1);
        }
      },
    }),
  );
  await halted;
  let read = 0;
  for await (const event of training.events) {
    if (event.kind === "progress") read++;
    assert.ok(fetched <= read + most + 2, `${fetched} fetched, ${read} read`);
    if (read === 100) break;
  }
});

test("an aborted signal stops a training that waits for data, and the source too", async () => {
  const controller = new AbortController();
  let sourceStopped = false;
  await using training = startTraining(
    options({
      signal: controller.signal,
      async *batches(_fromStep, { signal }) {
        yield stripes(0);
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        sourceStopped = true;
      },
    }),
  );
  await assert.rejects(
    async () => {
      for await (const event of training.events) if (event.kind === "progress") controller.abort();
    },
    (error) => isPssrError(error, "CANCELLED"),
  );
  assert.ok(sourceStopped);
});

test("a signal aborted before the start stops it", async () => {
  await using training = startTraining(options({ signal: AbortSignal.abort() }));
  await assert.rejects(all(training.events), (error) => isPssrError(error, "CANCELLED"));
});

test("an error of the source of batches is the training's", async () => {
  await using training = startTraining(
    options({
      async *batches() {
        yield stripes(0);
        throw new TypeError("no such dataset");
      },
    }),
  );
  await assert.rejects(all(training.events), new TypeError("no such dataset"));
});

test("batches that end before the budget are an error, not a short training", async () => {
  await using training = startTraining(
    options({
      async *batches() {
        yield stripes(0);
        yield stripes(1);
      },
    }),
  );
  await assert.rejects(
    all(training.events),
    (error) => isPssrError(error, "UNAVAILABLE") && error.message.includes("2 steps"),
  );
});

test("a training that diverges ends with that reason and without a model", async () => {
  await using training = startTraining(
    options({
      async *batches() {
        for (let step = 0; ; step++) {
          const batch = stripes(step);
          yield step < 3 ? batch : { ...batch, lr: Float32Array.from(batch.lr).fill(Number.POSITIVE_INFINITY, 0, 1) };
        }
      },
    }),
  );
  const seen: TrainingEvent[] = [];
  await assert.rejects(
    async () => {
      for await (const event of training.events) seen.push(event);
    },
    (error) => isPssrError(error, "TRAINING_DIVERGED"),
  );
  assert.deepEqual(
    seen.map((event) => event.kind),
    ["progress", "progress", "progress"],
  );
});
