/**
 * A set of protobuf descriptors, looked up as reflection, authorisation and the gateway need it: files by name and by
 * symbol, methods by path.
 */
import { create, createFileRegistry, type DescMethod, type FileRegistry } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  FileDescriptorSetSchema,
  type MethodDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { PssrError } from "@pssr/api";
import { DescriptorFile } from "./descriptor-file.js";

export class DescriptorIndex {
  readonly #files = new Map<string, DescriptorFile>();
  readonly #sorted: readonly DescriptorFile[];
  #registry: FileRegistry | undefined;
  #symbols: Map<string, string> | undefined;
  #methods: Map<string, DescMethod> | undefined;

  /** Files in any order; each file that another imports must be among them, else INTERNAL names it. */
  constructor(files: Iterable<DescriptorFile>) {
    for (const file of files) if (!this.#files.has(file.name)) this.#files.set(file.name, file);
    this.#sorted = sorted(this.#files);
  }

  /** From a serialized `google.protobuf.FileDescriptorSet`. */
  static fromSet(bytes: Uint8Array): DescriptorIndex {
    return new DescriptorIndex(DescriptorFile.parseSet(bytes));
  }

  /** All types with their references resolved, without comments. Made when first asked for: it is most of the work. */
  get registry(): FileRegistry {
    this.#registry ??= createFileRegistry(
      create(FileDescriptorSetSchema, { file: this.#sorted.map(({ proto }) => proto) }),
    );
    return this.#registry;
  }

  get files(): Iterable<DescriptorFile> {
    return this.#files.values();
  }

  /** Methods by their path, `/package.Service/Method`. */
  get methods(): ReadonlyMap<string, DescMethod> {
    this.#methods ??= new Map(
      [...this.registry.files]
        .flatMap((file) => file.services)
        .flatMap((service) => service.methods)
        .map((method) => [`/${method.parent.typeName}/${method.name}`, method]),
    );
    return this.#methods;
  }

  /** The methods of a service by its full name, as declared; none if it is unknown. */
  methodsOf(service: string): readonly MethodDescriptorProto[] {
    const file = this.#fileDeclaring(service);
    const prefix = file === undefined || file.proto.package === "" ? "" : `${file.proto.package}.`;
    return file?.proto.service.find(({ name }) => `${prefix}${name}` === service)?.method ?? [];
  }

  fileByName(name: string): Uint8Array | undefined {
    return this.#files.get(name)?.bytes;
  }

  /** The file with exactly these bytes, which so need not be parsed again. */
  fileWithBytes(bytes: Uint8Array): DescriptorFile | undefined {
    return this.#sorted.find((file) => file.sameBytes(bytes));
  }

  /** The file that declares a message, enum, service, method, field, enum value or extension. */
  fileContaining(symbol: string): Uint8Array | undefined {
    return this.#fileDeclaring(symbol)?.bytes;
  }

  /** Only the files that declare these symbols, with all that they import. */
  subset(symbols: readonly string[]): DescriptorIndex {
    const kept = new Map<string, DescriptorFile>();
    const keep = (name: string | undefined) => {
      const file = name === undefined ? undefined : this.#files.get(name);
      if (file === undefined || kept.has(file.name)) return;
      kept.set(file.name, file);
      for (const dependency of file.dependency) keep(dependency);
    };
    for (const symbol of symbols) keep(this.#fileDeclaring(symbol)?.name);
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

  #fileDeclaring(symbol: string): DescriptorFile | undefined {
    this.#symbols ??= symbolsOf(this.#sorted);
    const name = this.#symbols.get(symbol);
    return name === undefined ? undefined : this.#files.get(name);
  }
}

/** Fully qualified name → name of the file that declares it. */
function symbolsOf(files: readonly DescriptorFile[]): Map<string, string> {
  const symbols = new Map<string, string>();
  const addEnum = (one: EnumDescriptorProto, scope: string, file: string) => {
    symbols.set(`${scope}${one.name}`, file);
    // An enum's values live in the scope around the enum, as in C++.
    for (const value of one.value) symbols.set(`${scope}${value.name}`, file);
  };
  const addMessage = (message: DescriptorProto, scope: string, file: string) => {
    symbols.set(`${scope}${message.name}`, file);
    const inner = `${scope}${message.name}.`;
    for (const { name } of [...message.field, ...message.extension]) symbols.set(`${inner}${name}`, file);
    for (const nested of message.nestedType) addMessage(nested, inner, file);
    for (const nested of message.enumType) addEnum(nested, inner, file);
  };
  for (const { name: file, proto } of files) {
    const scope = proto.package === "" ? "" : `${proto.package}.`;
    for (const message of proto.messageType) addMessage(message, scope, file);
    for (const one of proto.enumType) addEnum(one, scope, file);
    for (const { name } of proto.extension) symbols.set(`${scope}${name}`, file);
    for (const service of proto.service) {
      symbols.set(`${scope}${service.name}`, file);
      for (const { name } of service.method) symbols.set(`${scope}${service.name}.${name}`, file);
    }
  }
  return symbols;
}

/** Each file after those that it imports. */
function sorted(files: ReadonlyMap<string, DescriptorFile>): DescriptorFile[] {
  const order: DescriptorFile[] = [];
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
