/** The contract's descriptors, for reflection and for whatever must know a message without importing its type. */
import { readFileSync } from "node:fs";

/** The serialized `google.protobuf.FileDescriptorSet` of the whole contract, with what it imports and its comments. */
export function readDescriptorSet(): Uint8Array {
  return readFileSync(new URL("../descriptors.binpb", import.meta.url));
}
