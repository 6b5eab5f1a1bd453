/** The channel over which calls are forwarded to a service. */
import { Channel } from "@grpc/grpc-js";
import { channelCredentials, channelOptions, type GrpcLimits, type TlsFiles } from "@pssr/platform";

/**
 * A call that its service refused before it began, because just then it closed an old connection, is sent again; only such a
 * one, for what else is safe to repeat only the caller knows. For that so much of what the caller has sent is kept until the
 * service answers; a call that has sent more is not sent again.
 */
const keptBytes = 64 * 1024;

/** @param address A target of gRPC: `host:port`, `dns:///host:port`, `ipv4:…,…`. */
export function serviceChannel(address: string, limits: GrpcLimits, tls?: TlsFiles): Channel {
  return new Channel(address, channelCredentials(tls), {
    ...channelOptions(limits),
    "grpc.per_rpc_retry_buffer_size": keptBytes,
  });
}
