/** A plane for an external step, and the answer to it, as the contract's messages. */
import { type CrappifyRequest, type CrappifyResponse, DataType } from "@pssr/api";
import type { ExternalCall } from "@pssr/crappifiers";
import { toPixelBlock } from "../pixels/pixel-message.js";

const axes = "yx";

export function toCrappifyRequest(call: ExternalCall): CrappifyRequest {
  const { pixels, height, width, black, white, pixelSizeNm = 0, parameters, seed } = call;
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  return {
    pixels: toPixelBlock(axes, [height, width], [], "float32", bytes),
    black,
    white,
    pixelSizeNm,
    parameters: { ...parameters },
    seed,
  };
}

/** What keeps an answer from being a plane like the one that was sent, in words; undefined: it is one. */
export function problemOf({ pixels }: CrappifyResponse, { height, width }: ExternalCall): string | undefined {
  if (pixels === undefined) return "it answered without pixels";
  const { dataType, shape, data } = pixels;
  const shown = `${pixels.axes} ${shape.join("×")}`;
  if (pixels.axes !== axes || shape.length !== 2 || Number(shape[0]) !== height || Number(shape[1]) !== width) {
    return `it answered pixels of ${shown}; ${axes} ${height}×${width} were expected, as they were sent`;
  }
  if (dataType !== DataType.DATA_TYPE_FLOAT32) {
    return `it answered pixels of ${DataType[dataType] ?? dataType}; DATA_TYPE_FLOAT32 was expected`;
  }
  const bytes = 4 * height * width;
  if (data.length !== bytes) return `it answered ${data.length} bytes of pixels; ${bytes} were expected`;
  return undefined;
}

/** The pixels of an answer without a problem, in memory of their own. */
export function pixelsIn({ pixels }: CrappifyResponse): Float32Array<ArrayBuffer> {
  return new Float32Array(Uint8Array.from(pixels!.data).buffer);
}
