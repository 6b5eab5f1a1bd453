/**
 * How messages of streams become bytes: those that carry pixels are a quarter of a megabyte each, thousands of them a second.
 * The writer of the generated code grows its buffer by doubling, shifts what it holds for each length in front of it, and is
 * copied out at the end, and nice-grpc copies the result. Here large values are copied once.
 */
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { TsProtoServiceDefinition } from "nice-grpc";

/** Values from this size on are not copied until the message is whole. */
const largeBytes = 4096;

/**
 * Where messages are put together, one after the other: its length is that of the last one. Whoever takes a message copies it
 * before another is written, as grpc-js does into the frame it makes of it.
 */
const together = new ArrayBuffer(0, { maxByteLength: 2 ** 21 });

/** A writer whose message is a list of pieces up to the end; a nested message's length is put between them. */
export class PieceWriter extends BinaryWriter {
  #pieces: Uint8Array[] = [];
  /** Where open nested messages begin in the list. */
  readonly #begun: number[] = [];

  override bytes(value: Uint8Array): this {
    if (value.length < largeBytes) return super.bytes(value);
    this.uint32(value.length);
    this.#endPiece();
    this.#pieces.push(value);
    return this;
  }

  override fork(): this {
    this.#endPiece();
    this.#begun.push(this.#pieces.length);
    return this;
  }

  override join(): this {
    const begun = this.#begun.pop();
    if (begun === undefined) throw new Error("a nested message ends that has not begun");
    this.#endPiece();
    this.uint32(sizeOf(this.#pieces, begun));
    this.#pieces.splice(begun, 0, super.finish());
    return this;
  }

  /** The message, alone in its buffer, until another one is finished by any writer. */
  override finish(): Uint8Array<ArrayBuffer> {
    this.#endPiece();
    const message = new Uint8Array(roomFor(sizeOf(this.#pieces, 0)));
    let offset = 0;
    for (const piece of this.#pieces) {
      message.set(piece, offset);
      offset += piece.length;
    }
    this.#pieces = [];
    return message;
  }

  #endPiece(): void {
    const piece = super.finish();
    if (piece.length > 0) this.#pieces.push(piece);
  }
}

function roomFor(bytes: number): ArrayBuffer {
  if (bytes > together.maxByteLength) return Buffer.allocUnsafeSlow(bytes).buffer;
  together.resize(bytes);
  return together;
}

function sizeOf(pieces: readonly Uint8Array[], from: number): number {
  let size = 0;
  for (let n = from; n < pieces.length; n++) size += pieces[n]!.length;
  return size;
}

/** What a message of a stream may carry: called as soon as its bytes are copied, when its values may be used for something else. */
export const whenEncoded = Symbol("whenEncoded");

export interface Encodable {
  [whenEncoded]?: () => void;
}

/** The same service; the messages of the streams that it answers with are written so. */
export function withStreamEncoding<Definition extends TsProtoServiceDefinition>(definition: Definition): Definition {
  const methods = Object.entries(definition.methods).map(([key, method]) => [
    key,
    method.responseStream ? { ...method, responseType: pieceEncoded(method.responseType) } : method,
  ]);
  return { ...definition, methods: Object.fromEntries(methods) };
}

type MessageType = TsProtoServiceDefinition["methods"][string]["responseType"];

function pieceEncoded(type: MessageType): MessageType {
  const encode = type.encode as unknown as (message: unknown, writer: BinaryWriter) => BinaryWriter;
  const { fromPartial } = type;
  // nice-grpc takes the bytes with Buffer.from, which copies an array of bytes but not the memory under it.
  const finish = (message: Encodable) => {
    const { buffer } = encode(message, new PieceWriter()).finish();
    message[whenEncoded]?.();
    return buffer as unknown as Uint8Array;
  };
  return {
    ...type,
    encode: (message) => ({ finish: () => finish(message as Encodable) }),
    ...(fromPartial && {
      // What is missing is filled in on a copy.
      fromPartial(message: unknown) {
        const whole = fromPartial(message) as Encodable;
        const then = (message as Encodable)[whenEncoded];
        return then === undefined ? whole : { ...whole, [whenEncoded]: then };
      },
    }),
  };
}
