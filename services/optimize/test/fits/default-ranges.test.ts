import assert from "node:assert/strict";
import { test } from "node:test";
import { checkFit, parseCrappifier, steps } from "@pssr/crappifiers";
import { defaultRanges } from "../../dist/fits/default-ranges.js";
import { CrappifierTemplate } from "../../dist/template/crappifier-template.js";

const tile = { side: 512, pixelSizeNm: 0 };
const template = (json: object) => parseCrappifier(json, "template");

function pathsOf(json: object): string[] {
  return defaultRanges(template(json), tile).map(({ path }) => path);
}

test("each kind of step has ranges that a template takes, at both ends, on the smallest tile", () => {
  const side = 64;
  for (const kind of Object.keys(steps)) {
    const { stages } = steps[kind as keyof typeof steps];
    for (const stage of stages) {
      const spec = template({ sampling: { scale: 4 }, [stage]: [{ kind }] });
      const ranges = defaultRanges(spec, { side, pixelSizeNm: 100 });
      if (kind === "binning") assert.deepEqual(ranges, []);
      else {
        const { at, start } = checked(spec, ranges);
        for (const { path, min, max } of ranges) {
          for (const value of [min, max]) {
            checkFit(at({ ...start, [path]: value }), { height: side, width: side, pixelSizeNm: 100 }, "template");
          }
        }
      }
    }
  }
});

function checked(...[spec, ranges]: [Parameters<typeof defaultRanges>[0], ReturnType<typeof defaultRanges>]) {
  const made = new CrappifierTemplate(spec, ranges, []);
  return { at: made.at.bind(made), start: made.start };
}

test("an offset is looked for once: a camera's, or else that of the first Gaussian noise behind the sampling, or else a contrast's", () => {
  const [gaussian, contrast, camera] = [{ kind: "gaussian" }, { kind: "contrast" }, { kind: "camera" }];
  const offsetsOf = (json: object) => pathsOf(json).filter((path) => /offset|mean/.test(path));
  assert.deepEqual(offsetsOf({ optics: [contrast], detector: [contrast, gaussian, camera, camera] }), [
    "detector[2].offset.value",
  ]);
  assert.deepEqual(offsetsOf({ optics: [contrast], detector: [contrast, gaussian] }), ["detector[1].mean.value"]);
  assert.deepEqual(offsetsOf({ optics: [contrast], detector: [contrast] }), ["optics[0].offset.value"]);
  assert.deepEqual(pathsOf({ optics: [gaussian], detector: [{ kind: "poisson" }, gaussian, gaussian] }), [
    "optics[0].sigma.value",
    "detector[0].mix.value",
    "detector[1].mean.value",
    "detector[1].sigma.value",
    "detector[2].sigma.value",
  ]);
  assert.deepEqual(pathsOf({ detector: [gaussian, { kind: "camera" }] }), [
    "detector[0].sigma.value",
    "detector[1].photons.value",
    "detector[1].read_noise.value",
    "detector[1].offset.value",
  ]);
});

test("a range reaches the template's own number where that is beyond what is usual", () => {
  const spec = template({ detector: [{ kind: "camera", photons: { value: 1e5 }, offset: { value: -100 } }] });
  const [photons, , offset] = defaultRanges(spec, tile);
  assert.deepEqual([photons!.min, photons!.max], [5, 1e5]);
  assert.deepEqual([offset!.min, offset!.max], [-100, 60]);
});

test("what another server takes is not looked for", () => {
  const external = { kind: "external", address: "localhost:1", parameters: { a: { value: 1 } } };
  assert.deepEqual(pathsOf({ detector: [external, { kind: "poisson" }] }), ["detector[1].mix.value"]);
});
