/**
 * Reads training pairs step by step without end, and where the stream breaks goes on from the step that it lacks. What comes
 * is a digest of each step, which must be the same however often the stream broke.
 */
import { createHash, type Hash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isPeerGone, type PairPart, type StreamPairsRequest, type StreamPairsResponse } from "@pssr/api";
import type { PssrClient } from "@pssr/client";

const pauseMs = 200;
/** About so many steps a second: the stream lives long, and leaves the cores to the others. */
const stepPauseMs = 100;

export type PairRequest = Omit<StreamPairsRequest, "fromStep" | "steps" | "$type">;

export class PairReader {
  readonly digests: string[] = [];
  resumed = 0;
  readonly #stop = new AbortController();
  readonly #reading: Promise<void>;

  constructor(client: PssrClient, request: PairRequest) {
    this.#reading = this.#read(client, request);
    this.#reading.catch(() => undefined); // `stop` throws it
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#reading;
  }

  async #read(client: PssrClient, request: PairRequest): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await readSteps(
          client,
          { ...request, fromStep: BigInt(this.digests.length), steps: 0n },
          signal,
          async (digest) => {
            this.digests.push(digest);
            await sleep(stepPauseMs, undefined, { signal });
          },
        );
        throw new Error("a stream of pairs without an end has ended");
      } catch (error) {
        if (signal.aborted) return;
        if (!isPeerGone(error)) throw error;
        this.resumed += 1;
        await sleep(pauseMs);
      }
    }
  }
}

/** The digests of the first steps, read in one go. */
export async function pairDigests(
  client: PssrClient,
  request: PairRequest,
  steps: number,
  signal: AbortSignal,
): Promise<string[]> {
  const digests: string[] = [];
  await readSteps(client, { ...request, fromStep: 0n, steps: BigInt(steps) }, signal, async (digest) => {
    digests.push(digest);
  });
  return digests;
}

async function readSteps(
  client: PssrClient,
  request: Omit<StreamPairsRequest, "$type">,
  signal: AbortSignal,
  onStep: (digest: string) => Promise<void>,
): Promise<void> {
  let at = request.fromStep;
  let hash: Hash = createHash("sha256");
  let pairs = 0;
  for await (const part of partsIn(client.crappify.streamPairs(request, { signal }))) {
    if (part.step !== at) throw new Error(`step ${part.step} came in place of ${at}`);
    for (const block of [part.low, part.high]) if (block !== undefined) hash.update(block.data);
    if (!part.last) continue;
    pairs += 1;
    if (pairs < part.pairsInStep) continue;
    await onStep(hash.digest("hex"));
    hash = createHash("sha256");
    pairs = 0;
    at += 1n;
  }
}

async function* partsIn(responses: AsyncIterable<StreamPairsResponse>): AsyncIterable<PairPart> {
  for await (const { parts } of responses) yield* parts;
}
