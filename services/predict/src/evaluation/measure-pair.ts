/** Measures one image against its reference, and beside it what plain upsampling of its input reaches. Blocks while it computes. */
import {
  applyAffine,
  fitAffine,
  type PixelArray,
  planeShape,
  psnr,
  type ResamplingKernel,
  resize,
  ssim,
} from "@pssr/imaging";
import type { Method, Score } from "./scores.js";

export interface PairPixels {
  readonly image: PixelArray;
  /** Of the image's axes and shape. */
  readonly reference: PixelArray;
  /** Smaller than the reference by a whole factor along y and x. */
  readonly input: PixelArray | undefined;
}

/** @param dataRange the reference's white − black */
export function measurePair({ image, reference, input }: PairPixels, dataRange: number): Score[] {
  const scores = [score("IMAGE", image, reference, dataRange)];
  if (input !== undefined) {
    const upsampled = (kernel: ResamplingKernel) => resize(input, planeShape(reference), kernel);
    scores.push(score("BILINEAR", upsampled("BILINEAR"), reference, dataRange));
    scores.push(score("BICUBIC", upsampled("BICUBIC"), reference, dataRange));
  }
  return scores;
}

function score(method: Method, image: PixelArray, reference: PixelArray, dataRange: number): Score {
  const fit = fitAffine(reference, image);
  const fitted = fit.fitted ? applyAffine(image, fit) : image;
  return {
    method,
    psnr: psnr(reference, image, dataRange),
    ssim: ssim(reference, image, dataRange),
    psnrFitted: psnr(reference, fitted, dataRange),
    ssimFitted: ssim(reference, fitted, dataRange),
    gain: fit.gain,
    offset: fit.offset,
  };
}
