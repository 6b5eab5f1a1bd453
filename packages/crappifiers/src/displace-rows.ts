/** Displaces each row of a plane in place. */
import { kernelMemory, kernels } from "./kernels.js";
import type { Plane } from "./plane.js";

/**
 * @param place Writes, at the two places of the kernels' memory that it is given, how far down and to the right of itself
 *   each row looks, in pixels, as float64.
 */
export function displaceRows(
  { at, pixels, height, width, firstRow, frameHeight }: Plane,
  place: (down: number, right: number) => void,
): void {
  kernelMemory.lend(4 * pixels, (out) =>
    kernelMemory.lend(8 * height, (down) =>
      kernelMemory.lend(8 * height, (right) => {
        place(down, right);
        kernels.displaceRows(out, at, height, width, down, right, firstRow, frameHeight);
        kernelMemory.copy(at, out, 4 * pixels);
      }),
    ),
  );
}
