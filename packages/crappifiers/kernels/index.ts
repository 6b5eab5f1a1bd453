/** What the WebAssembly module of the crappifiers offers: see src/kernels.ts. Written in AssemblyScript, compiled by asc. */
export { binPixels } from "./binning";
export { blurPlane } from "./blur";
export { exp, log } from "./elementary";
export { addNormal, blendPoisson, countPhotons, multiplyNormal, normals } from "./noise";
export { clip, fromBytes, fromShorts, toBytes, toShorts } from "./pixels";
export { buildPoissonTable } from "./poisson-table";
export { replacePixels } from "./replacement";
export { addToRows, displaceRows } from "./rows";
export { fillBlocks, useKey } from "./threefry";
export { applyGamma, quantise } from "./tone";

/** The first byte that the module itself does not use. */
export function firstFreeByte(): usize {
  return __heap_base;
}
