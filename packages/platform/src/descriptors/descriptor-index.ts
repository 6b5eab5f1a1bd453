/**
 * A set of protobuf descriptors, looked up as reflection, authorisation and the gateway need it: files by name and by
 * symbol, methods by path.
 */
import {
  create,
  createFileRegistry,
  type DescEnum,
  type DescMessage,
  type DescMethod,
  type FileRegistry,
  fromBinary,
  toBinary,
} from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { PssrError } from "@pssr/api";

export class DescriptorIndex {
  readonly registry: FileRegistry;
  readonly #files = new Map<string, FileDescriptorProto>();
  /** Fully qualified name → name of the file that declares it. */
  readonly #symbols = new Map<string, string>();
  readonly #methods = new Map<string, DescMethod>();

  /** Files in any order; each file that another imports must be among them, else INTERNAL names it. */
  constructor(files: Iterable<FileDescriptorProto>) {
    for (const file of files) if (!this.#files.has(file.name)) this.#files.set(file.name, file);
    this.registry = createFileRegistry(create(FileDescriptorSetSchema, { file: sorted(this.#files) }));
    for (const file of this.registry.files) {
      const name = `${file.name}.proto`;
      for (const message of file.messages) this.#addMessage(message, name);
      for (const one of file.enums) this.#addEnum(one, name);
      for (const extension of file.extensions) this.#symbols.set(extension.typeName, name);
      for (const service of file.services) {
        this.#symbols.set(service.typeName, name);
        for (const method of service.methods) {
          this.#symbols.set(`${service.typeName}.${method.name}`, name);
          this.#methods.set(`/${service.typeName}/${method.name}`, method);
        }
      }
    }
  }

  /** From a serialized `google.protobuf.FileDescriptorSet`. */
  static fromSet(bytes: Uint8Array): DescriptorIndex {
    return new DescriptorIndex(fromBinary(FileDescriptorSetSchema, bytes).file);
  }

  static fileFromBytes(bytes: Uint8Array): FileDescriptorProto {
    return fromBinary(FileDescriptorProtoSchema, bytes);
  }

  get files(): Iterable<FileDescriptorProto> {
    return this.#files.values();
  }

  /** Methods by their path, `/package.Service/Method`. */
  get methods(): ReadonlyMap<string, DescMethod> {
    return this.#methods;
  }

  fileByName(name: string): Uint8Array | undefined {
    const file = this.#files.get(name);
    return file === undefined ? undefined : toBinary(FileDescriptorProtoSchema, file);
  }

  /** The file that declares a message, enum, service, method, field, enum value or extension. */
  fileContaining(symbol: string): Uint8Array | undefined {
    const name = this.#symbols.get(symbol);
    return name === undefined ? undefined : this.fileByName(name);
  }

  /** Only the files that declare these symbols, with all that they import. */
  subset(symbols: readonly string[]): DescriptorIndex {
    const kept = new Map<string, FileDescriptorProto>();
    const keep = (name: string | undefined) => {
      const file = name === undefined ? undefined : this.#files.get(name);
      if (file === undefined || kept.has(file.name)) return;
      kept.set(file.name, file);
      for (const dependency of file.dependency) keep(dependency);
    };
    for (const symbol of symbols) keep(this.#symbols.get(symbol));
    return new DescriptorIndex(kept.values());
  }

  /** The file that declares the extension of this message type with this field number. */
  fileOfExtension(typeName: string, number: number): Uint8Array | undefined {
    const message = this.registry.getMessage(typeName);
    const extension = message && this.registry.getExtensionFor(message, number);
    return extension && this.fileContaining(extension.typeName);
  }

  extensionNumbers(typeName: string): number[] {
    const found: number[] = [];
    for (const type of this.registry) {
      if (type.kind === "extension" && type.extendee.typeName === typeName) found.push(type.number);
    }
    return found.sort((a, b) => a - b);
  }

  #addMessage(message: DescMessage, file: string): void {
    this.#symbols.set(message.typeName, file);
    for (const field of message.fields) this.#symbols.set(`${message.typeName}.${field.name}`, file);
    for (const nested of message.nestedMessages) this.#addMessage(nested, file);
    for (const nested of message.nestedEnums) this.#addEnum(nested, file);
    for (const nested of message.nestedExtensions) this.#symbols.set(nested.typeName, file);
  }

  #addEnum(one: DescEnum, file: string): void {
    this.#symbols.set(one.typeName, file);
    // An enum's values live in the scope around the enum, as in C++.
    const scope = one.typeName.slice(0, one.typeName.lastIndexOf(".") + 1);
    for (const value of one.values) this.#symbols.set(`${scope}${value.name}`, file);
  }
}

/** Each file after those that it imports. */
function sorted(files: ReadonlyMap<string, FileDescriptorProto>): FileDescriptorProto[] {
  const order: FileDescriptorProto[] = [];
  const done = new Set<string>();
  const visit = (name: string, importer: string) => {
    if (done.has(name)) return;
    done.add(name);
    const file = files.get(name);
    if (file === undefined)
      throw new PssrError("INTERNAL", `Descriptor set: ${importer} imports ${name}, which is missing.`);
    for (const dependency of file.dependency) visit(dependency, name);
    order.push(file);
  };
  for (const name of files.keys()) visit(name, name);
  return order;
}
