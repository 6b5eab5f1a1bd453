import assert from "node:assert/strict";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { checkSchedule, learningRateAt, progress, type ScheduleSpec } from "../../dist/learning/schedule.js";

const schedule: ScheduleSpec = { learningRate: 0.01, warmupSteps: 4, finalShare: 0.1, budget: { steps: 100 } };

test("the learning rate rises over the warm-up and falls along a cosine to its last share", () => {
  const at = (step: number) => learningRateAt(schedule, { step, elapsedSeconds: 0 });
  assert.ok(Math.abs(at(0) - 0.01 / 5) < 1e-5);
  assert.ok(at(0) < at(1) && at(1) < at(3) && at(3) < at(4));
  assert.ok(Math.abs(at(50) - 0.01 * 0.55) < 1e-12, "half-way the cosine is at the middle of 1 and 0.1");
  assert.ok(Math.abs(at(100) - 0.001) < 1e-12);
});

test("with two budgets the first to be used up ends the training", () => {
  const both = { ...schedule, budget: { steps: 100, seconds: 10 } };
  assert.equal(progress(both, { step: 30, elapsedSeconds: 2 }), 0.3);
  assert.equal(progress(both, { step: 30, elapsedSeconds: 8 }), 0.8);
  assert.equal(progress(both, { step: 30, elapsedSeconds: 11 }), 1);
});

for (const [field, change] of [
  ["learning_rate", { learningRate: Number.NaN }],
  ["warmup_steps", { warmupSteps: -1 }],
  ["final_share", { finalShare: 2 }],
  ["budget", { budget: {} }],
  ["budget.steps", { budget: { steps: 0.5 } }],
  ["budget.seconds", { budget: { seconds: Number.POSITIVE_INFINITY } }],
] as const) {
  test(`a wrong ${field} is refused by name`, () => {
    assert.throws(
      () => checkSchedule({ ...schedule, ...change }),
      (error) => isPssrError(error, "INVALID_FIELD") && error.field === field,
    );
  });
}
