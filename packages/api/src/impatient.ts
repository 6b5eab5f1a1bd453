/** Reads a stream of which each next item must come in time: a peer may accept a call, keep it open, and never answer. */
import { PssrError } from "./pssr-error.js";

/**
 * The items of the stream that `open` opens. Only waiting counts, not what the reader does in between. Throws UNAVAILABLE
 * when nothing has come for `silenceMs`; the stream's signal is aborted then.
 */
export async function* impatient<T>(
  open: (options: { signal: AbortSignal }) => AsyncIterable<T>,
  silenceMs: number,
  { signal }: { signal?: AbortSignal | undefined } = {},
): AsyncGenerator<T> {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), silenceMs);
  try {
    for await (const item of open({
      signal: AbortSignal.any(signal === undefined ? [silence.signal] : [signal, silence.signal]),
    })) {
      clearTimeout(timer);
      yield item;
      timer = setTimeout(() => silence.abort(), silenceMs);
    }
  } catch (cause) {
    if (!silence.signal.aborted || signal?.aborted) throw cause;
    throw new PssrError("UNAVAILABLE", `nothing has come for ${silenceMs / 1000} s; is the peer overloaded?`, {
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}
