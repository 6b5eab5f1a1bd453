/**
 * Servers of other people that take steps of a crappifier: only those that the operator has named are called, each over a
 * connection of its own, without any identity of ours. A call that meets a server on its way out is sent again.
 */
import {
  type CrappifyResponse,
  CustomCrappifierServiceDefinition,
  connectionAdvice,
  isPeerGone,
  isPssrError,
  PssrError,
} from "@pssr/api";
import { type Crappifier, type ExternalCall, externalSteps } from "@pssr/crappifiers";
import { type Abortable, connectService, printable, type ServiceConnection } from "@pssr/platform";
import type { Client } from "nice-grpc";
import { ClientError, Status } from "nice-grpc-common";
import { pixelsIn, problemOf, toCrappifyRequest } from "./external-message.js";

export interface ExternalCrappifiersOptions {
  /** Those that may be called, `host:port`. */
  addresses: readonly string[];
  /** Time for one plane, milliseconds, over all tries that meet no server. */
  deadlineMs: number;
  /** Calls at once, over all addresses. */
  calls: number;
  /** Certificate authority of these servers, PEM; absent: connections are not encrypted. */
  caFile?: string | undefined;
}

export interface ExternalCallOptions extends Abortable {
  /** Whether the caller comes again where the fault may pass, as a reader of pairs does; who looks on hears it at once. */
  comesAgain: boolean;
}

/** A server may be busy for once. */
const triesInTime = 2;
/**
 * With the status of a busy server gRPC also says that a message is too large, which does not pass: C, Go and JavaScript
 * "larger than max", Java and .NET "exceeds (the) maximum", Rust "too large".
 */
const tooLarge = /message.*(larger than max|exceeds (the )?max|too large)/i;

export class ExternalCrappifiers {
  readonly #options: ExternalCrappifiersOptions;
  readonly #connections: ReadonlyMap<string, ServiceConnection>;

  /** INVALID_CONFIGURATION for a certificate authority that cannot be used. No server is called yet. */
  constructor(options: ExternalCrappifiersOptions) {
    this.#options = options;
    const { deadlineMs, caFile } = options;
    const rules = { peer: "external crappifier", deadlineMs, tls: { caFile }, caSetting: "externalCrappifierCaFile" };
    this.#connections = new Map(
      [...new Set(options.addresses)].map((address) => [address, connectService(address, rules)]),
    );
  }

  /** Calls at once at most; 0 where none is allowed. */
  get concurrency(): number {
    return this.#options.addresses.length === 0 ? 0 : this.#options.calls;
  }

  /** INVALID_FIELD where a crappifier, which stands at `path`, names an address that is not allowed. */
  check(crappifier: Crappifier, path: string): void {
    const other = externalSteps(crappifier, path).find(({ address }) => !this.#options.addresses.includes(address));
    if (other === undefined) return;
    const field = `${other.path}.address`;
    throw new PssrError(
      "INVALID_FIELD",
      `${field}: ${other.address} is not among the external crappifiers that this installation allows; its operator names them with --external-crappifiers (PSSR_EXTERNAL_CRAPPIFIERS)`,
      { field },
    );
  }

  /**
   * Has a plane degraded by one of the addresses, which the caller has checked. Fails with UNAVAILABLE where the server cannot be reached, and
   * for who comes again also where it is late or has too much to do: all that may pass. Fails with EXTERNAL_CRAPPIFIER_FAILED
   * where it refuses, or answers something else than such a plane.
   */
  async call(call: ExternalCall, options: ExternalCallOptions): Promise<Float32Array<ArrayBuffer>> {
    const { address } = call;
    const client = this.#connections.get(address)!.client(CustomCrappifierServiceDefinition);
    const response = await this.#answer(client, call, options);
    const problem = problemOf(response, call);
    if (problem !== undefined) throw failed(address, printable(problem));
    return pixelsIn(response);
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
  }

  async #answer(
    client: Client<typeof CustomCrappifierServiceDefinition>,
    call: ExternalCall,
    { signal, comesAgain }: ExternalCallOptions,
  ): Promise<CrappifyResponse> {
    const request = toCrappifyRequest(call);
    for (let tries = 1; ; tries++) {
      try {
        return await client.crappify(request, signal === undefined ? {} : { signal });
      } catch (error) {
        if (signal?.aborted) throw signal.reason;
        if (isPeerGone(error)) throw unreachable(call.address, error);
        const isLate = isPssrError(error, "DEADLINE_EXCEEDED");
        if (isLate && tries < triesInTime) continue;
        const problem = isLate ? this.#tooSlow() : `it answered ${answered(error)}`;
        const mayPass = isLate || isBusy(error);
        throw mayPass && comesAgain ? away(call.address, problem, error) : failed(call.address, problem, error);
      }
    }
  }

  #tooSlow(): string {
    return `it did not answer within ${this.#options.deadlineMs} ms, ${triesInTime} times; make it faster, use smaller tiles, or raise --external-crappifier-deadline (PSSR_EXTERNAL_CRAPPIFIER_DEADLINE)`;
  }
}

/** It answered RESOURCE_EXHAUSTED. */
function isBusy(error: unknown): boolean {
  return isPssrError(error) && error.code === Status.RESOURCE_EXHAUSTED && !tooLarge.test(answered(error));
}

/** The status in its own words, as far as they can be shown. */
function answered(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof ClientError) return printable(`${Status[cause.code]}: ${cause.details}`);
  if (isPssrError(error)) return printable(`${error.reason}: ${error.message}`);
  return printable(String(error));
}

function unreachable(address: string, cause: unknown): PssrError {
  const details = answered(cause);
  const advice = connectionAdvice(details, "--external-crappifier-ca-file (PSSR_EXTERNAL_CRAPPIFIER_CA_FILE)");
  const message = `the external crappifier at ${address} cannot be reached: ${advice ?? "is it running?"} (${details})`;
  return new PssrError("UNAVAILABLE", message, { cause, metadata: { address } });
}

function away(address: string, problem: string, cause: unknown): PssrError {
  return new PssrError("UNAVAILABLE", `the external crappifier at ${address}: ${problem}`, {
    cause,
    metadata: { address },
  });
}

function failed(address: string, problem: string, cause?: unknown): PssrError {
  return new PssrError("EXTERNAL_CRAPPIFIER_FAILED", `the external crappifier at ${address}: ${problem}`, {
    cause,
    metadata: { address },
  });
}
