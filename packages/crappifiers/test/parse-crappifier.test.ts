import assert from "node:assert/strict";
import test from "node:test";
import { PssrError } from "@pssr/api";
import { defaultCrappifier, parseCrappifier, type StepParameter, steps } from "@pssr/crappifiers";

const whole = {
  optics: [{ kind: "gaussian", mean: { value: -3, spread: 1 }, sigma: { value: 2, spread: 0 } }],
  sampling: { scale: 2, kernel: "BILINEAR" },
  detector: [
    { kind: "poisson", mix: { value: 0.5, spread: 0.1 } },
    { kind: "gaussian", mean: { value: 0, spread: 0 }, sigma: { value: 4, spread: 1.5 } },
  ],
};

test("a whole crappifier comes back as it is, from JSON too", () => {
  assert.deepEqual(parseCrappifier(whole, "crappifier"), whole);
  assert.deepEqual(parseCrappifier(JSON.parse(JSON.stringify(defaultCrappifier)), "crappifier"), defaultCrappifier);
});

test("what is absent takes its default", () => {
  assert.deepEqual(parseCrappifier({}, "crappifier"), defaultCrappifier);
  assert.deepEqual(parseCrappifier({ optics: [], detector: [] }, "crappifier"), defaultCrappifier);
  assert.deepEqual(parseCrappifier({ sampling: { scale: 1 } }, "crappifier"), {
    optics: [],
    sampling: { scale: 1, kernel: "BILINEAR" },
    detector: [],
  });
  assert.deepEqual(parseCrappifier({ detector: [{ kind: "gaussian", sigma: { value: 7 } }] }, "crappifier"), {
    optics: [],
    sampling: { scale: 4, kernel: "BILINEAR" },
    detector: [{ kind: "gaussian", mean: { value: 0, spread: 0 }, sigma: { value: 7, spread: 0 } }],
  });
});

const wrong: [json: unknown, field: string][] = [
  [undefined, "crappifier"],
  [[], "crappifier"],
  ["poisson", "crappifier"],
  [{ noise: [] }, "crappifier.noise"],
  [{ optics: {} }, "crappifier.optics"],
  [{ detector: Array(17).fill({ kind: "poisson" }) }, "crappifier.detector"],
  [{ detector: [null] }, "crappifier.detector[0]"],
  [{ detector: [{}] }, "crappifier.detector[0].kind"],
  [{ detector: [{ kind: "salt" }] }, "crappifier.detector[0].kind"],
  [{ detector: [{ kind: "constructor" }] }, "crappifier.detector[0].kind"],
  [{ detector: [{ kind: "poisson", sigma: { value: 1 } }] }, "crappifier.detector[0].sigma"],
  [{ detector: [{ kind: "poisson", mix: 1 }] }, "crappifier.detector[0].mix"],
  [{ detector: [{ kind: "poisson", mix: { value: -0.1 } }] }, "crappifier.detector[0].mix.value"],
  [{ detector: [{ kind: "poisson", mix: { value: 17 } }] }, "crappifier.detector[0].mix.value"],
  [{ detector: [{ kind: "poisson", mix: { value: 1, spread: -1 } }] }, "crappifier.detector[0].mix.spread"],
  [{ detector: [{ kind: "poisson", mix: { value: 1, sd: 1 } }] }, "crappifier.detector[0].mix.sd"],
  [
    { detector: [{ kind: "poisson" }, { kind: "gaussian", sigma: { value: Number.NaN } }] },
    "crappifier.detector[1].sigma.value",
  ],
  [{ optics: [{ kind: "gaussian", sigma: { value: "1" } }] }, "crappifier.optics[0].sigma.value"],
  [
    { optics: [{ kind: "gaussian", sigma: { value: 1, spread: Number.POSITIVE_INFINITY } }] },
    "crappifier.optics[0].sigma.spread",
  ],
  [{ detector: [{ kind: "camera", bits: { value: 0, spread: 1 } }] }, "crappifier.detector[0].bits.spread"],
  [{ detector: [{ kind: "camera", bits: { value: 17 } }] }, "crappifier.detector[0].bits.value"],
  [{ optics: [{ kind: "optical_blur", pixel_size: { spread: 5 } }] }, "crappifier.optics[0].pixel_size.spread"],
  [{ sampling: { scale: 0 } }, "crappifier.sampling.scale"],
  [{ sampling: { scale: 17 } }, "crappifier.sampling.scale"],
  [{ sampling: { scale: 2.5 } }, "crappifier.sampling.scale"],
  [{ sampling: { scale: "4" } }, "crappifier.sampling.scale"],
  [{ sampling: { kernel: "LANCZOS" } }, "crappifier.sampling.kernel"],
];

for (const [json, field] of wrong) {
  test(`a wrong ${field} is named: ${JSON.stringify(json)?.slice(0, 80)}`, () => {
    assert.throws(
      () => parseCrappifier(json, "crappifier"),
      (error) => error instanceof PssrError && error.reason === "INVALID_FIELD" && error.field === field,
    );
  });
}

test("every step's defaults lie within its bounds", () => {
  for (const { parameters } of Object.values(steps)) {
    for (const { min, max, none, default: value } of Object.values<StepParameter>(parameters)) {
      assert.ok(value === none || (min <= value && value <= max));
    }
  }
});
