import assert from "node:assert/strict";
import test from "node:test";
import { Crappifier as CrappifierMessage, PssrError } from "@pssr/api";
import {
  fromCrappifierMessage,
  parseCrappifier,
  type Stage,
  samplingKernels,
  steps,
  toCrappifierMessage,
} from "@pssr/crappifiers";

for (const [kind, { parameters, stages }] of Object.entries(steps)) {
  test(`${kind} keeps all its numbers on the way through the contract`, () => {
    // Other numbers than the defaults, else a lost one would not be missed.
    const values = Object.entries(parameters).map(([name, { min, max, default: value }]) => {
      return [name, { value: value === max ? min : max, spread: (max - min) / 2 }];
    });
    const stage: Stage = stages[0]!;
    const crappifier = parseCrappifier({ [stage]: [{ kind, ...Object.fromEntries(values) }] }, "crappifier");
    const bytes = CrappifierMessage.encode(toCrappifierMessage(crappifier)).finish();
    assert.deepEqual(fromCrappifierMessage(CrappifierMessage.decode(bytes), "crappifier"), crappifier);
  });
}

for (const kernel of samplingKernels) {
  test(`the sampling kernel ${kernel} is in the contract`, () => {
    const crappifier = parseCrappifier({ sampling: { scale: 2, kernel } }, "crappifier");
    assert.deepEqual(fromCrappifierMessage(toCrappifierMessage(crappifier), "crappifier"), crappifier);
  });
}

/** What the contract and the JSON form make of the same words. */
function bothWays(parameter: { value?: number; spread?: number }) {
  const { optics: _, ...message } = fromCrappifierMessage(
    CrappifierMessage.decode(
      CrappifierMessage.encode(
        CrappifierMessage.fromPartial({
          detector: [
            { kind: { $case: "camera", value: { readNoise: parameter } } },
            { kind: { $case: "external", value: { address: "a:1", parameters: { rows: parameter } } } },
          ],
        }),
      ).finish(),
    ),
    "crappifier",
  );
  const detector = [
    { kind: "camera", read_noise: parameter },
    { kind: "external", address: "a:1", parameters: { rows: parameter } },
  ];
  const { optics: __, ...json } = parseCrappifier({ detector }, "crappifier");
  return { message, json };
}

for (const [what, parameter, expected] of [
  ["without anything", {}, { value: 2, spread: 0 }],
  ["with nothing but a spread", { spread: 0.5 }, { value: 2, spread: 0.5 }],
  ["of 0, which is not its default,", { value: 0 }, { value: 0, spread: 0 }],
  ["of 0 with a spread", { value: 0, spread: 0.5 }, { value: 0, spread: 0.5 }],
] as const) {
  test(`a parameter ${what} means the same in the contract and in JSON`, () => {
    const { message, json } = bothWays(parameter);
    assert.deepEqual(message, json);
    assert.ok(json.detector[0]?.kind === "camera");
    assert.deepEqual(json.detector[0].read_noise, expected);
  });
}

test("what is read back has each value, also those that are 0", () => {
  const crappifier = parseCrappifier({ detector: [{ kind: "camera", read_noise: { value: 0 } }] }, "crappifier");
  const json = CrappifierMessage.toJSON(toCrappifierMessage(crappifier));
  assert.deepEqual(fromCrappifierMessage(CrappifierMessage.fromJSON(json), "crappifier"), crappifier);
});

test("a wrong parameter is named as the contract names it", () => {
  const message = CrappifierMessage.fromPartial({
    detector: [{ kind: { $case: "camera", value: { readNoise: { value: -1 } } } }],
  });
  assert.throws(
    () => fromCrappifierMessage(message, "crappifier"),
    (error) => error instanceof PssrError && error.field === "crappifier.detector[0].read_noise.value",
  );
});
