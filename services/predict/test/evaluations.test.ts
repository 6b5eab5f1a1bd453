import assert from "node:assert/strict";
import { test } from "node:test";
import { Evaluation, MethodScore_Method as Method, Evaluation_State as State } from "@pssr/api";
import { psnr, resize, ssim } from "@pssr/imaging";
import { imageNamed, noisyPixels, project, refusal, startWorld } from "./fixtures/world.js";

test("an image is measured against its reference, beside the upsamplings of its input", async (t) => {
  const world = await startWorld(t);
  const reference = noisyPixels([64, 48], "uint8", 3);
  const image = noisyPixels([64, 48], "uint8", 4);
  const input = resize(reference, [16, 12], "BILINEAR");
  await world.addImage("reference", reference, { levels: [20, 240] });
  await world.addImage("image", image);
  await world.addImage("input", input);
  const pair = { image: imageNamed("image"), reference: imageNamed("reference"), input: imageNamed("input") };
  const evaluation = { pairs: [pair] };
  const operation = await world.evaluations.createEvaluation({ parent: project, evaluationId: "one", evaluation });
  const end = await world.result(operation);
  assert.equal(end.error, undefined);
  const stored = await world.evaluations.getEvaluation({ name: `${project}/evaluations/one` });
  assert.deepEqual(Evaluation.decode(end.result!.bytes), stored);
  assert.equal(stored.state, State.STATE_SUCCEEDED);
  const [result, ...more] = stored.results;
  assert.deepEqual(more, []);
  assert.deepEqual(result!.pair, pair);
  const expected = [
    [Method.METHOD_IMAGE, image],
    [Method.METHOD_BILINEAR, resize(input, [64, 48], "BILINEAR")],
    [Method.METHOD_BICUBIC, resize(input, [64, 48], "BICUBIC")],
  ] as const;
  for (const [index, [method, pixels]] of expected.entries()) {
    const score = result!.scores[index]!;
    assert.equal(score.method, method);
    // The peak is the reference's white − black.
    assert.equal(score.psnr, psnr(reference, pixels, 220));
    assert.equal(score.ssim, ssim(reference, pixels, 220));
    assert.ok(score.psnrFitted >= score.psnr - 1e-9);
  }
  assert.deepEqual(
    stored.mean.map(({ method, psnr: value }) => [method, value]),
    result!.scores.map(({ method, psnr: value }) => [method, value]),
  );
  const listed = { ...stored, pairs: [], results: [] };
  assert.deepEqual((await world.evaluations.listEvaluations({ parent: project })).evaluations, [listed]);
});

test("an image that equals its reference has infinite PSNR, now and when it is read again", async (t) => {
  const world = await startWorld(t);
  await world.addImage("scan", noisyPixels([20, 20]));
  const evaluation = { pairs: [{ image: imageNamed("scan"), reference: imageNamed("scan") }] };
  const end = await world.result(await world.evaluations.createEvaluation({ parent: project, evaluation }));
  const answer = Evaluation.decode(end.result!.bytes);
  const stored = await world.evaluations.getEvaluation({ name: answer.name });
  for (const { results, mean } of [answer, stored]) {
    assert.equal(results[0]!.scores[0]!.psnr, Number.POSITIVE_INFINITY);
    assert.equal(mean[0]!.psnr, Number.POSITIVE_INFINITY);
    assert.ok(Math.abs(mean[0]!.ssim - 1) < 1e-9);
  }
});

test("an evaluation that is a little too long for an operation's response is told without pairs and results", async (t) => {
  const world = await startWorld(t);
  const input = resize(noisyPixels([16, 16], "uint8", 3), [8, 8], "BILINEAR");
  await world.addImage("a", noisyPixels([16, 16], "uint8", 3));
  await world.addImage("b", noisyPixels([16, 16], "uint8", 4));
  await world.addImage("c", input);
  const pair = { image: imageNamed("a"), reference: imageNamed("b"), input: imageNamed("c") };
  const evaluation = { pairs: Array.from({ length: 30 }, () => pair) };
  const end = await world.result(await world.evaluations.createEvaluation({ parent: project, evaluation }));
  assert.equal(end.error, undefined);
  const answer = Evaluation.decode(end.result!.bytes);
  assert.deepEqual([answer.pairs, answer.results], [[], []]);
  const stored = await world.evaluations.getEvaluation({ name: answer.name });
  assert.deepEqual(stored.pairs, evaluation.pairs);
  assert.equal(stored.results.length, 30);
  assert.deepEqual(stored.mean, answer.mean);
  assert.deepEqual((await world.evaluations.listEvaluations({ parent: project })).evaluations, [answer]);
});

test("a hundred pairs are measured; their scores, too long for records, are kept all the same", async (t) => {
  const world = await startWorld(t);
  const long = "x".repeat(60);
  await world.addImage(`a${long}`, noisyPixels([16, 16], "uint8", 3));
  await world.addImage(`b${long}`, noisyPixels([16, 16], "uint8", 4));
  await world.addImage(`c${long}`, noisyPixels([8, 8], "uint8", 5));
  const [image, reference, input] = ["a", "b", "c"].map((letter) => imageNamed(`${letter}${long}`)) as [
    string,
    string,
    string,
  ];
  const pairs = Array.from({ length: 100 }, () => ({ image, reference, input }));
  const operation = await world.evaluations.createEvaluation({ parent: project, evaluation: { pairs } });
  const end = await world.result(operation);
  assert.equal(end.error, undefined);
  const answer = Evaluation.decode(end.result!.bytes);
  assert.deepEqual(answer.results, []);
  const stored = await world.evaluations.getEvaluation({ name: answer.name });
  assert.equal(stored.results.length, 100);
  assert.equal(stored.results[99]!.scores.length, 3);
  assert.deepEqual(stored.mean, answer.mean);
});

test("pairs that cannot be compared are refused by the call, with both shapes", async (t) => {
  const world = await startWorld(t, { flags: ["--evaluation-pixels", "5000"] });
  await world.addImage("small", noisyPixels([20, 20]));
  await world.addImage("other", noisyPixels([20, 21]));
  await world.addImage("third", noisyPixels([6, 6]));
  await world.addImage("large", noisyPixels([80, 80]));
  const create = (...pairs: { image: string; reference: string; input?: string }[]) =>
    world.evaluations.createEvaluation({
      parent: project,
      evaluation: {
        pairs: pairs.map(({ image, reference, input }) => ({
          image: imageNamed(image),
          reference: imageNamed(reference),
          ...(input === undefined ? {} : { input: imageNamed(input) }),
        })),
      },
    });
  const fine = { image: "small", reference: "small" };
  await assert.rejects(create(fine, { image: "small", reference: "other" }), (error) => {
    assert.match(String(error), /20×20.*20×21/);
    return refusal("SHAPE_MISMATCH", "evaluation.pairs[1].image")(error);
  });
  await assert.rejects(create({ ...fine, input: "third" }), refusal("SHAPE_MISMATCH", "evaluation.pairs[0].input"));
  await assert.rejects(
    create({ image: "large", reference: "large" }),
    refusal("IMAGE_TOO_LARGE", "evaluation.pairs[0].image"),
  );
  await assert.rejects(
    create({ image: "small", reference: "no" }),
    refusal("NOT_FOUND", "evaluation.pairs[0].reference"),
  );
  await assert.rejects(create(), refusal("INVALID_FIELD", "evaluation.pairs"));
  await assert.rejects(
    create(...Array.from({ length: 101 }, () => fine)),
    refusal("INVALID_FIELD", "evaluation.pairs"),
  );
});
