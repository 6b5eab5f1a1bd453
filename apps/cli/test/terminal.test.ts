import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { Progress } from "@pssr/api";
import { describe, duration, progressLine } from "../dist/terminal/progress.js";
import { table } from "../dist/terminal/table.js";

test("a training's progress is one line with steps, loss, rate and time left", () => {
  const progress = Progress.fromPartial({
    phase: "training",
    done: 402n,
    total: 690n,
    unit: "steps",
    fraction: 0.583,
    remaining: { seconds: 100n },
    details: { $case: "training", value: { loss: 0.02142, samplesPerSecond: 47.06 } },
  });
  assert.equal(describe(progress), "58 %  training  402/690 steps  loss 0.0214  47.1 samples/s  1 min 40 s left");
});

test("times are told in the two units that matter", () => {
  assert.deepEqual([0, 59.6, 200, 7500].map(duration), ["0 s", "1 min 0 s", "3 min 20 s", "2 h 5 min"]);
});

test("a table lines numbers up to the right and words to the left", () => {
  assert.equal(
    table(
      ["slice", "dB"],
      [
        ["iso-1", "26.70"],
        ["mean", "6.10"],
      ],
    ),
    ["slice     dB", "─────  ─────", "iso-1  26.70", "mean    6.10"].join("\n"),
  );
});

test("without a terminal each phase of each work has one line, however often its progress is told", () => {
  const stream = new PassThrough({ encoding: "utf8" });
  const view = progressLine(stream, false);
  const tell = (label: string, phase: string, ...fractions: number[]) => {
    for (const fraction of fractions) view.show(label, Progress.fromPartial({ phase, fraction }));
  };
  tell("a.png", "writing", 0.25, 0.5, 1, 1, 1);
  tell("a.png", "storing", 1, 1);
  view.clear();
  tell("b.png", "storing", 1, 1);
  assert.equal(stream.read(), "a.png: 25 %  writing\na.png: 100 %  storing\nb.png: 100 %  storing\n");
});
