/**
 * How threads come to bytes: they ask the thread that started them, which holds the object store. One half answers, the other
 * looks to the reader of OME-Zarr like any store.
 */
import type { Abortable, ObjectStore } from "@pssr/platform";

export type ObjectQuestion =
  /** Answer: all bytes, or undefined where there is no such object. For metadata, at most 1 MiB. */
  | { readonly ask: "whole"; readonly key: string }
  /** Answer: bytes, as far as the object reaches. */
  | { readonly ask: "range"; readonly key: string; readonly start: number; readonly length: number }
  /** Answer: bytes in all, or undefined. */
  | { readonly ask: "size"; readonly key: string };

const maximumMetadataBytes = 1024 * 1024;

export async function answerObjectQuestion(
  objects: ObjectStore,
  question: ObjectQuestion,
  { signal }: Abortable,
): Promise<unknown> {
  const { key } = question;
  if (question.ask === "range") return objects.range(key, question.start, question.length, { signal });
  const stat = await objects.stat(key, { signal });
  if (question.ask === "size" || stat === undefined) return stat?.size;
  return objects.getBytes(key, maximumMetadataBytes, { signal });
}
