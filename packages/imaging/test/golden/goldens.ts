/** Reads the golden values that make.py wrote, and makes its generated inputs again. */
import { readFileSync } from "node:fs";
import type { Dtype, PixelData } from "@pssr/imaging";

export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../test/golden/${name}.json`, import.meta.url), "utf8")) as T;
}

/** Little-endian bytes in base64, as make.py packs them. */
export function unpack(dtype: Dtype, base64: string): PixelData {
  const { buffer } = new Uint8Array(Buffer.from(base64, "base64"));
  return dtype === "uint8"
    ? new Uint8Array(buffer)
    : dtype === "uint16"
      ? new Uint16Array(buffer)
      : new Float32Array(buffer);
}

/** make.py's linear congruential generator: 32-bit states, of which the upper bits serve. */
export function* lcg(seed: number): Generator<number, never> {
  for (let state = seed >>> 0; ; ) {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    yield state;
  }
}

export function lcgValues(seed: number, count: number): Uint32Array {
  const states = lcg(seed);
  return Uint32Array.from({ length: count }, () => states.next().value);
}
