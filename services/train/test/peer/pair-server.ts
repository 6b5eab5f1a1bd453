/**
 * The service that training gets its pairs from, as small as it can be: a real gRPC server with GetDataset, GetCrappifier and
 * StreamPairs on synthetic tiles, which checks identities as the real one does. Its streams can be held, and its dataset deleted.
 */
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import {
  CrappifierServiceDefinition,
  CrappifyServiceDefinition,
  Dataset,
  DatasetServiceDefinition,
  type PairPart,
  PssrError,
  type SavedCrappifier,
  Split,
  type StreamPairsRequest,
  type StreamPairsResponse,
} from "@pssr/api";
import {
  bearerAuthenticator,
  createLogger,
  type GrpcServer,
  grpcService,
  type Keyring,
  startGrpcServer,
} from "@pssr/platform";
import type { CallContext } from "nice-grpc";
import { brokenPairParts, pairParts, tileSize } from "./synthetic-pairs.js";

export const datasetNamed = "projects/em/datasets/stripes";
const digest = "d".repeat(64);
const heldBackTiles = 6;

export class PairServer {
  /** Every stream of tiles to learn from that was opened. */
  readonly streams: StreamPairsRequest[] = [];
  /** Streams of tiles to learn from under way. */
  open = 0;
  /** Streams of tiles held back that were opened, by now. */
  validations = 0;
  /** Keeps those streams waiting. */
  holdValidation = false;
  deleted = false;
  /** Those that can be had by name. */
  readonly crappifiers = new Map<string, SavedCrappifier>();
  /** Between two words of a stream of tiles to learn from that is held; absent: it says nothing. */
  heartbeatMs: number | undefined;
  /** The field of what streams of pairs do not find. */
  missing: string | undefined;
  /** Pixels of this step, and of all that follow, are no numbers. */
  brokenFrom = Number.POSITIVE_INFINITY;
  /** The stream breaks off before this step, once. */
  breakAt: number | undefined;
  /** What every stream that comes to this step ends with. */
  failAt: { step: number; error: PssrError } | undefined;
  #holdAt = Number.POSITIVE_INFINITY;
  #changed: (() => void)[] = [];
  #server: GrpcServer | undefined;

  private constructor() {}

  static async start(keyring: Keyring): Promise<PairServer> {
    const peer = new PairServer();
    const { getDataset } = DatasetServiceDefinition.methods;
    const { getCrappifier } = CrappifierServiceDefinition.methods;
    const { streamPairs } = CrappifyServiceDefinition.methods;
    peer.#server = await startGrpcServer({
      bind: "127.0.0.1:0",
      authenticator: bearerAuthenticator(keyring),
      log: createLogger({ service: "peer", level: "error" }),
      services: [
        grpcService(
          { ...DatasetServiceDefinition, methods: { getDataset } },
          { getDataset: async ({ name }) => peer.#dataset(name) },
        ),
        grpcService(
          { ...CrappifierServiceDefinition, methods: { getCrappifier } },
          { getCrappifier: async ({ name }) => peer.#crappifier(name) },
        ),
        grpcService(
          { ...CrappifyServiceDefinition, methods: { streamPairs } },
          {
            streamPairs: (request: StreamPairsRequest, context: CallContext) => messages(peer.#pairs(request, context)),
          },
        ),
      ],
    });
    return peer;
  }

  get address(): string {
    return this.#server!.address;
  }

  /** From now on no stream goes beyond the step before this one, counted from 0. */
  holdAt(step: number): void {
    this.#holdAt = step;
    this.notify();
  }

  release(): void {
    this.holdAt(Number.POSITIVE_INFINITY);
  }

  deleteDataset(): void {
    this.deleted = true;
    this.missing = "dataset";
    this.notify();
  }

  /** Resolves once the server is in a state. */
  async until(reached: (server: PairServer) => boolean): Promise<void> {
    while (!reached(this)) await this.#change();
  }

  async close(): Promise<void> {
    await this.#server!.close({ graceMs: 0 });
  }

  private notify(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve));
  }

  #dataset(name: string): Dataset {
    if (this.deleted || name !== datasetNamed) throw new PssrError("NOT_FOUND", `${name} does not exist`);
    const validationTiles = BigInt(heldBackTiles);
    return Dataset.fromPartial({ name, tileSize, trainingTiles: 100n, validationTiles, digest });
  }

  #crappifier(name: string): SavedCrappifier {
    const crappifier = this.crappifiers.get(name);
    if (crappifier === undefined) throw new PssrError("NOT_FOUND", `${name} does not exist`, { field: "name" });
    return crappifier;
  }

  /** Parts of pairs; undefined: nothing but a word that the stream lives. */
  async *#pairs(request: StreamPairsRequest, { signal }: CallContext): AsyncGenerator<PairPart | undefined> {
    if (this.missing !== undefined) throw new PssrError("NOT_FOUND", "it does not exist", { field: this.missing });
    if (request.dataset !== datasetNamed || request.datasetDigest !== digest) {
      throw new PssrError("DATASET_CHANGED", `${request.dataset} has the digest ${digest}`);
    }
    if (request.split === Split.SPLIT_VALIDATION) {
      if (request.augment) throw new PssrError("INVALID_FIELD", "augment: tiles held back are never turned");
      this.validations += 1;
      this.notify();
      if (this.holdValidation) await once(signal, "abort");
      for (let tile = Number(request.fromStep); tile < heldBackTiles; tile++)
        yield* pairParts(tile, 0, 1, tile + 1_000_000);
      return;
    }
    this.streams.push(request);
    this.open += 1;
    const wake = () => this.notify();
    signal.addEventListener("abort", wake);
    this.notify();
    try {
      for (let step = Number(request.fromStep); !signal.aborted; step++) {
        while (step >= this.#holdAt && !this.deleted && !signal.aborted) {
          if (this.heartbeatMs === undefined) await this.#change();
          else yield await setTimeout(this.heartbeatMs, undefined);
        }
        if (this.deleted)
          throw new PssrError("DATASET_DELETED", `${request.dataset} was deleted; train on another one`);
        if (step === this.breakAt) {
          this.breakAt = undefined;
          throw new PssrError("UNAVAILABLE", "this instance shuts down");
        }
        if (step === this.failAt?.step) throw this.failAt.error;
        const parts = step >= this.brokenFrom ? brokenPairParts : pairParts;
        for (let index = 0; index < request.batchSize; index++) yield* parts(step, index, request.batchSize);
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.open -= 1;
      this.notify();
    }
  }
}

/** A message for each part, and one without: whoever receives them must not mind how they are packed. */
async function* messages(parts: AsyncIterable<PairPart | undefined>): AsyncGenerator<StreamPairsResponse> {
  for await (const part of parts) {
    yield { parts: [] };
    if (part !== undefined) yield { parts: [part] };
  }
}
