/** What the WebAssembly module of the crappifiers offers: see src/kernels.ts. Written in AssemblyScript, compiled by asc. */
export { exp, log } from "./elementary";
export { addNormal, blendPoisson, normals } from "./noise";
export { clip, fromBytes, fromShorts, toBytes, toShorts } from "./pixels";
export { buildPoissonTable } from "./poisson-table";
export { fillBlocks, useKey } from "./threefry";

/** The first byte that the module itself does not use. */
export function firstFreeByte(): usize {
  return __heap_base;
}
