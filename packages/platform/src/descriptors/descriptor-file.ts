/**
 * One file of descriptors: its bytes as they came, for reflection, and what they say without the comments. Comments are
 * four fifths of the bytes and nothing looks at them here, so they are passed on and never parsed.
 */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** Numbers of the fields `FileDescriptorProto.source_code_info` and `FileDescriptorSet.file`. */
const sourceCodeInfo = 9;
const fileOfSet = 1;

export class DescriptorFile {
  /** What it says, without comments. */
  readonly proto: FileDescriptorProto;
  #bytes: Uint8Array | undefined;

  private constructor(proto: FileDescriptorProto, bytes?: Uint8Array) {
    this.proto = proto;
    this.#bytes = bytes;
  }

  /** From a serialized `google.protobuf.FileDescriptorProto`. */
  static parse(bytes: Uint8Array): DescriptorFile {
    return new DescriptorFile(fromBinary(FileDescriptorProtoSchema, withoutComments(bytes)), bytes);
  }

  static of(proto: FileDescriptorProto): DescriptorFile {
    return new DescriptorFile(proto);
  }

  /** Those of a serialized `google.protobuf.FileDescriptorSet`. */
  static *parseSet(bytes: Uint8Array): Generator<DescriptorFile> {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag();
      if (field === fileOfSet && wire === WireType.LengthDelimited) yield DescriptorFile.parse(reader.bytes());
      else reader.skip(wire, field);
    }
  }

  /** The serialized `google.protobuf.FileDescriptorProto`, with comments where it came with them. */
  get bytes(): Uint8Array {
    this.#bytes ??= toBinary(FileDescriptorProtoSchema, this.proto);
    return this.#bytes;
  }

  /** Whether it was parsed from bytes equal to these. */
  sameBytes(bytes: Uint8Array): boolean {
    return this.#bytes?.byteLength === bytes.byteLength && Buffer.compare(this.#bytes, bytes) === 0;
  }

  /** "pssr/v1/image_service.proto" */
  get name(): string {
    return this.proto.name;
  }

  /** Names of the files that it imports. */
  get dependency(): readonly string[] {
    return this.proto.dependency;
  }
}

function withoutComments(bytes: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const begin = reader.pos;
    const [field, wire] = reader.tag();
    reader.skip(wire, field);
    if (field !== sourceCodeInfo) kept.push(bytes.subarray(begin, reader.pos));
  }
  return Buffer.concat(kept);
}
