/**
 * The way to one bucket: the S3 client on a bounded pool of connections, with bounded retries (every request of ours may be
 * sent twice), and failures as typed errors.
 */
import { readFile } from "node:fs/promises";
import * as http from "node:http";
import * as https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { PssrError } from "@pssr/api";
import { Client } from "minio";
import type { Abortable } from "../../abortable.js";
import { counter } from "../../telemetry/registry.js";
import { failureOf, toPssrError } from "./s3-failure.js";
import type { S3Config } from "./s3-settings.js";
import { type Exchange, s3Transport } from "./s3-transport.js";

/** More requests at once wait for a free connection; a reader holds one from its first byte to its last. */
const maximumSockets = 64;
const firstPauseMs = 100;
const longestPauseMs = 5_000;
/** At the start: whoever comes up with all of a cluster should not lie idle when the server is there. */
const longestOpeningPauseMs = 1_000;
const absentCodes: ReadonlySet<string> = new Set(["NoSuchKey", "NoSuchUpload", "NotFound"]);

const retries = counter("pssr_object_store_retries_total", "Requests to the S3 server that were sent again");

export interface S3Call<R> extends Abortable {
  /** Completes "could not …": `read object a/b`. */
  what: string;
  /** Sent beside the client's own. */
  headers?: Readonly<Record<string, string>>;
  /** What the call gives for an answer of that status, which is then no failure. */
  answers?: Readonly<Record<number, R>>;
}

export class S3Connection {
  #isOpening = true;
  /** While the store is being opened requests are sent again until then, however often that is. */
  readonly #openBy: number;
  #isClosed = false;

  private constructor(
    private readonly client: Client,
    private readonly send: typeof http.request,
    private readonly agent: http.Agent,
    readonly endpoint: string,
    readonly config: S3Config,
  ) {
    this.#openBy = performance.now() + config.s3Wait;
  }

  /** Reads files and checks settings; sends nothing yet. */
  static async create(config: S3Config): Promise<S3Connection> {
    const { s3Endpoint, s3AccessKey, s3SecretKey, s3CaFile } = config;
    if (s3Endpoint === undefined) throw missing("s3Endpoint", "PSSR_S3_ENDPOINT is not set: it names the S3 server");
    if (s3AccessKey === undefined || s3SecretKey === undefined) {
      const [field, variable] =
        s3AccessKey === undefined ? ["s3AccessKey", "PSSR_S3_ACCESS_KEY"] : ["s3SecretKey", "PSSR_S3_SECRET_KEY"];
      throw missing(field, `${variable} is not set; set it, or ${variable}_FILE, for the S3 server at ${s3Endpoint}`);
    }
    const url = new URL(s3Endpoint);
    const useSSL = url.protocol === "https:";
    const pool = { keepAlive: true, maxSockets: maximumSockets, scheduling: "lifo" } as const;
    const agent = useSSL
      ? new https.Agent({ ...pool, ...(s3CaFile === undefined ? {} : { ca: await readAuthority(s3CaFile) }) })
      : new http.Agent(pool);
    const client = new Client({
      endPoint: url.hostname.replace(/^\[|\]$/g, ""),
      ...(url.port === "" ? {} : { port: Number(url.port) }),
      useSSL,
      accessKey: s3AccessKey,
      secretKey: s3SecretKey,
      region: config.s3Region,
      pathStyle: true,
      transportAgent: agent,
      // Its own retries print to the console and know no signal.
      retryOptions: { disableRetry: true },
    });
    return new S3Connection(client, useSSL ? https.request : http.request, agent, s3Endpoint, config);
  }

  /** From now on a refusal is the moment's fault, not the configuration's. */
  opened(): void {
    this.#isOpening = false;
  }

  /** Ends every connection, those in use too. */
  close(): void {
    this.#isClosed = true;
    this.agent.destroy();
  }

  /** Runs `run`, which makes one request, until it is answered for good. */
  async call<T, R = never>(
    { what, headers = {}, answers = {}, signal }: S3Call<R>,
    run: (client: Client, bucket: string, exchange: Exchange) => Promise<T>,
  ): Promise<T | R> {
    for (let tries = 1; ; tries++) {
      signal?.throwIfAborted();
      if (this.#isClosed) throw new PssrError("UNAVAILABLE", `could not ${what}: the object store is closed`);
      const exchange: Exchange = { signal, headers, idleTimeoutMs: this.config.s3IdleTimeout };
      try {
        return await run(this.#clientFor(exchange), this.config.s3Bucket, exchange);
      } catch (error) {
        const { status, code } = failureOf(error, exchange);
        if (status !== undefined && status in answers && this.#isAbout(status, code)) return answers[status]!;
        await this.afterFailure(error, exchange, { what, tries });
      }
    }
  }

  /** The client as it is, but for what it sends its requests with. */
  #clientFor(exchange: Exchange): Client {
    return Object.assign(Object.create(this.client) as Client, { transport: s3Transport(this.send, exchange) });
  }

  /** Whether "not found" means what was asked for, and not the bucket or the account. */
  #isAbout(status: number, code: string): boolean {
    return status !== 404 || absentCodes.has(code) || (code === "NoSuchBucket" && this.#isOpening);
  }

  /** Resolves when the time has come to send the request again; throws the typed error where it makes no sense to. */
  async afterFailure(error: unknown, exchange: Exchange, about: { what: string; tries: number }): Promise<void> {
    exchange.signal?.throwIfAborted();
    if (error instanceof PssrError) throw error;
    const { s3Bucket: bucket, s3Retries } = this.config;
    const failure = failureOf(error, exchange);
    const isSpent = this.#isOpening ? performance.now() >= this.#openBy : about.tries > s3Retries;
    if (!failure.isPassing || isSpent || this.#isClosed) {
      throw toPssrError(failure, { endpoint: this.endpoint, bucket, isOpening: this.#isOpening, ...about });
    }
    retries.inc();
    const longestMs = this.#isOpening ? longestOpeningPauseMs : longestPauseMs;
    const pauseMs = Math.min(longestMs, firstPauseMs * 2 ** (about.tries - 1));
    // Half of it by chance, so that all who failed together do not come back together.
    await sleep(pauseMs * (0.5 + Math.random() / 2), undefined, { signal: exchange.signal }).catch(() =>
      exchange.signal?.throwIfAborted(),
    );
  }
}

function missing(field: string, message: string): PssrError {
  return new PssrError("INVALID_CONFIGURATION", message, { field });
}

async function readAuthority(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const message = `PSSR_S3_CA_FILE: the file ${path} cannot be read (${(cause as Error).message})`;
    throw new PssrError("INVALID_CONFIGURATION", message, { field: "s3CaFile", cause });
  }
}
