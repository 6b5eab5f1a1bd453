/** A collector of traces for tests: takes spans by OTLP over HTTP, as any does, and says which came. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** "" for the first of a trace, as far as is known. */
  readonly parentId: string;
  readonly name: string;
  /** service.name of the process that recorded it. */
  readonly service: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Names of what happened in it. */
  readonly events: readonly string[];
}

export class TraceCollector {
  readonly spans: CollectedSpan[] = [];
  readonly #server: Server;
  #came: () => void = () => undefined;
  #refused: () => void = () => undefined;
  /** Answers with this status instead, and takes nothing. */
  refuseWith: number | undefined;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#take(request).then(
        (status) => response.writeHead(status).end(),
        () => response.writeHead(400).end(),
      );
    });
  }

  static async start(port = 0): Promise<TraceCollector> {
    const collector = new TraceCollector();
    await new Promise<void>((resolve, reject) => {
      collector.#server.once("error", reject);
      collector.#server.listen(port, "127.0.0.1", resolve);
    });
    return collector;
  }

  /** For PSSR_OTLP_ENDPOINT. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resolves as soon as what has come by then is enough. */
  async until(isEnough: (spans: readonly CollectedSpan[]) => boolean): Promise<void> {
    while (!isEnough(this.spans)) {
      await new Promise<void>((resolve) => {
        this.#came = resolve;
      });
    }
  }

  /** Resolves when it next refuses something. */
  refused(): Promise<void> {
    return new Promise((resolve) => {
      this.#refused = resolve;
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #take(request: IncomingMessage): Promise<number> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (this.refuseWith !== undefined) {
      this.#refused();
      return this.refuseWith;
    }
    if (request.method !== "POST" || request.url !== "/v1/traces") return 404;
    if (request.headers["content-type"] !== "application/x-protobuf") return 415;
    this.spans.push(...readRequest(Buffer.concat(chunks)));
    this.#came();
    return 200;
  }
}

// opentelemetry/proto/collector/trace/v1 and trace/v1, as far as tests look at them.

/** Field numbers and their values: bytes, or numbers. */
function* fields(bytes: Uint8Array): Generator<[field: number, value: Uint8Array | bigint]> {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (wire === WireType.LengthDelimited) yield [field, reader.bytes()];
    else if (wire === WireType.Varint) yield [field, BigInt(reader.int64())];
    else if (wire === WireType.Bit64) yield [field, BigInt(reader.fixed64())];
    else reader.skip(wire);
  }
}

function* messages(bytes: Uint8Array, wanted: number): Generator<Uint8Array> {
  for (const [field, value] of fields(bytes)) if (field === wanted && value instanceof Uint8Array) yield value;
}

function readRequest(request: Uint8Array): CollectedSpan[] {
  const spans: CollectedSpan[] = [];
  for (const resourceSpans of messages(request, 1)) {
    const [resource = new Uint8Array()] = messages(resourceSpans, 1);
    const service = String(readAttributes(messages(resource, 1))["service.name"]);
    for (const scopeSpans of messages(resourceSpans, 2)) {
      for (const span of messages(scopeSpans, 2)) spans.push(readSpan(span, service));
    }
  }
  return spans;
}

function readSpan(bytes: Uint8Array, service: string): CollectedSpan {
  const first = (field: number): Uint8Array => messages(bytes, field).next().value ?? new Uint8Array();
  return {
    traceId: Buffer.from(first(1)).toString("hex"),
    spanId: Buffer.from(first(2)).toString("hex"),
    parentId: Buffer.from(first(4)).toString("hex"),
    name: text(first(5)),
    service,
    attributes: readAttributes(messages(bytes, 9)),
    events: [...messages(bytes, 11)].map((event) => text(messages(event, 2).next().value ?? new Uint8Array())),
  };
}

function readAttributes(pairs: Iterable<Uint8Array>): Record<string, string | number | boolean> {
  const attributes: Record<string, string | number | boolean> = {};
  for (const pair of pairs) {
    const [key = new Uint8Array()] = messages(pair, 1);
    const [value = new Uint8Array()] = messages(pair, 2);
    for (const [field, content] of fields(value)) {
      if (content instanceof Uint8Array) attributes[text(key)] = text(content);
      else attributes[text(key)] = field === 2 ? content !== 0n : Number(content);
    }
  }
  return attributes;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
