/**
 * Forwards one call of any kind as raw bytes, in both directions no faster than the other side takes them: towards the
 * service one message at a time, towards the caller at most a window of bytes beside one message. Deadline, cancel,
 * metadata, status and its details pass through.
 */
import {
  type Channel,
  connectivityState,
  Metadata,
  type ServerInterceptingCallInterface,
  type ServerListener,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import { connectionAdvice, PssrError, RpcStatus, statusDetailsKey, statusOf } from "@pssr/api";
import { callErrors } from "@pssr/platform";

export interface Route {
  readonly channel: Channel;
  /** For messages: "crappify". */
  readonly backend: string;
  /** Deadline in milliseconds for a call that brings none; undefined for streams, which may take as long as they like. */
  readonly defaultDeadlineMs: number | undefined;
}

export interface ForwardOptions {
  readonly path: string;
  readonly route: () => Route | undefined;
  /** Authenticates the caller and gives the metadata for the service; throws a PssrError to refuse. */
  readonly admit: (metadata: Metadata, peer: string) => Promise<Metadata>;
  readonly windowBytes: number;
  /** How long a call waits for an instance of its service where there is none just now. */
  readonly patienceMs: number;
  /** Told of an error that is a fault of the gateway's own; its caller learns no more than that there was one. */
  readonly fault: (error: unknown) => void;
  /** Called once, when the call has ended for its caller. */
  readonly ended: (code: status | undefined) => void;
}

/** About what a message takes to hold, beside its bytes: a window full of small ones must not be ten windows of memory. */
const overheadBytes = 1024;

type BackendCall = ReturnType<Channel["createCall"]>;

/** Starts to forward a call that has just come in; the listener returned takes what its caller sends. */
export function forward(caller: ServerInterceptingCallInterface, options: ForwardOptions): ServerListener {
  let service: BackendCall | undefined;
  let over = false;
  let code: status | undefined;
  let heldBytes = 0;
  let reading = false;

  const finish = (result: StatusObject) => {
    if (over) return;
    over = true;
    code = result.code;
    caller.sendStatus(result);
  };
  const refuse = (error: unknown) => {
    if (error instanceof PssrError) return finish(toStatus(error));
    options.fault(error);
    finish(toStatus(new PssrError("INTERNAL", "The gateway failed; its log holds the details.", { cause: error })));
  };
  const readService = () => {
    if (over || reading || service === undefined || heldBytes >= options.windowBytes) return;
    reading = true;
    service.startRead();
  };

  const connect = async (metadata: Metadata) => {
    const route = options.route();
    if (route === undefined)
      throw new PssrError("UNAVAILABLE", `${options.path} is not served at the moment; try again.`);
    const { channel, defaultDeadlineMs } = route;
    // What is sent while instances come and go waits; where none comes, the call fails with the reason for that.
    metadata.setOptions({ waitForReady: await isThere(channel, options.patienceMs) });
    if (over) return;
    const own = caller.getDeadline();
    const deadline =
      own === Number.POSITIVE_INFINITY && defaultDeadlineMs !== undefined ? Date.now() + defaultDeadlineMs : own;
    service = channel.createCall(options.path, deadline, null, null, null);
    service.start(metadata, {
      onReceiveMetadata: (received) => caller.sendMetadata(withoutTransport(received)),
      onReceiveMessage(message: Buffer) {
        reading = false;
        const held = message.byteLength + overheadBytes;
        heldBytes += held;
        // Called when the message has left for the caller, as far as its flow control lets it.
        caller.sendMessage(message, () => {
          heldBytes -= held;
          readService();
        });
        readService();
      },
      onReceiveStatus: (received) => finish(explained(received, route.backend)),
    });
    readService();
    caller.startRead();
  };

  return {
    onReceiveMetadata(metadata) {
      options
        .admit(metadata, caller.getPeer())
        .then(async (admitted) => {
          if (!over) await connect(admitted);
        })
        .catch(refuse);
    },
    onReceiveMessage(message: Buffer) {
      service?.sendMessageWithContext({ callback: () => over || caller.startRead() }, message);
    },
    onReceiveHalfClose: () => service?.halfClose(),
    // Called at every end of a call, a good one too; the service's side then has ended already.
    onCancel() {
      over = true;
      service?.cancelWithStatus(status.CANCELLED, "The caller gave the call up.");
      options.ended(code);
    },
  };
}

/** Whether a connection to an instance stands, or does after at most `patienceMs`. */
async function isThere(channel: Channel, patienceMs: number): Promise<boolean> {
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    const state = channel.getConnectivityState(true);
    if (state === connectivityState.READY) return true;
    const hasChanged = await new Promise<boolean>((resolve) => {
      channel.watchConnectivityState(state, giveUpAt, (error) => resolve(error === undefined));
    });
    if (!hasChanged) return false;
  }
}

/** Metadata without what belongs to one connection and not to the call. */
export function withoutTransport(metadata: Metadata): Metadata {
  const kept = metadata.clone();
  for (const key of [
    "content-type",
    "date",
    "grpc-encoding",
    "grpc-accept-encoding",
    "grpc-status",
    "grpc-message",
    "user-agent",
  ]) {
    kept.remove(key);
  }
  return kept;
}

/** A status as sent; where the service itself could not be reached, in words and with details of ours. */
function explained(received: StatusObject, backend: string): StatusObject {
  const metadata = withoutTransport(received.metadata);
  if (received.code === status.UNAVAILABLE && metadata.get(statusDetailsKey).length === 0) {
    const advice = connectionAdvice(received.details, "PSSR_TLS_CA_FILE");
    const problem = advice === undefined ? received.details : `${advice}: ${received.details.trim()}`;
    const message = `The service ${backend} cannot be reached at the moment (${problem}); try again.`;
    return toStatus(new PssrError("UNAVAILABLE", message, { metadata: { service: backend } }));
  }
  return { code: received.code, details: received.details, metadata };
}

function toStatus(error: PssrError): StatusObject {
  callErrors.inc({ reason: error.reason });
  const rich = statusOf(error);
  const metadata = new Metadata();
  metadata.set(statusDetailsKey, Buffer.from(RpcStatus.encode(rich).finish()));
  return { code: rich.code, details: rich.message, metadata };
}
