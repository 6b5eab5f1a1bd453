import assert from "node:assert/strict";
import test from "node:test";
import { isPssrError } from "@pssr/api";
import { parseCrappifier } from "@pssr/crappifiers";
import { CrappifierTemplate, type ParameterRange } from "../../dist/template/crappifier-template.js";

const spec = parseCrappifier(
  {
    optics: [{ kind: "gaussian_blur", sigma: { value: 2 } }],
    sampling: { scale: 4, kernel: "AREA" },
    detector: [
      { kind: "camera", photons: { value: 200, spread: 20 } },
      { kind: "salt_and_pepper" },
      { kind: "external", address: "noise.example.org:50051", parameters: { strength: { value: 1 } } },
    ],
  },
  "template",
);
const range = (path: string, min: number, max: number, scale: "LINEAR" | "LOG" = "LINEAR"): ParameterRange => ({
  path,
  min,
  max,
  scale,
});
const ranges = [
  range("detector[0].photons.value", 10, 1000, "LOG"),
  range("detector[0].photons.spread", 0, 50),
  range("detector[0].bits.value", 4, 12),
  range("optics[0].sigma.value", 0, 4),
];

test("a point is the crappifier with its numbers in place, and all others as the template has them", () => {
  const template = new CrappifierTemplate(spec, ranges, ["optics[0]", "detector[1]"]);
  const point = {
    "detector[0].photons.value": 50,
    "detector[0].photons.spread": 5,
    "detector[0].bits.value": 8,
    "optics[0].sigma.value": 1.5,
    "optics[0]": 1,
    "detector[1]": 0,
  };
  const { optics, sampling, detector } = template.at(point);
  assert.deepEqual(optics, [{ kind: "gaussian_blur", sigma: { value: 1.5, spread: 0 } }]);
  assert.deepEqual(sampling, spec.sampling);
  const [camera] = spec.detector;
  assert.deepEqual(detector, [
    { ...camera, photons: { value: 50, spread: 5 }, bits: { value: 8, spread: 0 } },
    spec.detector[2],
  ]);
  // Whatever the search comes to can be used as a specification.
  assert.deepEqual(parseCrappifier(template.at(point), "c"), template.at(point));
  assert.deepEqual(template.at({ ...point, "optics[0]": 0 }).optics, []);
});

test("whole numbers, logarithms and steps that may be left out are the search's", () => {
  const { space } = new CrappifierTemplate(spec, ranges, ["optics[0]"]);
  assert.deepEqual(space.ranges, [
    { name: "detector[0].photons.value", min: 10, max: 1000, scale: "LOG", acts: "BY_INVERSE" },
    { name: "detector[0].photons.spread", min: 0, max: 50, scale: "LINEAR", acts: "BY_SQUARE" },
    { name: "detector[0].bits.value", min: 4, max: 12, scale: "LINEAR", whole: true },
    { name: "optics[0].sigma.value", min: 0, max: 4, scale: "LINEAR", acts: "BY_SQUARE", switch: "optics[0]" },
  ]);
  assert.deepEqual(space.switches, [{ name: "optics[0]" }]);
});

test("the template's own numbers are a point within the ranges", () => {
  assert.deepEqual(new CrappifierTemplate(spec, ranges, ["detector[1]"]).start, {
    "detector[0].photons.value": 200,
    "detector[0].photons.spread": 20,
    "detector[0].bits.value": 4, // 0, it does not round, lies below
    "optics[0].sigma.value": 2,
    "detector[1]": 1,
  });
});

for (const [what, given, optional, field] of [
  ["nothing to be found", [], [], "ranges"],
  ["too much", Array.from({ length: 22 }, () => ranges[0]!), [], "ranges"],
  ["a step that is not there", [range("detector[3].mix.value", 0, 1)], [], "ranges[0].path"],
  ["a parameter that the step has not", [range("detector[0].mix.value", 0, 1)], [], "ranges[0].path"],
  ["a parameter that every object has", [range("detector[0].constructor.value", 0, 1)], [], "ranges[0].path"],
  ["a path that is none", [range("detector[0].photons", 1, 9)], [], "ranges[0].path"],
  ["another server's parameter", [range("detector[2].strength.value", 0, 1)], [], "ranges[0].path"],
  ["one range twice", [ranges[0]!, ranges[0]!], [], "ranges[1].path"],
  ["a path of a million letters", [range("x".repeat(1e6), 0, 1)], [], "ranges[0].path"],
  ["an empty range", [range("detector[0].photons.value", 50, 50)], [], "ranges[0]"],
  ["bounds the wrong way round", [ranges[0]!, range("detector[0].gain.value", 2, 1)], [], "ranges[1]"],
  ["a range beyond the parameter's bounds", [range("detector[0].photons.value", 0, 50)], [], "ranges[0]"],
  ["a negative spread", [range("detector[0].photons.spread", -1, 5)], [], "ranges[0]"],
  ["NaN", [range("detector[0].photons.value", Number.NaN, 50)], [], "ranges[0]"],
  ["a logarithm from 0", [range("optics[0].sigma.value", 0, 4, "LOG")], [], "ranges[0].min"],
  ["a whole number from a half", [ranges[0]!, range("detector[0].bits.value", 6.5, 10)], [], "ranges[1]"],
  ["a whole number to a half", [range("detector[0].bits.value", 6, 10.5)], [], "ranges[0]"],
  ["a spread of what there is none of", [ranges[0]!, range("detector[0].bits.spread", 0, 2)], [], "ranges[1]"],
  ["an optional step that is not there", [ranges[0]!], ["detector[3]"], "optional_steps[0]"],
  ["an optional step that is none", [ranges[0]!], ["optics[0]", "sampling"], "optional_steps[1]"],
  ["an optional step twice", [ranges[0]!], ["optics[0]", "optics[0]"], "optional_steps[1]"],
] as const) {
  test(`${what} is refused, with the field`, () => {
    assert.throws(
      () => new CrappifierTemplate(spec, given, optional),
      (error) =>
        isPssrError(error, "INVALID_FIELD") &&
        error.field === field &&
        error.message.startsWith(field) &&
        error.message.length < 1000,
    );
  });
}

test("a spread has a range where its value has one, whatever the template's is", () => {
  const spread = range("detector[0].bits.spread", 0, 2);
  assert.deepEqual(new CrappifierTemplate(spec, [spread, ranges[2]!], []).start, {
    "detector[0].bits.spread": 0,
    "detector[0].bits.value": 4,
  });
});
