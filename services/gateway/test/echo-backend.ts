/**
 * A service that is in no build of ours: a plain grpc-js server that handles raw bytes, with somebody else's reflection.
 * The gateway must forward it knowing nothing but its address.
 */
import { create, toBinary } from "@bufbuild/protobuf";
import { FieldDescriptorProto_Label, FieldDescriptorProto_Type, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import {
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerOptions,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { ServerReflection, ServerReflectionService } from "nice-grpc-server-reflection";

export interface EchoHandlers {
  Unary: handleUnaryCall<Buffer, Buffer>;
  Collect: handleClientStreamingCall<Buffer, Buffer>;
  Expand: handleServerStreamingCall<Buffer, Buffer>;
  Chat: handleBidiStreamingCall<Buffer, Buffer>;
}

export interface EchoOptions {
  bind?: string;
  service?: string;
  /** Further services, with the same handlers. */
  more?: readonly string[];
  options?: ServerOptions;
}

export interface EchoBackend {
  readonly address: string;
  stop(): void;
  /** Takes no new call, and ends when those under way have. */
  leave(): Promise<void>;
}

const same = (bytes: Buffer): Buffer => bytes;
const kinds = {
  Unary: { requestStream: false, responseStream: false },
  Collect: { requestStream: true, responseStream: false },
  Expand: { requestStream: false, responseStream: true },
  Chat: { requestStream: true, responseStream: true },
} as const;

/** Starts the service `service` with these handlers; a method without one answers UNIMPLEMENTED. */
export async function startEcho(
  handlers: Partial<EchoHandlers>,
  { bind = "127.0.0.1:0", service = "stranger.v1.EchoService", more = [], options = {} }: EchoOptions = {},
): Promise<EchoBackend> {
  const server = new Server({ "grpc.max_receive_message_length": 8 * 2 ** 20, ...options });
  const services = [service, ...more];
  for (const one of services) {
    const definition = Object.fromEntries(
      Object.entries(kinds).map(([name, kind]) => [
        name,
        {
          path: `/${one}/${name}`,
          ...kind,
          requestSerialize: same,
          requestDeserialize: same,
          responseSerialize: same,
          responseDeserialize: same,
        },
      ]),
    );
    server.addService(definition, { ...handlers } as UntypedServiceImplementation);
  }
  const reflection = ServerReflection(describe(services), services);
  const reflect: handleBidiStreamingCall<never, object> = (call) => {
    const context = { signal: new AbortController().signal } as Parameters<typeof reflection.serverReflectionInfo>[1];
    async function* one(question: never) {
      yield question;
    }
    const answer = async (question: never) => {
      for await (const found of reflection.serverReflectionInfo(one(question), context)) call.write(found);
    };
    let answered = Promise.resolve();
    call.on("data", (question: never) => {
      answered = answered.then(() => answer(question));
    });
    call.on("end", () => answered.then(() => call.end()));
  };
  server.addService(ServerReflectionService, { serverReflectionInfo: reflect } as UntypedServiceImplementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(bind, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const leave = () => new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
  return { address: `127.0.0.1:${port}`, stop: () => server.forceShutdown(), leave };
}

/** The descriptors of the services, as their own build would have them: each with one message of one field, and four methods. */
function describe(services: readonly string[]): Uint8Array {
  return toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema, { file: services.map(fileOf) }));
}

function fileOf(service: string) {
  const dot = service.lastIndexOf(".");
  const scope = service.slice(0, dot);
  const message = `${service.slice(dot + 1)}Text`;
  const type = `.${scope}.${message}`;
  return {
    name: `${service.replaceAll(".", "/")}.proto`,
    package: scope,
    syntax: "proto3",
    messageType: [
      {
        name: message,
        field: [
          {
            name: "text",
            jsonName: "text",
            number: 1,
            label: FieldDescriptorProto_Label.OPTIONAL,
            type: FieldDescriptorProto_Type.BYTES,
          },
        ],
      },
    ],
    service: [
      {
        name: service.slice(dot + 1),
        method: Object.entries(kinds).map(([name, { requestStream, responseStream }]) => ({
          name,
          inputType: type,
          outputType: type,
          clientStreaming: requestStream,
          serverStreaming: responseStream,
        })),
      },
    ],
  };
}
