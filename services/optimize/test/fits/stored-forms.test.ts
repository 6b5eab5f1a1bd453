import assert from "node:assert/strict";
import { test } from "node:test";
import { Fit } from "@pssr/api";
import { maximumBytes } from "@pssr/platform";
import { readBack } from "../../dist/fits/fit-objects.js";
import { toResponse } from "../../dist/fits/fit-response.js";
import { rangesOf } from "../../dist/fits/kept-looks.js";
import { decodeSpec, digestOf, encodeSpec, fromStoredFit, toStoredFit } from "../../dist/fits/stored-fit.js";
import { refusal } from "../fixtures/world.js";

const named = (image: string) => `projects/em/images/${image}`;
const longest = (n: number) => `${n}-`.padEnd(63, "x");

const fit = Fit.fromPartial({
  template: { sampling: { scale: 2 }, detector: [{ kind: { $case: "poisson", value: { mix: { value: 1.5 } } } }] },
  ranges: [{ path: "detector[0].mix.value", min: 0.5, max: 4 }],
  pairs: [{ low: named("low"), high: named("high") }],
  detectorImages: { scans: [{ first: named("a"), second: named("b") }], darkFrames: [named("c")] },
  budget: { $case: "maxEvaluations", value: 30 },
  seed: 2n ** 60n + 1n,
});

test("a fit is stored with the ids of its images, and comes back as it was", () => {
  const stored = toStoredFit(fit);
  assert.ok(!JSON.stringify(stored).includes("projects/"));
  assert.deepEqual(fromStoredFit(JSON.parse(JSON.stringify(stored)), "em"), fit);
  const unpaired = Fit.fromPartial({ unpaired: { low: [named("l")], high: [named("h")] } });
  assert.deepEqual(fromStoredFit(toStoredFit(unpaired), "em"), unpaired);
});

test("a hundred pairs with the longest ids, and as many images of a detector as may be, fit into an operation's record", () => {
  const pairs = Array.from({ length: 100 }, (_, n) => ({ low: named(longest(n)), high: named(longest(200 + n)) }));
  const scan = { first: named(longest(1)), second: named(longest(2)) };
  const scans = Array.from({ length: 20 }, () => scan);
  const darkFrames = Array.from({ length: 20 }, (_, n) => named(longest(n)));
  const large = { ...fit, pairs, detectorImages: { scans, darkFrames } };
  const spec = { schemaVersion: 1 as const, asked: digestOf(large), fit: toStoredFit(large) };
  assert.deepEqual(decodeSpec(encodeSpec(spec)), spec);
  const external = {
    kind: { $case: "external" as const, value: { address: "a:1", parameters: {} as Record<string, object> } },
  };
  for (let n = 0; n < 32; n++) external.kind.value.parameters[`${"p".repeat(60)}${n}`] = { value: 1 };
  const template = { detector: Array.from({ length: 16 }, () => external) };
  const tooLarge = Fit.fromPartial({ ...large, template });
  const encode = () => encodeSpec({ ...spec, fit: toStoredFit(tooLarge) });
  assert.throws(encode, refusal("LIMIT_EXCEEDED", "fit"));
});

test("a request is known again whatever order its maps come in, and not when anything else differs", () => {
  const withParameters = (names: readonly string[]) =>
    Fit.fromPartial({
      template: {
        detector: [
          {
            kind: {
              $case: "external",
              value: { address: "a:1", parameters: Object.fromEntries(names.map((name) => [name, { value: 2 }])) },
            },
          },
        ],
      },
    });
  assert.equal(digestOf(withParameters(["a", "b"])), digestOf(withParameters(["b", "a"])));
  assert.notEqual(digestOf(withParameters(["a", "b"])), digestOf(withParameters(["a", "c"])));
  assert.equal(digestOf({ ...fit, name: "projects/em/fits/x", state: 2 }), digestOf(fit), "outputs do not count");
  assert.notEqual(digestOf({ ...fit, seed: 1n }), digestOf(fit));
});

test("what a newer release wrote is said to be newer, what is damaged to be damaged", () => {
  const newer = { type: "", bytes: new TextEncoder().encode('{"schemaVersion":2}') };
  assert.throws(() => decodeSpec(newer), refusal("RECORD_TOO_NEW"));
  assert.deepEqual(
    rangesOf({
      schemaVersion: 1,
      looks: [
        [1, 1, 4],
        [3, 5, 5],
      ],
    }),
    [
      { attempt: 1, from: 1, to: 4 },
      { attempt: 3, from: 5, to: 5 },
    ],
  );
  assert.throws(() => rangesOf({ schemaVersion: 2 }), refusal("RECORD_TOO_NEW"));
  for (const looks of [
    undefined,
    [[1, 2, 4]],
    [
      [1, 1, 4],
      [2, 6, 7],
    ],
    [["1", 1, 4]],
    [[1, 1, 0]],
  ]) {
    assert.throws(() => rangesOf({ schemaVersion: 1, looks }), refusal("OBJECT_CORRUPT"));
  }
  const object = (header: unknown) => Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), Buffer.from([1, 10])]);
  const sound = readBack("key", "look", object({ schemaVersion: 1, kind: "look", about: { index: 3 } }));
  assert.deepEqual(sound.about, { index: 3 });
  assert.deepEqual([...sound.bytes], [1, 10]);
  assert.throws(() => readBack("key", "look", object({ schemaVersion: 2 })), refusal("RECORD_TOO_NEW"));
  const damaged = [object({ schemaVersion: 1, kind: "result" }), object(null), Buffer.from("{}"), Buffer.of(255, 10)];
  for (const bytes of damaged) assert.throws(() => readBack("key", "look", bytes), refusal("OBJECT_CORRUPT"));
});

test("the response leaves out what was asked before it leaves out what was found", () => {
  const pairs = Array.from({ length: 100 }, (_, n) => ({ low: named(longest(n)), high: named(longest(n)) }));
  const found = { ...fit, result: Fit.fromPartial({ result: { evaluations: 60 } }).result };
  assert.deepEqual(Fit.decode(toResponse(found).bytes), found);
  const long = { ...found, pairs };
  const told = Fit.decode(toResponse(long).bytes);
  assert.deepEqual(told, { ...long, pairs: [], detectorImages: undefined });
  const findings = Array.from({ length: 40 }, () => ({ kind: 1, subject: "x", message: "m".repeat(300) }));
  const wordy = Fit.fromPartial({ ...long, result: { evaluations: 60, savedCrappifier: "c", findings } });
  const short = Fit.decode(toResponse(wordy).bytes);
  assert.deepEqual([short.result!.findings, short.result!.evaluations, short.result!.savedCrappifier], [[], 60, "c"]);
  assert.ok(toResponse(wordy).bytes.length <= maximumBytes.result);
});
