import assert from "node:assert/strict";
import test from "node:test";
import { PssrError } from "@pssr/api";
import { checkFit, parseCrappifier } from "@pssr/crappifiers";

const tile = { height: 128, width: 128, pixelSizeNm: undefined as number | undefined };
const blur = (sigma: number) => ({ kind: "gaussian_blur", sigma: { value: sigma } });
const lens = (pixelSize: number) => ({ kind: "optical_blur", pixel_size: { value: pixelSize } });

const wrong: [name: string, crappifier: object, pixelSizeNm: number | undefined, field: string][] = [
  ["a scale that does not divide the tile", { sampling: { scale: 3 } }, 4, "crappifier.sampling.scale"],
  ["a blur wider than the tile", { optics: [blur(17)] }, 4, "crappifier.optics[0].sigma"],
  ["a blur wider than the low-resolution tile", { detector: [blur(1), blur(5)] }, 4, "crappifier.detector[1].sigma"],
  ["a lens wider than the tile", { optics: [lens(2)] }, 4, "crappifier.optics[0].wavelength"],
  ["a lens without the size of a pixel", { optics: [lens(0)] }, undefined, "crappifier.optics[0].pixel_size"],
];

for (const [name, crappifier, pixelSizeNm, field] of wrong) {
  test(`${name} is refused, with the field that has to change`, () => {
    const parsed = parseCrappifier(crappifier, "crappifier");
    assert.throws(
      () => checkFit(parsed, { ...tile, pixelSizeNm }, "crappifier"),
      (error) => error instanceof PssrError && error.reason === "INVALID_FIELD" && error.field === field,
    );
  });
}

test("where the size of a pixel is unknown all ways out are named: the parameter, the images, and a dataset that is too old", () => {
  const parsed = parseCrappifier({ optics: [lens(0)] }, "crappifier");
  assert.throws(
    () => checkFit(parsed, tile, "crappifier"),
    /give it here, or import with theirs those that do not .* a dataset that was made before is to be created again/,
  );
});

test("what fits is let pass", () => {
  checkFit(parseCrappifier({ optics: [blur(16), lens(20)], detector: [blur(4)] }, "crappifier"), tile, "crappifier");
  const ownPixels = { ...tile, pixelSizeNm: 40 };
  checkFit(parseCrappifier({ optics: [lens(0)], detector: [lens(0)] }, "crappifier"), ownPixels, "crappifier");
});
