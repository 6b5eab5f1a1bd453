/**
 * What a method asks of its caller, read from the contract: the least role, and every resource that a request names.
 * A name is a field with `google.api.resource_reference`, the name of a message that is a `google.api.resource`, and
 * `name` or `parent` of the request itself; it is found wherever it stands: nested, repeated, in a map or in a oneof.
 */
import { type DescField, type DescMessage, type DescMethod, getOption, ScalarType } from "@bufbuild/protobuf";
import { Role as ContractRole, PssrError } from "@pssr/api";
import type { DescriptorIndex } from "../descriptors/descriptor-index.js";
import type { Role } from "./identity.js";

export interface AccessRule {
  readonly role: Role;
  /** All resource names in a decoded request (as ts-proto decodes it), empty ones left out. */
  resourceNames(request: unknown): Iterable<string>;
}

type Reader = (message: Readonly<Record<string, unknown>>) => Iterable<string>;

const viewerVerbs = /^(Get|List|Watch|Read|Download|Stream)/;

export class AccessRules {
  readonly #index: DescriptorIndex;
  readonly #rules = new Map<string, AccessRule>();
  readonly #readers = new Map<string, Reader>();
  readonly #holders = new Map<string, boolean>();

  constructor(index: DescriptorIndex) {
    this.#index = index;
  }

  /** The rule of a method by its path; INTERNAL for a method that the descriptors do not know: never a way around. */
  of(path: string): AccessRule {
    const known = this.#rules.get(path);
    if (known !== undefined) return known;
    const method = this.#index.methods.get(path);
    if (method === undefined) throw new PssrError("INTERNAL", `${path} is in no descriptor: it cannot be authorised.`);
    const input = this.#reader(method.input);
    const named = method.input.fields.filter((f) => isText(f) && (f.name === "name" || f.name === "parent"));
    const top = named.filter((f) => !this.#isName(f)).map((f) => fieldReader(f, textsOf));
    const rule: AccessRule = {
      role: this.#role(method),
      *resourceNames(request) {
        if (!isRecord(request)) return;
        yield* input(request);
        for (const read of top) yield* read(request);
      },
    };
    this.#rules.set(path, rule);
    return rule;
  }

  #role(method: DescMethod): Role {
    const extension = this.#index.registry.getExtension("pssr.v1.required_role");
    const required = extension === undefined ? undefined : getOption(method, extension);
    switch (required) {
      case ContractRole.ROLE_VIEWER:
        return "viewer";
      case ContractRole.ROLE_OPERATOR:
        return "operator";
      case ContractRole.ROLE_ADMIN:
        return "admin";
      case ContractRole.ROLE_SERVICE:
        return "service";
      default:
        return viewerVerbs.test(method.name) ? "viewer" : "operator";
    }
  }

  /** Reads the names in a message of this type; made once per type, so that recursive types end. */
  #reader(type: DescMessage): Reader {
    const known = this.#readers.get(type.typeName);
    if (known !== undefined) return known;
    const parts: Reader[] = [];
    const reader: Reader = function* (message) {
      for (const part of parts) yield* part(message);
    };
    this.#readers.set(type.typeName, reader);
    for (const field of type.fields) {
      const inner = messageOf(field);
      if (this.#isName(field)) parts.push(fieldReader(field, textsOf));
      else if (inner !== undefined && this.#holdsNames(inner, new Set())) {
        const read = this.#reader(inner);
        parts.push(fieldReader(field, (value) => (isRecord(value) ? read(value) : [])));
      }
    }
    return reader;
  }

  #holdsNames(type: DescMessage, seen: Set<string>): boolean {
    const known = this.#holders.get(type.typeName);
    if (known !== undefined) return known;
    if (seen.has(type.typeName)) return false;
    seen.add(type.typeName);
    const holds = type.fields.some((field) => {
      const inner = messageOf(field);
      return this.#isName(field) || (inner !== undefined && this.#holdsNames(inner, seen));
    });
    // Inside a cycle a "no" may be premature: only what is certain is kept.
    if (holds || seen.size === 1) this.#holders.set(type.typeName, holds);
    return holds;
  }

  #isName(field: DescField): boolean {
    if (!isText(field)) return false;
    const { registry } = this.#index;
    const reference = registry.getExtension("google.api.resource_reference");
    if (reference !== undefined && hasExtension(field.proto.options, reference.number)) return true;
    const resource = registry.getExtension("google.api.resource");
    return resource !== undefined && field.name === "name" && hasExtension(field.parent.proto.options, resource.number);
  }
}

/** Options are decoded without knowledge of extensions, which so are unknown fields. */
function hasExtension(options: { $unknown?: { no: number }[] } | undefined, number: number): boolean {
  return options?.$unknown?.some(({ no }) => no === number) === true;
}

function isText(field: DescField): boolean {
  if (field.fieldKind === "scalar") return field.scalar === ScalarType.STRING;
  if (field.fieldKind === "list") return field.listKind === "scalar" && field.scalar === ScalarType.STRING;
  return field.fieldKind === "map" && field.mapKind === "scalar" && field.scalar === ScalarType.STRING;
}

function messageOf(field: DescField): DescMessage | undefined {
  if (field.fieldKind === "message") return field.message;
  if (field.fieldKind === "list" && field.listKind === "message") return field.message;
  return field.fieldKind === "map" && field.mapKind === "message" ? field.message : undefined;
}

/** Finds a field's values in a message as ts-proto decodes it: oneofs are `{ $case, value }`, maps plain objects or Maps. */
function fieldReader(field: DescField, read: (value: unknown) => Iterable<string>): Reader {
  const many = field.fieldKind === "list" || field.fieldKind === "map";
  return function* (message) {
    const value = field.oneof === undefined ? message[field.jsonName] : ofCase(message[field.oneof.localName], field);
    if (value === undefined || value === null) return;
    for (const item of many ? itemsOf(value) : [value]) yield* read(item);
  };
}

function ofCase(oneof: unknown, field: DescField): unknown {
  return isRecord(oneof) && oneof.$case === field.jsonName ? oneof.value : undefined;
}

function itemsOf(value: unknown): Iterable<unknown> {
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return value.values();
  return isRecord(value) ? Object.values(value) : [];
}

function textsOf(value: unknown): Iterable<string> {
  return typeof value === "string" && value !== "" ? [value] : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
