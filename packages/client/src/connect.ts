/**
 * Opens the typed client of a PSSR installation: one stub per service, one channel, typed errors.
 *
 *     const pssr = connect("127.0.0.1:7717");
 *     const image = await pssr.images.getImage({ name: "projects/default/images/scan-07" });
 *     pssr.close();
 */
import { ChannelCredentials } from "@grpc/grpc-js";
import {
  type CrappifierServiceClient,
  CrappifierServiceDefinition,
  type CrappifyServiceClient,
  CrappifyServiceDefinition,
  clientMiddleware,
  type DatasetServiceClient,
  DatasetServiceDefinition,
  type EvaluationServiceClient,
  EvaluationServiceDefinition,
  type FitServiceClient,
  FitServiceDefinition,
  type ImageServiceClient,
  ImageServiceDefinition,
  type ModelServiceClient,
  ModelServiceDefinition,
  type OperationsClient,
  OperationsDefinition,
  type OperationWatchServiceClient,
  OperationWatchServiceDefinition,
  type PredictionServiceClient,
  PredictionServiceDefinition,
  type TrainingServiceClient,
  TrainingServiceDefinition,
} from "@pssr/api";
import { keepDrainingConnectionsAlive } from "@pssr/api/draining-keepalive";
import { type Channel, createChannel, createClientFactory } from "nice-grpc";
import { checkAddress, readAuthority, unreachable } from "./unreachable.js";

export interface ConnectOptions {
  /** Deadline of a unary call that names none, in milliseconds. Default 30,000. Streams have none: they take a signal. */
  deadlineMs?: number;
  /** An API token, where the installation asks for one. */
  token?: string;
  /** A file with the certificate authority to trust; given, the channel uses TLS. */
  certificateAuthority?: string;
}

export interface PssrClient {
  readonly address: string;
  readonly images: ImageServiceClient;
  readonly datasets: DatasetServiceClient;
  readonly crappifiers: CrappifierServiceClient;
  readonly crappify: CrappifyServiceClient;
  readonly trainings: TrainingServiceClient;
  readonly models: ModelServiceClient;
  readonly predictions: PredictionServiceClient;
  readonly evaluations: EvaluationServiceClient;
  readonly fits: FitServiceClient;
  readonly operations: OperationsClient;
  readonly watches: OperationWatchServiceClient;
  /** Closes the channel; calls under way end with CANCELLED. */
  close(): void;
}

/** Opens a client of the gateway at `address` ("host:port"; else INVALID_FIELD). It connects at the first call. */
export function connect(address: string, options: ConnectOptions = {}): PssrClient {
  checkAddress(address);
  keepDrainingConnectionsAlive();
  const { certificateAuthority } = options;
  const encrypted = certificateAuthority !== undefined;
  const credentials = encrypted
    ? ChannelCredentials.createSsl(readAuthority(certificateAuthority))
    : ChannelCredentials.createInsecure();
  const channel: Channel = createChannel(address, credentials, {
    "grpc.keepalive_time_ms": 30_000,
    "grpc.keepalive_timeout_ms": 10_000,
    // nice-grpc gives up a connection that does not stand after this time; grpc-js by itself may wait for ever.
    "grpc.min_reconnect_backoff_ms": 10_000,
    "grpc.initial_reconnect_backoff_ms": 200,
    "grpc.max_reconnect_backoff_ms": 5_000,
  });
  const factory = createClientFactory().use(
    clientMiddleware({
      peer: `PSSR at ${address}`,
      deadlineMs: options.deadlineMs ?? 30_000,
      unreachable: (details) => unreachable(details, { address, encrypted }),
      decorate: (metadata) =>
        void (options.token !== undefined && metadata.set("authorization", `Bearer ${options.token}`)),
    }),
  );
  return {
    address,
    images: factory.create(ImageServiceDefinition, channel),
    datasets: factory.create(DatasetServiceDefinition, channel),
    crappifiers: factory.create(CrappifierServiceDefinition, channel),
    crappify: factory.create(CrappifyServiceDefinition, channel),
    trainings: factory.create(TrainingServiceDefinition, channel),
    models: factory.create(ModelServiceDefinition, channel),
    predictions: factory.create(PredictionServiceDefinition, channel),
    evaluations: factory.create(EvaluationServiceDefinition, channel),
    fits: factory.create(FitServiceDefinition, channel),
    operations: factory.create(OperationsDefinition, channel),
    watches: factory.create(OperationWatchServiceDefinition, channel),
    close: () => channel.close(),
  };
}
