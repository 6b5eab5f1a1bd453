/**
 * A connection to one of our services (or to any gRPC server): every call carries a token, the trace, and, if unary, a
 * deadline; errors come back as PssrErrors. Retries are the caller's decision, for only it knows what is safe to repeat.
 *
 *     const images = connectService(address, { peer: "crappify", token }).client(ImageServiceDefinition);
 */
import { clientMiddleware, connectionAdvice, type DeadlineOption, PssrError } from "@pssr/api";
import {
  type Client,
  createChannel,
  createClientFactory,
  type TsProtoServiceDefinition,
  waitForChannelReady,
} from "nice-grpc";
import type { Abortable } from "../abortable.js";
import { flagOf, variableOf } from "../config/setting.js";
import type { TokenSource } from "../identity/token-source.js";
import { currentScope } from "../log/log-scope.js";
import { formatTraceparent } from "../log/trace-context.js";
import { within } from "../within.js";
import { channelOptions, defaultLimits, type GrpcLimits } from "./limits.js";
import { outgoingCall } from "./outgoing-call.js";
import { channelCredentials, type TlsFiles } from "./tls.js";

export interface ConnectServiceOptions {
  /** Who is called, for error messages: "crappify". */
  peer: string;
  /** Whose identity the calls carry. Absent: none, for servers that are not ours. */
  token?: TokenSource;
  /** Deadline in milliseconds of a unary call that names none. Default 30,000. */
  deadlineMs?: number;
  limits?: Partial<GrpcLimits>;
  /** Whom to trust, and how to be known; without an authority to trust the connection is not encrypted. */
  tls?: TlsFiles | undefined;
  /** The setting that names the authority's file, for error messages. Default: `tlsCaFile`. */
  caSetting?: string;
  /**
   * Bytes of a stream that may be on their way before its reader has taken any of them. Default: HTTP/2's 64 KiB, with which a
   * stream of pixels stands still several times for each message. What has come and was not read is lost where a stream ends
   * with an error (so does grpc-js): more is for readers who can ask for it again.
   */
  streamWindow?: number;
}

export interface ServiceConnection {
  readonly address: string;
  client<Definition extends TsProtoServiceDefinition>(definition: Definition): Client<Definition, DeadlineOption>;
  /** Returns once the connection stands; UNAVAILABLE after `timeoutMs`. No call needs it: calls connect by themselves. */
  ready(options: { timeoutMs: number } & Abortable): Promise<void>;
  /** Ends the connection; calls under way fail. */
  close(): void;
}

/** Connects with the first call. INVALID_CONFIGURATION for files of `tls` that cannot be used. */
export function connectService(address: string, options: ConnectServiceOptions): ServiceConnection {
  const limits = { ...defaultLimits, ...options.limits };
  const { caSetting = "tlsCaFile" } = options;
  const channel = createChannel(address, channelCredentials(options.tls, caSetting), {
    ...channelOptions(limits),
    ...(options.streamWindow === undefined ? {} : { "grpc-node.flow_control_window": options.streamWindow }),
  });
  const peer = `${options.peer} at ${address}`;
  const rules = clientMiddleware({
    peer,
    deadlineMs: options.deadlineMs ?? 30_000,
    unreachable(details, path) {
      const advice = connectionAdvice(details, `${flagOf(caSetting)} (${variableOf(caSetting)})`);
      return advice && `${peer}, ${path}: ${advice} (${details.trim()})`;
    },
    async decorate(metadata) {
      if (options.token !== undefined) metadata.set("authorization", `Bearer ${await options.token()}`);
      const { trace } = currentScope();
      if (trace !== undefined) metadata.set("traceparent", formatTraceparent(trace));
    },
  });
  const factory = createClientFactory().use(rules).use(outgoingCall);
  return {
    address,
    client: (definition) => factory.create(definition, channel),
    async ready({ timeoutMs, signal }) {
      signal?.throwIfAborted();
      try {
        await within(waitForChannelReady(channel, new Date(Date.now() + timeoutMs)), { signal });
      } catch (cause) {
        signal?.throwIfAborted();
        const message = `${peer} cannot be reached within ${timeoutMs} ms; is it running?`;
        throw new PssrError("UNAVAILABLE", message, { cause });
      }
    },
    close: () => channel.close(),
  };
}
