/**
 * The loops over pixels that are worth it, in WebAssembly (their source is the folder `kernels` beside this one): the same
 * bytes on every machine. Each thread has one module with one memory, which grows to the largest that was ever needed.
 */
import { alignKernelPlace, type KernelModule, openKernels, reachTo } from "./kernel-module.js";

/** Places in the memory are bytes. */
interface Exports extends KernelModule {
  orientBytes: Orient;
  orientShorts: Orient;
  orientFloats: Orient;
  resampleRows(
    out: number,
    input: number,
    height: number,
    width: number,
    outputWidth: number,
    starts: number,
    upper: number,
    lower: number,
    taps: number,
    roundFrom: number,
    roundTo: number,
    byFour: boolean,
  ): void;
  resampleColumns(
    out: number,
    input: number,
    width: number,
    outputHeight: number,
    starts: number,
    counts: number,
    weights: number,
    taps: number,
    roundFrom: number,
    roundTo: number,
    roundBits: number,
  ): void;
  resampleRowsOfShorts: RowPass;
  resampleRowsOfFloats: RowPass;
  resampleColumnsToShorts: ColumnPass;
  resampleColumnsToFloats: ColumnPass;
}

type Orient = (out: number, input: number, side: number, orientation: number, scratch: number) => void;

type RowPass = (
  out: number,
  input: number,
  height: number,
  width: number,
  outputWidth: number,
  starts: number,
  counts: number,
  weights: number,
  taps: number,
) => void;

type ColumnPass = (
  out: number,
  input: number,
  width: number,
  outputHeight: number,
  starts: number,
  counts: number,
  weights: number,
  taps: number,
) => void;

export const kernels = openKernels<Exports>(new URL("./kernels.wasm", import.meta.url));
const floor = alignKernelPlace(kernels.firstFreeByte());

/** The places of parts of so many bytes each; whatever lay there before is lost. */
export function kernelPlaces<const Sizes extends readonly number[]>(sizes: Sizes): { [Index in keyof Sizes]: number } {
  let top = floor;
  const places = sizes.map((bytes) => {
    const at = top;
    top = alignKernelPlace(top + bytes);
    return at;
  });
  reachTo(kernels, top);
  return places as { [Index in keyof Sizes]: number };
}

/** A copy of the pixels or numbers to a place of the memory. */
export function copyToKernels(values: ArrayBufferView, at: number): void {
  new Uint8Array(kernels.memory.buffer, at, values.byteLength).set(
    new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
}
