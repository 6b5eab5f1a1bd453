/** A clock that all processes of this machine share and that never jumps, and numbers as the payload of messages. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function numberBytes(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

export function readNumber(bytes: Uint8Array): number {
  return Buffer.from(bytes).readDoubleLE();
}
