/**
 * safetensors, the file format of weights (https://github.com/huggingface/safetensors): eight bytes with the length of a
 * JSON header, the header, then the tensors without gaps. Ours hold float32 only. Convolution weights are laid out
 * [kernel height, kernel width, channels in, channels out]; the metadata says so (`layout: hwio`).
 */
import { PssrError } from "@pssr/api";
import { fromLittleEndian, littleEndian } from "./little-endian.js";

export interface Tensor {
  readonly shape: readonly number[];
  /** In C order. */
  readonly values: Float32Array;
}

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Our largest network has a few hundred tensors of about 100 header bytes each. */
const maxHeaderBytes = 4 * 1024 * 1024;

export function writeSafetensors({ tensors, metadata }: SafetensorsFile): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  const json = JSON.stringify(header);
  const length = Buffer.byteLength(json);
  const padded = Math.ceil(length / 8) * 8;
  const file = new Uint8Array(8 + padded + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.set(new TextEncoder().encode(json + " ".repeat(padded - length)), 8);
  let at = 8 + padded;
  for (const { values } of tensors.values()) {
    file.set(littleEndian(values), at);
    at += values.byteLength;
  }
  return file;
}

/** Throws `INVALID_MODEL` for anything but a whole, gapless file of float32 tensors; allocates nothing before it knows. */
export function readSafetensors(file: Uint8Array): SafetensorsFile {
  if (file.byteLength < 8) throw invalid(`${file.byteLength} bytes are no safetensors file`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerLength = view.getBigUint64(0, true);
  const limit = Math.min(maxHeaderBytes, file.byteLength - 8);
  if (headerLength > BigInt(limit)) {
    throw invalid(`the header claims ${headerLength} bytes; this file can hold, and we read, at most ${limit}`);
  }
  const dataStart = 8 + Number(headerLength);
  const header = parseHeader(file.subarray(8, dataStart));
  const data = file.subarray(dataStart);

  let metadata: Record<string, string> = {};
  const entries: { name: string; shape: number[]; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") metadata = toMetadata(entry);
    else entries.push({ name, ...toEntry(name, entry) });
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let expected = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== expected) throw invalid(`${name} begins at byte ${begin} of the data, expected ${expected}`);
    expected = end;
  }
  if (expected !== data.byteLength) {
    throw invalid(`the header describes ${expected} bytes of data, the file holds ${data.byteLength}`);
  }
  const tensors = new Map<string, Tensor>();
  for (const { name, shape, begin, end } of entries) {
    tensors.set(name, { shape, values: fromLittleEndian(data.subarray(begin, end)) });
  }
  return { tensors, metadata };
}

function parseHeader(bytes: Uint8Array): object {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw invalid("the header is no JSON", cause);
  }
  return toObject(header, "the header");
}

function toEntry(name: string, value: unknown): { shape: number[]; begin: number; end: number } {
  const { dtype, shape, data_offsets: offsets } = toObject(value, name) as Record<string, unknown>;
  if (dtype !== "F32") throw invalid(`${name} has dtype ${JSON.stringify(dtype)}; convert it to F32`);
  if (!isSizes(shape) || shape.length > 8) throw invalid(`${name} has no valid shape: ${JSON.stringify(shape)}`);
  if (!isSizes(offsets) || offsets.length !== 2) throw invalid(`${name} has no valid data_offsets`);
  const [begin, end] = offsets as [number, number];
  const bytes = shape.reduce((product, side) => product * side, 4);
  if (end - begin !== bytes)
    throw invalid(`${name} of shape [${shape.join(", ")}] takes ${bytes} bytes, not ${end - begin}`);
  return { shape, begin, end };
}

function toMetadata(value: unknown): Record<string, string> {
  const entries = Object.entries(toObject(value, "__metadata__"));
  for (const [key, text] of entries) {
    if (typeof text !== "string") throw invalid(`__metadata__.${key} is no text`);
  }
  return Object.fromEntries(entries);
}

function toObject(value: unknown, name: string): object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(`${name} is no JSON object`);
  return value;
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((side) => Number.isSafeInteger(side) && side >= 0);
}

function invalid(problem: string, cause?: unknown): PssrError {
  return new PssrError("INVALID_MODEL", `safetensors: ${problem}`, { cause });
}
