/** Which images can be compared, decided from their descriptions before any pixel is read. */
import { PssrError } from "@pssr/api";
import { pixelCount } from "@pssr/imaging";

export interface Described {
  readonly name: string;
  readonly axes: string;
  readonly shape: readonly number[];
}

export interface DescribedPair {
  readonly image: Described;
  readonly reference: Described;
  readonly input: Described | undefined;
}

/** Side of SSIM's window. */
const smallestSide = 7;

/**
 * @param path of the pair in the request: `evaluation.pairs[3]`
 * @throws SHAPE_MISMATCH, IMAGE_TOO_LARGE, or INVALID_FIELD for images below 7×7, with the field
 */
export function checkPair({ image, reference, input }: DescribedPair, maximumPixels: number, path: string): void {
  if (image.axes !== reference.axes || image.shape.join() !== reference.shape.join()) {
    throw mismatch(
      `${path}.image`,
      image,
      reference,
      "give the image that was restored to this reference's size, or crop one of the two",
    );
  }
  const pixels = pixelCount(image.shape);
  if (pixels > maximumPixels) {
    const field = `${path}.image`;
    throw new PssrError(
      "IMAGE_TOO_LARGE",
      `${field}: ${describe(image)} has ${pixels} pixels, an evaluation takes at most ${maximumPixels}; compare a part of it, or raise --evaluation-pixels`,
      { field, metadata: { limit: String(maximumPixels) } },
    );
  }
  const [height, width] = image.shape.slice(-2) as [number, number];
  if (height < smallestSide || width < smallestSide) {
    const field = `${path}.image`;
    const wanted = `at least ${smallestSide}×${smallestSide} pixels`;
    throw new PssrError("INVALID_FIELD", `${field}: ${describe(image)} is too small for SSIM, which needs ${wanted}`, {
      field,
    });
  }
  if (input !== undefined) upsamplingFactor(input, reference, `${path}.input`);
}

/** How many reference pixels lie along a side of an input pixel. Throws SHAPE_MISMATCH where that is no whole number. */
export function upsamplingFactor(input: Described, reference: Described, field: string): number {
  const [height, width] = input.shape.slice(-2) as [number, number];
  const [outputHeight, outputWidth] = reference.shape.slice(-2) as [number, number];
  const factor = outputHeight / height;
  const planesFit =
    input.axes === reference.axes && input.shape.slice(0, -2).join() === reference.shape.slice(0, -2).join();
  if (planesFit && Number.isInteger(factor) && outputWidth === width * factor) return factor;
  throw mismatch(
    field,
    input,
    reference,
    "the reference's height and width must be one whole multiple of the input's; leave the input out, or give the low-resolution image of this reference",
  );
}

function mismatch(field: string, one: Described, reference: Described, remedy: string): PssrError {
  const message = `${field}: ${describe(one)} does not fit the reference, ${describe(reference)}: ${remedy}`;
  return new PssrError("SHAPE_MISMATCH", message, {
    field,
    metadata: { shape: one.shape.join(","), reference_shape: reference.shape.join(",") },
  });
}

function describe({ name, axes, shape }: Described): string {
  return `${name} (${axes} ${shape.join("×")})`;
}
