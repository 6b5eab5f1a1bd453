/** Limits of a gRPC server and of its clients, each documented as a setting. */
import type { ChannelOptions } from "@grpc/grpc-js";
import { keepDrainingConnectionsAlive } from "@pssr/api/draining-keepalive";
import { setting } from "../config/setting.js";
import { bytes, duration, integer } from "../config/setting-kinds.js";

const MiB = 2 ** 20;
const dayMs = 86_400_000;

/** Settings shared by every service that listens. */
export const grpcSettings = {
  maxReceiveBytes: setting(bytes({ min: 64 * 1024, max: 64 * MiB }), {
    default: "4MiB",
    description: "Largest message taken in",
  }),
  maxConcurrentStreams: setting(integer({ min: 1, max: 100_000 }), {
    default: "256",
    description: "Calls at one time over one connection of a caller; further ones wait",
  }),
  serviceStreams: setting(integer({ min: 256, max: 1_000_000 }), {
    default: "100000",
    description:
      "Calls at one time over one connection of another service: the gateway brings those of all its callers",
  }),
  keepaliveTime: setting(duration({ minMs: 1000 }), {
    default: "30s",
    description: "A connection silent for this long is asked whether it lives",
  }),
  keepaliveTimeout: setting(duration({ minMs: 100 }), {
    default: "10s",
    description: "A connection that does not answer that question for this long is closed",
  }),
  connectTimeout: setting(duration({ minMs: 100, maxMs: 600_000 }), {
    default: "10s",
    description:
      "A connection that does not stand after this time, or whose peer says nothing, is given up and tried anew",
  }),
  connectionAge: setting(duration({ minMs: 100, maxMs: 20 * dayMs }), {
    default: "10m",
    description:
      "A caller is asked to connect anew after this time, so that it finds instances that were added; calls under way go on",
  }),
  connectionGrace: setting(duration({ minMs: 0, maxMs: 20 * dayMs }), {
    default: "1d",
    description: "Time that calls under way over such an old connection get to end",
  }),
  defaultDeadline: setting(duration({ minMs: 100 }), {
    default: "60s",
    description: "Deadline of a call with one request and one response that brings none",
  }),
};

export interface GrpcLimits {
  readonly maxReceiveBytes: number;
  readonly maxConcurrentStreams: number;
  readonly serviceStreams: number;
  /** Milliseconds, as all below. */
  readonly keepaliveTime: number;
  readonly keepaliveTimeout: number;
  readonly connectTimeout: number;
  readonly connectionAge: number;
  readonly connectionGrace: number;
  readonly defaultDeadline: number;
}

export const defaultLimits: GrpcLimits = {
  maxReceiveBytes: 4 * MiB,
  maxConcurrentStreams: 256,
  serviceStreams: 100_000,
  keepaliveTime: 30_000,
  keepaliveTimeout: 10_000,
  connectTimeout: 10_000,
  connectionAge: 10 * 60_000,
  connectionGrace: dayMs,
  defaultDeadline: 60_000,
};

/** The limits alone, of a configuration that has more. */
export function limitsOf(config: GrpcLimits): GrpcLimits {
  const names = Object.keys(defaultLimits) as (keyof GrpcLimits)[];
  return Object.fromEntries(names.map((name) => [name, config[name]])) as unknown as GrpcLimits;
}

/** @param concurrentStreams one of the limits: which one depends on who calls, callers or services */
export function serverOptions(limits: GrpcLimits, concurrentStreams: number): ChannelOptions {
  keepDrainingConnectionsAlive();
  return {
    "grpc.max_receive_message_length": limits.maxReceiveBytes,
    "grpc.max_concurrent_streams": concurrentStreams,
    "grpc.keepalive_time_ms": limits.keepaliveTime,
    "grpc.keepalive_timeout_ms": limits.keepaliveTimeout,
    "grpc.max_connection_age_ms": limits.connectionAge,
    "grpc.max_connection_age_grace_ms": limits.connectionGrace,
    "grpc.so_reuseport": 0,
  };
}

/** A client channel notices a dead peer, reconnects soon, and never holds more than one message beyond the limit. */
export function channelOptions(limits: GrpcLimits): ChannelOptions {
  keepDrainingConnectionsAlive();
  return {
    "grpc.max_receive_message_length": limits.maxReceiveBytes,
    "grpc.keepalive_time_ms": limits.keepaliveTime,
    "grpc.keepalive_timeout_ms": limits.keepaliveTimeout,
    // grpc-js by itself waits for ever for a peer that takes a connection and says nothing; nice-grpc gives it this limit.
    "grpc.min_reconnect_backoff_ms": limits.connectTimeout,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 5_000,
    // A name is looked up anew when a connection ends, but no more often than this.
    "grpc.dns_min_time_between_resolutions_ms": 5_000,
    // How calls are spread is decided here and not by whoever answers for a name.
    "grpc.service_config_disable_resolution": 1,
    "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
  };
}
