/**
 * Spans: pieces of work of a trace, with a beginning, an end and what is worth knowing of them. The log scope is the one way in
 * which a trace goes from a caller to what he calls; a span begins as a child of its scope's, and its work runs in a scope of its
 * own, so that log lines and outgoing calls name it.
 *
 *     await inSpan("region", { attributes: { "pssr.region": index } }, async (span) => { …; span.set({ "pssr.tiles": 12 }); });
 *
 * They are recorded in a process that is told where to send them; elsewhere they are ids for the log and for whoever is called.
 */
import {
  type Attributes,
  SpanKind as Kind,
  type Span as RecordedSpan,
  ROOT_CONTEXT,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace as traces,
} from "@opentelemetry/api";
import { isPssrError } from "@pssr/api";
import { currentScope, runInScope } from "../log/log-scope.js";
import { newSpan, type TraceContext } from "../log/trace-context.js";

export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer";
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** Default internal. */
  kind?: SpanKind;
  /** Default: the span of the present scope; where there is none either, a new trace begins. */
  parent?: TraceContext | undefined;
  attributes?: SpanAttributes;
  /** When it began, milliseconds since 1970. Default now. */
  startMs?: number;
}

export interface Span {
  /** For scopes and for headers. */
  readonly trace: TraceContext;
  set(attributes: SpanAttributes): void;
  event(name: string, attributes?: SpanAttributes): void;
  /** It ends, but not well. */
  fail(error: unknown): void;
  end(): void;
}

const kinds = {
  internal: Kind.INTERNAL,
  server: Kind.SERVER,
  client: Kind.CLIENT,
  producer: Kind.PRODUCER,
  consumer: Kind.CONSUMER,
} as const;
const messageCharacters = 256;

let tracer: Tracer | undefined;

/** From now on spans are recorded by this tracer; until the returned function is called. */
export function recordSpansBy(recording: Tracer): () => void {
  tracer = recording;
  return () => {
    if (tracer === recording) tracer = undefined;
  };
}

/** A span that its caller ends. */
export function startSpan(name: string, options: SpanOptions = {}): Span {
  const { kind = "internal", parent = currentScope().trace, attributes, startMs } = options;
  if (tracer === undefined) return unrecorded(kind, parent);
  const context = parent === undefined ? ROOT_CONTEXT : traces.setSpanContext(ROOT_CONTEXT, toSpanContext(parent));
  const span = tracer.startSpan(
    name,
    {
      kind: kinds[kind],
      ...(attributes === undefined ? {} : { attributes: attributes as Attributes }),
      ...(startMs === undefined ? {} : { startTime: startMs }),
    },
    context,
  );
  return recorded(span);
}

/** Runs `work` in a span's scope, and ends the span with it: well, or with what it throws. */
export async function inSpan<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
  const span = startSpan(name, options);
  try {
    return await runInScope({ trace: span.trace }, () => work(span));
  } catch (error) {
    span.fail(error);
    throw error;
  } finally {
    span.end();
  }
}

/** What calls out of a process that records nothing belongs to the span it came from, which somebody else may record. */
function unrecorded(kind: SpanKind, parent: TraceContext | undefined): Span {
  const leaves = kind === "client" || kind === "producer";
  const trace = leaves && parent !== undefined ? parent : newSpan(parent);
  const nothing = (): void => undefined;
  return { trace, set: nothing, event: nothing, fail: nothing, end: nothing };
}

function recorded(span: RecordedSpan): Span {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return {
    trace: { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 },
    set: (attributes) => void span.setAttributes(attributes as Attributes),
    event: (name, attributes) => void span.addEvent(name, attributes as Attributes | undefined),
    fail(error) {
      span.setAttribute("error.type", typeOf(error));
      span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
    },
    end: () => span.end(),
  };
}

function toSpanContext({ traceId, spanId, sampled }: TraceContext) {
  return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}

function typeOf(error: unknown): string {
  if (isPssrError(error)) return error.reason;
  return error instanceof Error ? error.name : "Error";
}

/** The text of an error that is not ours is for the log, not for traces. */
function messageOf(error: unknown): string {
  return isPssrError(error) ? error.message.slice(0, messageCharacters) : typeOf(error);
}
