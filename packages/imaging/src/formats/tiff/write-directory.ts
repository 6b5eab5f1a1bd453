/** One page's directory as bytes, followed by the values that do not fit into it; the page's strips come right after. */
import { tag, type } from "./tags.js";

export interface Field {
  readonly tag: number;
  readonly type: number;
  /** A rational takes two: numerator, denominator. */
  readonly values: readonly number[];
}

export interface DirectoryPlan {
  /** Offset in the file where the directory begins: even. */
  readonly at: number;
  readonly big: boolean;
  /** All but strip offsets and lengths. */
  readonly fields: readonly Field[];
  /** Lengths of the strips in bytes. */
  readonly sizes: readonly number[];
  /** True for the last page. */
  readonly last: boolean;
}

/** @returns the bytes, and the offset in the file where the page's last strip ends */
export function directoryBytes(plan: DirectoryPlan): { bytes: Uint8Array; end: number } {
  const { at, big, sizes } = plan;
  const wide = big ? type.long8 : type.long;
  const offsets: number[] = new Array<number>(sizes.length).fill(0);
  const fields = [
    ...plan.fields,
    { tag: tag.stripOffsets, type: wide, values: offsets },
    { tag: tag.stripByteCounts, type: wide, values: sizes },
  ].sort((a, b) => a.tag - b.tag);
  const [countSize, entrySize, inlineSize] = big ? [8, 20, 8] : [2, 12, 4];
  const fixed = countSize + fields.length * entrySize + inlineSize;
  const outside = fields.map((field) => (lengthOf(field) <= inlineSize ? 0 : lengthOf(field) + (lengthOf(field) % 2)));
  const total = outside.reduce((sum, length) => sum + length, fixed);
  let end = at + total;
  sizes.forEach((size, i) => {
    offsets[i] = end;
    end += size;
  });

  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  const setWide = (where: number, value: number) =>
    big ? view.setBigUint64(where, BigInt(value), true) : view.setUint32(where, value, true);
  if (big) setWide(0, fields.length);
  else view.setUint16(0, fields.length, true);
  let free = fixed;
  fields.forEach((field, i) => {
    const entry = countSize + i * entrySize;
    view.setUint16(entry, field.tag, true);
    view.setUint16(entry + 2, field.type, true);
    setWide(entry + 4, field.type === type.rational ? field.values.length / 2 : field.values.length);
    const inline = entry + 4 + inlineSize;
    if (outside[i] === 0) writeValues(view, inline, field);
    else {
      setWide(inline, at + free);
      writeValues(view, free, field);
      free += outside[i]!;
    }
  });
  const next = end + (end % 2);
  setWide(fixed - inlineSize, plan.last ? 0 : next);
  return { bytes, end };
}

const sizeOf: Record<number, number> = {
  [type.ascii]: 1,
  [type.short]: 2,
  [type.long]: 4,
  [type.rational]: 4,
  [type.float]: 4,
  [type.long8]: 8,
};

function lengthOf(field: Field): number {
  return field.values.length * sizeOf[field.type]!;
}

function writeValues(view: DataView, at: number, field: Field): void {
  const size = sizeOf[field.type]!;
  field.values.forEach((value, i) => {
    const where = at + i * size;
    if (field.type === type.ascii) view.setUint8(where, value);
    else if (field.type === type.short) view.setUint16(where, value, true);
    else if (field.type === type.float) view.setFloat32(where, value, true);
    else if (field.type === type.long8) view.setBigUint64(where, BigInt(value), true);
    else view.setUint32(where, value, true);
  });
}
