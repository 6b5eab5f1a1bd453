export type { Abortable } from "./abortable.js";
export * from "./config/describe-config.js";
export * from "./config/load-config.js";
export * from "./config/setting.js";
export * as kinds from "./config/setting-kinds.js";
export * from "./descriptors/contract.js";
export * from "./descriptors/descriptor-file.js";
export * from "./descriptors/descriptor-index.js";
export * from "./descriptors/health-file.js";
export * from "./events/event-bus.js";
export * from "./events/memory-event-bus.js";
export * from "./events/nats-event-bus.js";
export * from "./grpc/call-counter.js";
export * from "./grpc/connection.js";
export * from "./grpc/drain.js";
export * from "./grpc/limits.js";
export { bound, cannotListen, dialable } from "./grpc/listen.js";
export { callErrors, type ObservedCall, observeCall } from "./grpc/observed-call.js";
export * from "./grpc/reflection.js";
export * from "./grpc/reflection-messages.js";
export * from "./grpc/server.js";
export * from "./grpc/tls.js";
export * from "./identity/access-rules.js";
export * from "./identity/authenticator.js";
export * from "./identity/identity.js";
export * from "./identity/identity-keys.js";
export * from "./identity/identity-middleware.js";
export * from "./identity/keyring.js";
export * from "./identity/token-source.js";
export * from "./log/log-scope.js";
export * from "./log/logger.js";
export * from "./log/trace-context.js";
export * from "./nats/nats-connection.js";
export * from "./nats/nats-settings.js";
export * from "./objects/file-object-store.js";
export * from "./objects/object-store.js";
export * from "./objects/s3/s3-object-store.js";
export * from "./objects/s3/s3-settings.js";
export { type Clock, systemClock } from "./operations/clock.js";
export * from "./operations/job.js";
export type { ListOperationsPage, ListOperationsRequest } from "./operations/list-operations.js";
export { mayPass } from "./operations/may-pass.js";
export * from "./operations/message.js";
export { type MadeBy, operationBefore } from "./operations/operation-before.js";
export { newsInLog, type OperationNews, type TellNews } from "./operations/operation-log.js";
export { keyOfName } from "./operations/operation-name.js";
export { Operations } from "./operations/operations.js";
export {
  type Checkpoint,
  isTerminal,
  maximumBytes,
  type OperationError,
  type OperationRecord,
  type OperationState,
  type TypedBytes,
} from "./operations/record.js";
export type { OperationsSettings } from "./operations/settings.js";
export type { Submission } from "./operations/submit.js";
export type { OperationView } from "./operations/view.js";
export type { WatchOperationOptions } from "./operations/watch-operation.js";
export * from "./ports/cluster-ports.js";
export * from "./ports/data-directory.js";
export * from "./ports/open-ports.js";
export * from "./ports/ports.js";
export * from "./process/end.js";
export * from "./process/process-settings.js";
export * from "./process/run-program.js";
export * from "./process/runtime.js";
export * from "./process/serve.js";
export * from "./process/service-program.js";
export * from "./queue/memory-work-queue.js";
export * from "./queue/nats-work-queue.js";
export * from "./queue/work-queue.js";
export * from "./records/paging.js";
export * from "./records/record-table.js";
export { schema } from "./records/schema.js";
export type { RunningService, ServiceContext } from "./service.js";
export * from "./state/file-state-store.js";
export * from "./state/nats-state-store.js";
export * from "./state/state-store.js";
export * from "./telemetry/probe-server.js";
export * from "./telemetry/probes.js";
export * from "./telemetry/registry.js";
export * from "./telemetry/settings.js";
export * from "./telemetry/span.js";
export { spansTotal } from "./telemetry/trace-metrics.js";
export * from "./threads/serve-thread.js";
export * from "./threads/thread-pool.js";
