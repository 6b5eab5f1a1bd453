/**
 * Sends an object to S3 in bounded memory: in one request where it fits into one part, else as a multipart upload. The object
 * becomes visible whole, content and footer, by the last request.
 */
import { PssrError } from "@pssr/api";
import type { Abortable } from "../../abortable.js";
import { abortableBody } from "../abortable-body.js";
import { FooterMaker, footerBytes } from "../object-footer.js";
import { MultipartUpload, maximumParts } from "./multipart-upload.js";
import type { S3Connection } from "./s3-connection.js";

/** Hashed at once, without letting anything else run. */
const pieceBytes = 2 ** 20;
/** What the buffer of a body of unknown length begins with, and how it grows until it holds a part. */
const firstBytes = 64 * 1024;
const growth = 4;

export interface UploadOptions extends Abortable {
  /** What is written, for errors: `object a/b`. */
  what: string;
  /** Sent with the request that makes the object visible. */
  headers: Readonly<Record<"put" | "complete", Readonly<Record<string, string>>>>;
  /** Asked right before that request: whether there is an object already, so that ours is not to be made. */
  isTaken(signal: AbortSignal): Promise<boolean>;
}

/** Digest and size of the content. An object that was there already stays as it is: compare. */
export interface Uploaded {
  sha256: string;
  size: number;
}

export async function upload(
  connection: S3Connection,
  name: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  { what, headers, isTaken, signal }: UploadOptions,
): Promise<Uploaded> {
  signal?.throwIfAborted();
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const expected = body instanceof Uint8Array ? body.length + footerBytes : undefined;
  const parts = new Parts(connection, name, { what, stop, expected });
  try {
    const maker = new FooterMaker();
    let size = 0;
    for await (const chunk of body instanceof Uint8Array ? pieces(body) : abortableBody(body, stop.signal)) {
      maker.update(chunk);
      size += chunk.length;
      await parts.append(chunk);
    }
    const { footer, sha256 } = maker.finish();
    await parts.append(footer);
    const isCreated = !(await isTaken(stop.signal)) && (await parts.finish(headers));
    if (!isCreated) await parts.abandon();
    return { sha256, size };
  } catch (error) {
    stop.abort(error);
    await parts.abandon();
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

/** Gathers bytes into parts and sends each as it is full; the first waits, as it may be all there is. */
class Parts {
  readonly #partBytes: number;
  /** Buffers whose part is sent, for the next ones. */
  readonly #free: Buffer[] = [];
  #buffer: Buffer;
  #filled = 0;
  #count = 1;
  #multipart: MultipartUpload | undefined;

  constructor(
    private readonly connection: S3Connection,
    private readonly name: string,
    private readonly about: { what: string; stop: AbortController; expected: number | undefined },
  ) {
    this.#partBytes = connection.config.s3PartSize;
    // Many small objects with a whole part's memory each would keep the garbage collector busy.
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(this.#partBytes, about.expected ?? firstBytes));
  }

  async append(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      if (this.#filled === this.#partBytes) await this.#sendFull();
      if (this.#filled === this.#buffer.length) this.#grow();
      const taken = chunk.subarray(at, at + this.#buffer.length - this.#filled);
      this.#buffer.set(taken, this.#filled);
      this.#filled += taken.length;
      at += taken.length;
    }
  }

  #grow(): void {
    const larger = Buffer.allocUnsafeSlow(Math.min(this.#partBytes, this.#buffer.length * growth));
    larger.set(this.#buffer);
    this.#buffer = larger;
  }

  /** Makes the object visible; false where there was one already. */
  async finish(headers: UploadOptions["headers"]): Promise<boolean> {
    const last = this.#buffer.subarray(0, this.#filled);
    if (this.#multipart !== undefined) {
      await this.#multipart.add(last, () => undefined);
      return this.#multipart.complete(headers.complete);
    }
    const call = {
      what: `write ${this.about.what}`,
      headers: headers.put,
      answers: { 412: "taken" } as const,
      signal: this.about.stop.signal,
    };
    const answer = await this.connection.call(call, (client, bucket) =>
      client.makeRequestAsyncOmit({ method: "PUT", bucketName: bucket, objectName: this.name }, last),
    );
    return answer !== "taken";
  }

  async abandon(): Promise<void> {
    await this.#multipart?.abandon();
  }

  async #sendFull(): Promise<void> {
    if (++this.#count > maximumParts) {
      const limit = maximumParts * this.#partBytes;
      throw new PssrError(
        "LIMIT_EXCEEDED",
        `${this.about.what} is larger than ${limit} bytes, which is ${maximumParts} parts of ${this.#partBytes}; set a larger PSSR_S3_PART_SIZE`,
      );
    }
    this.#multipart ??= await MultipartUpload.start(this.connection, this.name, this.about);
    const full = this.#buffer;
    await this.#multipart.add(full, () => this.#free.push(full));
    this.#buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#partBytes);
    this.#filled = 0;
  }
}
