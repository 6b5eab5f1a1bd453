/** The descriptors of this release: the contract, and what every server answers beside it. */
import { readDescriptorSet } from "@pssr/api";
import { DescriptorFile } from "./descriptor-file.js";
import { DescriptorIndex } from "./descriptor-index.js";
import { healthFile } from "./health-file.js";

let contract: DescriptorIndex | undefined;

/** Read when first asked for; all servers of a process share it. */
export function contractDescriptors(): DescriptorIndex {
  contract ??= new DescriptorIndex([...DescriptorFile.parseSet(readDescriptorSet()), healthFile]);
  return contract;
}
