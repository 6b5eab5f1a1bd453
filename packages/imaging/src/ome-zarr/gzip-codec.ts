/**
 * Gunzips chunks by Node's zlib, on its own threads. zarrita's codec goes through a web stream and a Response for each chunk,
 * which costs several times the decompression itself.
 */
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type * as zarr from "zarrita";

const gunzipAsync = promisify(gunzip);

const codec = {
  kind: "bytes_to_bytes" as const,
  encode(): never {
    throw new Error("chunks are written by ShardWriter, not through zarrita");
  },
  async decode(bytes: Uint8Array): Promise<Uint8Array> {
    return new Uint8Array(await gunzipAsync(bytes));
  },
};

/** Makes zarrita use it. Repeating it is harmless. */
export function useNodeGzip({ registry }: typeof zarr): void {
  registry.set("gzip", async () => ({ kind: codec.kind, fromConfig: () => codec }));
}
