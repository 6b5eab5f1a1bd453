import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import {
  Fit,
  FitResult,
  DetectorMeasurement_Method as Method,
  Fit_Objective as Objective,
  OperationMetadata,
  Progress,
  OperationMetadata_State as State,
} from "@pssr/api";
import { shortNames } from "../dist/commands/fit-ranges.js";
import { fitSummary } from "../dist/commands/fit-summary.js";
import { howFar } from "../dist/commands/operations.js";
import { counted } from "../dist/terminal/counted.js";
import { describe, duration, progressLine } from "../dist/terminal/progress.js";
import { progressOf } from "../dist/terminal/shown-operation.js";
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

test("a fit's progress is one line with its evaluations, the least distance and where that is", () => {
  const value = { evaluations: 23, bestDistance: 0.8421, bestValues: [1.4871, -0.06783, 6.74, 1, 2, 3, 4] };
  const progress = { phase: "searching", done: 23n, total: 60n, unit: "evaluations", fraction: 0.383 };
  const told = Progress.fromPartial({ ...progress, remaining: { seconds: 9n }, details: { $case: "fit", value } });
  const distance = "distance 0.842 at 1.49, -0.0678, 6.74, 1, 2, 3, …";
  assert.equal(describe(told), `38 %  searching  23/60 evaluations  ${distance}  9 s left`);
  const timed = Progress.fromPartial({ ...told, done: 7n, total: 20n, unit: "seconds" });
  assert.equal(describe(timed), `38 %  searching  7/20 seconds  23 evaluations  ${distance}  9 s left`);
  const none = Progress.fromPartial({ ...progress, done: 0n, fraction: 0, details: { $case: "fit", value: {} } });
  assert.equal(describe(none), "0 %  searching  0/60 evaluations");
});

test("a fit's line keeps its phase, evaluations, distance and first numbers in as many columns as there are", () => {
  const names = shortNames(
    ["optics[0].sigma", "detector[0].photons", "detector[0].read_noise", "detector[1].mean"].map((path) => ({
      path: `${path}.value`,
    })),
  );
  const value = { evaluations: 21, bestDistance: 0.6021, bestValues: [1.4871, 98.13, 2.031, -0.01791] };
  const told = Progress.fromPartial({
    ...{ phase: "measuring intervals", done: 121n, total: 400n, unit: "evaluations", fraction: 0.99 },
    ...{ remaining: { seconds: 75n }, details: { $case: "fit", value } },
  });
  const drawn = (columns: number) => {
    const stream = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY: true, columns });
    progressLine(stream, false).show("fitting", told, names);
    const line = String(stream.read()).replace("\r\x1b[2K", "");
    assert.ok(line.length < columns, `${line.length} of ${columns} columns: ${line}`);
    return line;
  };
  const [start, all] = [
    "99 %  measuring intervals  121/400",
    "sigma 1.49, photons 98.1, read_noise 2.03, mean -0.0179",
  ];
  assert.equal(drawn(60), `${start}  distance 0.602`);
  assert.equal(drawn(80), `${start}  distance 0.602 at sigma 1.49, photons 98.1`);
  assert.equal(drawn(100), `${start}  distance 0.602 at sigma 1.49, photons 98.1  1 min 15 s left`);
  const full = `${start} evaluations  distance 0.602 at ${all}  1 min 15 s left`;
  assert.equal(drawn(140), full);
  assert.equal(drawn(150), `fitting  ${full}`);
  assert.equal(drawn(160), `fitting  ${"█".repeat(10)}  ${full}`);
  assert.equal(drawn(200), `fitting  ${"█".repeat(24)}  ${full}`);
});

test("a fit's numbers have short names, but where two would be one", () => {
  const paths = ["detector[0].mix.value", "detector[0].mix.spread", "optics[0].sigma.value", "detector[1].sigma.value"];
  const short = ["mix", "mix.spread", "optics[0].sigma", "detector[1].sigma"];
  assert.deepEqual(shortNames(paths.map((path) => ({ path }))), short);
});

test("of an operation that is given back, how far it is stays, and that it waits; of one at work, all of it", () => {
  const told = { phase: "searching", done: 23n, total: 60n, unit: "evaluations", fraction: 0.383 };
  const progress = Progress.fromPartial({ ...told, remaining: { seconds: 9n } });
  const waiting = progressOf({ state: State.STATE_PENDING, progress })!;
  assert.equal(describe(waiting), "38 %  waiting for its turn  23/60 evaluations");
  assert.equal(describe(progressOf({ state: State.STATE_PENDING, progress: undefined })!), "0 %  waiting for its turn");
  assert.equal(progressOf({ state: State.STATE_RUNNING, progress }), progress);
  const warned = { ...progress, warning: "crappify at crappify:7701 cannot be reached" };
  assert.equal(
    describe(progressOf({ state: State.STATE_PENDING, progress: warned })!),
    "38 %  23/60 evaluations  waiting: crappify at crappify:7701 cannot be reached",
  );
});

test("a list tells how far operations are that have not ended, and of no other", () => {
  const progress = { phase: "storing", fraction: 0.74, remaining: { seconds: 47n } };
  const told = (state: string) =>
    howFar({
      state,
      metadata: OperationMetadata.fromPartial({ state: State.STATE_RUNNING, progress }),
      error: undefined,
    });
  assert.equal(told("running"), "74 %  storing  47 s left");
  assert.deepEqual(["succeeded", "failed", "cancelled"].map(told), ["", "", ""]);
});

test("one of a thing is said as one, and a detector that single images tell of in plain words", () => {
  assert.deepEqual(
    [0, 1, 12].map((count) => counted(count, "tile")),
    ["0 tiles", "1 tile", "12 tiles"],
  );
  const detector = [
    { method: Method.METHOD_BLIND, misfit: 1.2 },
    { method: Method.METHOD_DARK_FRAMES, misfit: 1 },
  ];
  const found = {
    fittedTiles: 1,
    heldOutTiles: 1,
    evaluations: 1,
    distance: 0.5,
    goodness: { ratio: 2, low: 1, high: 3 },
  };
  const words = fitSummary(Fit.fromPartial({}), FitResult.fromPartial({ ...found, detector }));
  assert.match(words, /^On 1 tile held back/m);
  assert.match(words, /^1 evaluation on 1 tile in /m);
  assert.match(words, /^Detector in closed form, from the noise of single images, misfit 1\.2$/m);
  assert.match(words, /^Detector in closed form, from dark frames, misfit 1$/m);
  const findings = [{ message: "4 tiles are held back, and it takes 6" }];
  const unknown = fitSummary(Fit.fromPartial({}), FitResult.fromPartial({ ...found, goodness: undefined, findings }));
  assert.match(unknown, /^How well it agrees is not known: too few tiles were held back$/m);
  assert.match(unknown, /^! 4 tiles are held back, and it takes 6$/m);
});

test("the distance at a fit's end says what it means, and warns where that is much", () => {
  const line = (
    distance: number,
    { objective, expectedDistance }: { objective?: Objective; expectedDistance?: number } = {},
  ) => {
    const result = FitResult.fromPartial({ fittedTiles: 8, evaluations: 33, distance, expectedDistance });
    return /; (distance .*)$/m.exec(fitSummary(Fit.fromPartial({ objective }), result))![1];
  };
  assert.equal(line(0.566, { expectedDistance: 0.981 }), "distance 0.566 (chance alone makes about 0.981)");
  assert.equal(
    line(3.1, { expectedDistance: 0.5 }),
    "distance 3.1 (warning: far from alike, chance alone makes about 0.5)",
  );
  assert.equal(line(103, { expectedDistance: 98 }), "distance 103 (chance alone makes about 98)");
  assert.equal(
    line(197, { expectedDistance: 98 }),
    "distance 197 (warning: far from alike, chance alone makes about 98)",
  );
  // Of a fit that an older release made, or to few tiles.
  assert.equal(line(0.566), "distance 0.566 (about 1 or less: alike)");
  assert.equal(line(3), "distance 3 (about 1 or less: alike)");
  assert.equal(line(3.01), "distance 3.01 (warning: far from alike, which is about 1 or less)");
  // Another distance, in grey values.
  assert.equal(line(7, { objective: Objective.OBJECTIVE_PROFILE }), "distance 7");
});

test("what a training waits for takes the place of the time left", () => {
  const warning = "the external crappifier at noise.example.org:50051 cannot be reached";
  const progress = Progress.fromPartial({ phase: "training", fraction: 0.1, remaining: { seconds: 9n }, warning });
  assert.equal(describe(progress), `10 %  training  waiting: ${warning}`);
});

test("a warning is shown once, at once and in full, by a terminal on a line of its own", () => {
  const warning = "x".repeat(200);
  const shown = (isTTY: boolean) => {
    const stream = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY, columns: 80 });
    const view = progressLine(stream, false);
    for (const told of ["", warning, warning, ""])
      view.show("scan", Progress.fromPartial({ phase: "training", warning: told }));
    return String(stream.read());
  };
  for (const isTTY of [true, false]) assert.equal(shown(isTTY).split(warning).length, 2);
  assert.equal(shown(true).split("\n").length, 2);
});

test("what others say does not reach a terminal as anything but words", () => {
  const warning = "it answered\x1b]0;owned\x07 \u009b2J\r\nwhat it likes";
  const shown = (isTTY: boolean) => {
    const stream = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY, columns: 200 });
    progressLine(stream, false).show("scan", Progress.fromPartial({ phase: "training", warning }));
    return String(stream.read());
  };
  const words = "waiting: it answered ]0;owned   2J  what it likes";
  assert.equal(shown(false), `scan: 0 %  training  ${words}\n`);
  const drawn = `\r\x1b[2Kscan  ${"░".repeat(24)}  0 %  training  ${words}`;
  assert.equal(shown(true), `\r\x1b[2K${words}\n${drawn}`);
});

test("what a command prints of it is words too, on as many lines", () => {
  const output = JSON.stringify(new URL("../dist/terminal/output.js", import.meta.url));
  const program = String.raw`
    import { Output } from ${output};
    new Output(false).result({}, "a\x1b[2J\nb");
    new Output(false).note("c\x07");
    new Output(true).result("d\x1b", "");`;
  const run = spawnSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" });
  assert.equal(run.stdout, 'a [2J\nb\n"d\\u001b"\n');
  assert.equal(run.stderr, "c \n");
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

test("a reader that has read enough ends a command without a word", async () => {
  const bin = resolve(import.meta.dirname, "../bin/pssr.js");
  const child = spawn(process.execPath, [bin, "up", "--settings"], { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  let words = "";
  child.stderr.on("data", (chunk) => {
    words += chunk;
  });
  const [code] = await once(child, "close");
  assert.deepEqual([code, words], [0, ""]);
});
