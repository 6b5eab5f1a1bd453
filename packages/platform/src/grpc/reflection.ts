/**
 * Server reflection, so that a client needs nothing but an address. Served under both its names: grpcurl asks for v1,
 * Python's grpcio-reflection for v1alpha.
 */
import type { MethodDefinition, ServiceImplementation } from "nice-grpc";
import { type CallContext, Status } from "nice-grpc-common";
import type { DescriptorIndex } from "../descriptors/descriptor-index.js";
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  type ReflectionAnswer,
  type ReflectionQuestion,
  type ReflectionRequest,
  type ReflectionResponse,
} from "./reflection-messages.js";

type ReflectionMethod = MethodDefinition<
  ReflectionQuestion,
  ReflectionRequest,
  ReflectionResponse,
  ReflectionResponse,
  true,
  true
>;

/** The two services; a client uses the first that its server knows. */
export const reflectionServices = [
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
] as const;

export function reflectionDefinition(service: (typeof reflectionServices)[number]) {
  const serverReflectionInfo: ReflectionMethod = {
    path: `/${service}/ServerReflectionInfo`,
    requestStream: true,
    responseStream: true,
    requestSerialize: encodeRequest,
    requestDeserialize: decodeRequest,
    responseSerialize: encodeResponse,
    responseDeserialize: decodeResponse,
    options: {},
  };
  return { serverReflectionInfo };
}

/** What reflection shows; asked anew for every question, for the gateway's grows. */
export interface ReflectionSource {
  readonly descriptors: DescriptorIndex;
  readonly services: readonly string[];
}

export function reflectionImplementation(
  source: () => ReflectionSource,
): ServiceImplementation<ReturnType<typeof reflectionDefinition>> {
  return {
    async *serverReflectionInfo(requests: AsyncIterable<ReflectionRequest>, _context: CallContext) {
      for await (const { question, raw } of requests) yield { original: raw, answer: answer(question, source()) };
    },
  };
}

function answer(
  question: ReflectionQuestion | undefined,
  { descriptors, services }: ReflectionSource,
): ReflectionAnswer {
  switch (question?.kind) {
    case "listServices":
      return { kind: "services", names: services };
    case "fileByName":
      return file(descriptors.fileByName(question.name), question.name);
    case "fileContainingSymbol":
      return file(descriptors.fileContaining(question.symbol), question.symbol);
    case "fileContainingExtension":
      return file(descriptors.fileOfExtension(question.type, question.number), `${question.type}.${question.number}`);
    case "extensionNumbers":
      if (descriptors.registry.getMessage(question.type) === undefined) return file(undefined, question.type);
      return { kind: "extensionNumbers", type: question.type, numbers: descriptors.extensionNumbers(question.type) };
    default:
      return { kind: "error", code: Status.UNIMPLEMENTED, message: "This server does not know that question." };
  }
}

function file(bytes: Uint8Array | undefined, what: string): ReflectionAnswer {
  if (bytes !== undefined) return { kind: "files", files: [bytes] };
  return { kind: "error", code: Status.NOT_FOUND, message: `${what} is not part of this server's contract.` };
}
