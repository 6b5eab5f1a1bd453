/** One multipart upload: its own even where others upload to the same name, with a few parts under way at once. */
import { setTimeout as sleep } from "node:timers/promises";
import type { S3Connection } from "./s3-connection.js";

/** Parts under way at once; one more is being filled meanwhile. */
const partsInFlight = 3;
/** The most parts that S3 puts together. */
export const maximumParts = 10_000;
/** What cannot be cleared away in this time waits for the sweep of stale uploads. */
const abandonMs = 2_000;
const lookAgainMs = 50;

export interface MultipartOptions {
  /** What is written, for errors: `object a/b`. */
  what: string;
  /** Aborted by the caller's signal; the upload aborts it with the error when a part fails. */
  stop: AbortController;
}

export class MultipartUpload {
  readonly #parts: { part: number; etag: string }[] = [];
  readonly #underWay = new Set<Promise<void>>();
  #count = 0;

  private constructor(
    private readonly connection: S3Connection,
    private readonly name: string,
    private readonly id: string,
    private readonly options: MultipartOptions,
  ) {}

  static async start(connection: S3Connection, name: string, options: MultipartOptions): Promise<MultipartUpload> {
    const id = await connection.call(
      { what: `begin to write ${options.what}`, signal: options.stop.signal },
      (client, bucket) => client.initiateNewMultipartUpload(bucket, name, {}),
    );
    return new MultipartUpload(connection, name, id, options);
  }

  /** Takes the next part, which stays untouched until `sent` is called. Resolves when there is room for one more. */
  async add(bytes: Buffer, sent: () => void): Promise<void> {
    const { what, stop } = this.options;
    const part = ++this.#count;
    const sending = this.connection
      .call({ what: `write part ${part} of ${what}`, signal: stop.signal }, (client, bucket) =>
        client.uploadPart(
          { bucketName: bucket, objectName: this.name, uploadID: this.id, partNumber: part, headers: {} },
          bytes,
        ),
      )
      .then(
        ({ etag }) => {
          this.#parts.push({ part, etag });
          sent();
        },
        (error: unknown) => stop.abort(error),
      )
      .finally(() => this.#underWay.delete(sending));
    this.#underWay.add(sending);
    while (this.#underWay.size >= partsInFlight) await Promise.race(this.#underWay);
    stop.signal.throwIfAborted();
  }

  /**
   * Puts the parts together: now the object is visible. False where the server refused because there is one already, or where
   * it no longer knows the upload: a former try may have been answered into the void.
   */
  async complete(headers: Readonly<Record<string, string>>): Promise<boolean> {
    const { what, stop } = this.options;
    await Promise.all(this.#underWay);
    stop.signal.throwIfAborted();
    const parts = this.#parts.sort((a, b) => a.part - b.part);
    const call = {
      what: `write ${what}`,
      headers,
      answers: { 404: "unknown", 412: "taken" } as const,
      signal: stop.signal,
    };
    const answer = await this.connection.call(call, (client, bucket) =>
      client.completeMultipartUpload(bucket, this.name, this.id, parts),
    );
    return typeof answer === "object";
  }

  /**
   * Ends an upload that is not to become an object. A part that was cut off on its way may still arrive and, at some servers,
   * bring the upload back: so it is ended until it is unknown. Never throws: what is left is swept as a stale upload.
   */
  async abandon(): Promise<void> {
    const wasCut = this.#underWay.size > 0;
    await Promise.all(this.#underWay);
    const signal = AbortSignal.timeout(abandonMs);
    const call = { what: `give up writing ${this.options.what}`, answers: { 404: "absent" } as const, signal };
    const end = () =>
      this.connection.call(call, (client, bucket) => client.abortMultipartUpload(bucket, this.name, this.id));
    try {
      for (let pauseMs = lookAgainMs; (await end()) !== "absent" && wasCut; pauseMs *= 2) {
        await sleep(pauseMs, undefined, { signal });
      }
    } catch {
      // Swept later.
    }
  }
}
