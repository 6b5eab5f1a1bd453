/**
 * The server that callers reach. It knows paths, not messages: each is registered with identity serialisers, and what
 * comes in on it is forwarded before any handler would run.
 */
import { Server, type ServerCredentials, ServerInterceptingCall, type ServerInterceptor, status } from "@grpc/grpc-js";
import { PssrError } from "@pssr/api";
import {
  type Authenticator,
  bound,
  CallCounter,
  cannotListen,
  dialable,
  drain,
  type GrpcLimits,
  type Identity,
  isLoopback,
  type Logger,
  serverCredentials,
  serverOptions,
  type TlsFiles,
} from "@pssr/platform";
import { CallerLimit } from "./caller-limit.js";
import { DoorCall } from "./door-call.js";
import { forward, type Route, withoutTransport } from "./forward.js";

export interface FrontDoorOptions {
  readonly bind: string;
  readonly limits: GrpcLimits;
  readonly tls: TlsFiles;
  readonly windowBytes: number;
  readonly patienceMs: number;
  /** Calls and streams of one principal that are open at once, at most. */
  readonly callerCalls: number;
  readonly authenticator: Authenticator;
  /** A token of the signed identity that the services verify. */
  readonly tokenFor: (identity: Identity) => Promise<string>;
  readonly log: Logger;
}

/** Paths that anybody may call: they say nothing about anybody's data. */
const open = /^\/grpc\.(health|reflection)\./;

export class FrontDoor {
  readonly #server: Server;
  readonly #options: FrontDoorOptions;
  readonly #calls = new CallCounter();
  readonly #callers: CallerLimit;
  readonly #credentials: ServerCredentials;
  #routes: ReadonlyMap<string, Route> = new Map();
  #paths: ReadonlySet<string> = new Set();
  #address = "";
  #bound = "";

  constructor(options: FrontDoorOptions) {
    const { bind, authenticator, limits } = options;
    if (!isLoopback(bind) && !authenticator.configured) {
      throw new PssrError(
        "INVALID_CONFIGURATION",
        `Refusing to listen on ${bind}: others could reach it, and callers would need no token. Bind 127.0.0.1, or set --tokens-file (PSSR_TOKENS_FILE).`,
        { field: "gatewayBind" },
      );
    }
    this.#options = options;
    this.#callers = new CallerLimit(options.callerCalls);
    this.#credentials = serverCredentials(options.tls);
    this.#server = new Server({
      ...serverOptions(limits, limits.maxConcurrentStreams),
      interceptors: [this.#intercept()],
    });
  }

  get address(): string {
    return this.#address;
  }

  /** Where it listens: on all addresses of this machine, perhaps. */
  get bound(): string {
    return this.#bound;
  }

  /**
   * The paths served from now on; calls under way go on as they are. To those that are awaited the answer is UNAVAILABLE, to all
   * others UNIMPLEMENTED, which tells callers not to try again.
   */
  setRoutes(routes: ReadonlyMap<string, Route>, awaited: readonly string[]): void {
    const paths = new Set([...routes.keys(), ...awaited]);
    for (const path of this.#paths) if (!paths.has(path)) this.#server.unregister(path);
    for (const path of paths) this.#server.register(path, neverRuns, same, same, "bidi");
    this.#paths = paths;
    this.#routes = routes;
  }

  async listen(): Promise<void> {
    const { bind } = this.#options;
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(bind, this.#credentials, (cause, got) => {
        if (cause === null) return resolve(got);
        reject(cannotListen(bind, "gatewayBind", cause));
      });
    });
    this.#address = `${dialable(bind)}:${port}`;
    this.#bound = bound(bind, port);
  }

  /** Takes no new call, gives those under way `graceMs` to end, then cancels them. */
  async close({ graceMs }: { graceMs: number }): Promise<void> {
    const shutDown = new Promise<void>((done) => this.#server.tryShutdown(() => done()));
    await drain(shutDown, this.#calls, graceMs);
    this.#server.forceShutdown();
  }

  #intercept(): ServerInterceptor {
    return ({ path }, call) => {
      const counted = !open.test(path);
      const begun = performance.now();
      const { log, windowBytes, patienceMs } = this.#options;
      const observed = new DoorCall(path);
      if (counted) this.#calls.began();
      const ended = (code: status | undefined) => {
        if (counted) this.#calls.ended();
        const ms = Math.round((performance.now() - begun) * 10) / 10;
        observed.inScope(() => log.debug({ method: path, code: status[code ?? status.CANCELLED], ms }, "call"));
        observed.end(code);
      };
      return new ServerInterceptingCall(call, {
        start: (next) =>
          next(
            forward(call, {
              path,
              route: () => this.#routes.get(path),
              admit: (metadata, peer) => this.#admit(observed, metadata, peer),
              windowBytes,
              patienceMs,
              fault: (error) => observed.inScope(() => log.error({ err: error, method: path }, "forwarding failed")),
              ended,
            }),
          ),
      });
    };
  }

  async #admit(call: DoorCall, incoming: Parameters<typeof withoutTransport>[0], peer: string) {
    const metadata = withoutTransport(incoming);
    const [authorization] = metadata.get("authorization");
    metadata.remove("authorization");
    if (open.test(call.path)) return metadata;
    const [traceparent] = metadata.get("traceparent");
    call.arrived(traceparent?.toString());
    const { authenticator, tokenFor } = this.#options;
    const token = await call.inScope(async () => {
      const identity = await authenticator.authenticate({ authorization: authorization?.toString(), peer });
      call.holds(this.#callers.enter(identity.principal));
      return tokenFor(identity);
    });
    metadata.set("authorization", `Bearer ${token}`);
    metadata.set("traceparent", call.forwarded());
    return metadata;
  }
}

function same(bytes: Buffer): Buffer {
  return bytes;
}

/** Every call is forwarded before it would reach its handler. */
function neverRuns(): void {
  throw new PssrError("INTERNAL", "A call reached the gateway's handler instead of being forwarded.");
}
