/** An OME-Zarr as a thread reads it: by asking the thread that holds the object store. */
import type { ByteRange, ReadableStore, StoreKey } from "@pssr/imaging";
import { keyUnder } from "../models/model-files.js";
import type { ObjectQuestion } from "./object-questions.js";

export class AskedStore implements ReadableStore {
  constructor(
    private readonly location: string,
    private readonly ask: (question: ObjectQuestion) => Promise<unknown>,
  ) {}

  async get(key: StoreKey): Promise<Uint8Array | undefined> {
    return (await this.ask({ ask: "whole", key: this.#object(key) })) as Uint8Array | undefined;
  }

  async getRange(key: StoreKey, range: ByteRange): Promise<Uint8Array | undefined> {
    const object = this.#object(key);
    const size = (await this.ask({ ask: "size", key: object })) as number | undefined;
    if (size === undefined) return undefined;
    const { offset, length } =
      "offset" in range ? range : { offset: Math.max(0, size - range.suffixLength), length: range.suffixLength };
    return (await this.ask({ ask: "range", key: object, start: offset, length })) as Uint8Array;
  }

  #object(key: StoreKey): string {
    return keyUnder(this.location, key.slice(1));
  }
}
