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

test("a wrong parameter is named as the contract names it", () => {
  const message = CrappifierMessage.fromPartial({
    detector: [{ kind: { $case: "camera", value: { readNoise: { value: -1 } } } }],
  });
  assert.throws(
    () => fromCrappifierMessage(message, "crappifier"),
    (error) => error instanceof PssrError && error.field === "crappifier.detector[0].read_noise.value",
  );
});
