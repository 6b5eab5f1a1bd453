/** Opens a WebAssembly module of kernels, as this package and that of the crappifiers have one: one module and memory a thread. */
import { readFileSync } from "node:fs";

/** The part of the WebAssembly interface that is used here: Node's types leave it to those of browsers. */
declare const WebAssembly: {
  Module: new (code: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};

/** What every such module offers. Places in the memory are bytes. */
export interface KernelModule {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  /** The first byte that the module itself does not use. */
  firstFreeByte(): number;
}

export function openKernels<Module extends KernelModule>(file: URL): Module {
  return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file))).exports as Module;
}

const PAGE = 65536;

/** Lets the memory grow where it does not reach to a place: views of it are no longer valid then. */
export function reachTo({ memory }: KernelModule, place: number): void {
  const missing = place - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
}

const ALIGNMENT = 64;

/** The next place where a part may begin. */
export function alignKernelPlace(at: number): number {
  return Math.ceil(at / ALIGNMENT) * ALIGNMENT;
}
