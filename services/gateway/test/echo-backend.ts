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
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { ServerReflection, ServerReflectionService } from "nice-grpc-server-reflection";

export interface EchoHandlers {
  Unary: handleUnaryCall<Buffer, Buffer>;
  Collect: handleClientStreamingCall<Buffer, Buffer>;
  Expand: handleServerStreamingCall<Buffer, Buffer>;
  Chat: handleBidiStreamingCall<Buffer, Buffer>;
}

export interface EchoBackend {
  readonly address: string;
  stop(): void;
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
  { bind = "127.0.0.1:0", service = "stranger.v1.EchoService" }: { bind?: string; service?: string } = {},
): Promise<EchoBackend> {
  const server = new Server({ "grpc.max_receive_message_length": 8 * 2 ** 20 });
  const definition = Object.fromEntries(
    Object.entries(kinds).map(([name, kind]) => [
      name,
      {
        path: `/${service}/${name}`,
        ...kind,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    ]),
  );
  server.addService(definition, { ...handlers } as UntypedServiceImplementation);
  const reflection = ServerReflection(describe(service), [service]);
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
  return { address: `127.0.0.1:${port}`, stop: () => server.forceShutdown() };
}

/** The descriptor of the service, as its own build would have it: one message with one field, four methods. */
function describe(service: string): Uint8Array {
  const dot = service.lastIndexOf(".");
  const scope = service.slice(0, dot);
  const type = `.${scope}.Text`;
  return toBinary(
    FileDescriptorSetSchema,
    create(FileDescriptorSetSchema, {
      file: [
        {
          name: `${service.replaceAll(".", "/")}.proto`,
          package: scope,
          syntax: "proto3",
          messageType: [
            {
              name: "Text",
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
        },
      ],
    }),
  );
}
