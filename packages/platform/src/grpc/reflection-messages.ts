/**
 * The wire form of grpc.reflection.v1 (and v1alpha, which is the same but for its name): a stable public protocol of
 * which a server and the gateway need a dozen fields.
 * Source: https://github.com/grpc/grpc-proto/blob/master/grpc/reflection/v1/reflection.proto
 */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

export type ReflectionQuestion =
  | { readonly kind: "fileByName"; readonly name: string }
  | { readonly kind: "fileContainingSymbol"; readonly symbol: string }
  | { readonly kind: "fileContainingExtension"; readonly type: string; readonly number: number }
  | { readonly kind: "extensionNumbers"; readonly type: string }
  | { readonly kind: "listServices" };

export interface ReflectionRequest {
  /** Undefined: a question newer than this server. */
  readonly question: ReflectionQuestion | undefined;
  /** As received, to be sent back with the answer. */
  readonly raw: Uint8Array;
}

export type ReflectionAnswer =
  | { readonly kind: "files"; readonly files: readonly Uint8Array[] }
  | { readonly kind: "extensionNumbers"; readonly type: string; readonly numbers: readonly number[] }
  | { readonly kind: "services"; readonly names: readonly string[] }
  | { readonly kind: "error"; readonly code: number; readonly message: string };

export interface ReflectionResponse {
  readonly original: Uint8Array;
  readonly answer: ReflectionAnswer;
}

export function encodeRequest(question: ReflectionQuestion): Uint8Array {
  const writer = new BinaryWriter();
  switch (question.kind) {
    case "fileByName":
      writer.tag(3, WireType.LengthDelimited).string(question.name);
      break;
    case "fileContainingSymbol":
      writer.tag(4, WireType.LengthDelimited).string(question.symbol);
      break;
    case "fileContainingExtension":
      writer.tag(5, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.LengthDelimited).string(question.type);
      writer.tag(2, WireType.Varint).int32(question.number).join();
      break;
    case "extensionNumbers":
      writer.tag(6, WireType.LengthDelimited).string(question.type);
      break;
    case "listServices":
      writer.tag(7, WireType.LengthDelimited).string("*");
  }
  return writer.finish();
}

export function decodeRequest(bytes: Uint8Array): ReflectionRequest {
  let question: ReflectionQuestion | undefined;
  readFields(bytes, {
    3: (reader) => {
      question = { kind: "fileByName", name: reader.string() };
    },
    4: (reader) => {
      question = { kind: "fileContainingSymbol", symbol: reader.string() };
    },
    5: (reader) => {
      let type = "";
      let number = 0;
      readFields(reader.bytes(), {
        1: (inner) => {
          type = inner.string();
        },
        2: (inner) => {
          number = inner.int32();
        },
      });
      question = { kind: "fileContainingExtension", type, number };
    },
    6: (reader) => {
      question = { kind: "extensionNumbers", type: reader.string() };
    },
    7: (reader) => {
      reader.string();
      question = { kind: "listServices" };
    },
  });
  return { question, raw: bytes };
}

export function encodeResponse({ original, answer }: ReflectionResponse): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(2, WireType.LengthDelimited).bytes(original);
  switch (answer.kind) {
    case "files":
      writer.tag(4, WireType.LengthDelimited).fork();
      for (const file of answer.files) writer.tag(1, WireType.LengthDelimited).bytes(file);
      writer.join();
      break;
    case "extensionNumbers":
      writer.tag(5, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.LengthDelimited).string(answer.type);
      for (const number of answer.numbers) writer.tag(2, WireType.Varint).int32(number);
      writer.join();
      break;
    case "services":
      writer.tag(6, WireType.LengthDelimited).fork();
      for (const name of answer.names) {
        writer.tag(1, WireType.LengthDelimited).fork();
        writer.tag(1, WireType.LengthDelimited).string(name).join();
      }
      writer.join();
      break;
    case "error":
      writer.tag(7, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.Varint).int32(answer.code);
      writer.tag(2, WireType.LengthDelimited).string(answer.message).join();
  }
  return writer.finish();
}

export function decodeResponse(bytes: Uint8Array): ReflectionResponse {
  let original: Uint8Array = new Uint8Array();
  let answer: ReflectionAnswer = { kind: "error", code: 2, message: "The answer to a reflection request was empty." };
  readFields(bytes, {
    2: (reader) => {
      original = reader.bytes();
    },
    4: (reader) => {
      const files: Uint8Array[] = [];
      readFields(reader.bytes(), { 1: (inner) => files.push(inner.bytes()) });
      answer = { kind: "files", files };
    },
    5: (reader) => {
      answer = decodeExtensionNumbers(reader.bytes());
    },
    6: (reader) => {
      const names: string[] = [];
      const service = { 1: (inner: BinaryReader) => names.push(inner.string()) };
      readFields(reader.bytes(), { 1: (inner) => readFields(inner.bytes(), service) });
      answer = { kind: "services", names };
    },
    7: (reader) => {
      let code = 2;
      let message = "";
      readFields(reader.bytes(), {
        1: (inner) => {
          code = inner.int32();
        },
        2: (inner) => {
          message = inner.string();
        },
      });
      answer = { kind: "error", code, message };
    },
  });
  return { original, answer };
}

function decodeExtensionNumbers(bytes: Uint8Array): ReflectionAnswer {
  let type = "";
  const numbers: number[] = [];
  readFields(bytes, {
    1: (reader) => {
      type = reader.string();
    },
    2: (reader, wire) => {
      // Packed by most writers, not by all.
      if (wire === WireType.Varint) numbers.push(reader.int32());
      else for (const end = reader.uint32() + reader.pos; reader.pos < end; ) numbers.push(reader.int32());
    },
  });
  return { kind: "extensionNumbers", type, numbers };
}

function readFields(
  bytes: Uint8Array,
  fields: Readonly<Record<number, (reader: BinaryReader, wire: WireType) => void>>,
): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, wire] = reader.tag();
    const read = fields[number];
    if (read === undefined) reader.skip(wire, number);
    else read(reader, wire);
  }
}
