/** What the WebAssembly module of imaging offers: see src/kernels.ts. Written in AssemblyScript, compiled by asc. */
export { orientBytes, orientFloats, orientShorts } from "./orientation";
export { resampleColumns, resampleRows } from "./resampling";
export {
  resampleColumnsToFloats,
  resampleColumnsToShorts,
  resampleRowsOfFloats,
  resampleRowsOfShorts,
} from "./resampling-float";

/** The first byte that the module itself does not use. */
export function firstFreeByte(): usize {
  return __heap_base;
}
