/** float32 numbers as little-endian bytes and back, on any machine: the form of weights in safetensors and ONNX. */
import { endianness } from "node:os";

const native = endianness() === "LE";

/** On a little-endian machine a view, not a copy. */
export function littleEndian(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return native ? bytes : Buffer.from(bytes).swap32();
}

/** Always a copy: the bytes may lie unaligned in a larger buffer. Their count is a multiple of 4. */
export function fromLittleEndian(bytes: Uint8Array): Float32Array {
  // Not slice(): a Buffer's is a view.
  const copy = new Uint8Array(bytes);
  if (!native) Buffer.from(copy.buffer).swap32();
  return new Float32Array(copy.buffer, 0, copy.byteLength / 4);
}
