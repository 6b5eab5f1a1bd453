/** What an evaluation measures, as plain types. */

export const methods = ["IMAGE", "BILINEAR", "BICUBIC"] as const;
/** The image itself, or what it must be better than: an upsampling of its input. */
export type Method = (typeof methods)[number];

export interface Score {
  readonly method: Method;
  /** In dB; Infinity for an image that equals its reference. */
  readonly psnr: number;
  readonly ssim: number;
  /** After the best fit gain·x + offset. */
  readonly psnrFitted: number;
  readonly ssimFitted: number;
  readonly gain: number;
  readonly offset: number;
}

/** Means over all pairs that have a score of a method, in the order of `methods`; gain and offset are 0 there. */
export function meanScores(pairs: readonly (readonly Score[])[]): Score[] {
  return methods.flatMap((method) => {
    const scores = pairs.flat().filter((score) => score.method === method);
    if (scores.length === 0) return [];
    const mean = (of: (score: Score) => number) => scores.reduce((sum, score) => sum + of(score), 0) / scores.length;
    return {
      method,
      psnr: mean((score) => score.psnr),
      ssim: mean((score) => score.ssim),
      psnrFitted: mean((score) => score.psnrFitted),
      ssimFitted: mean((score) => score.ssimFitted),
      gain: 0,
      offset: 0,
    };
  });
}
