/** The items of `source`, given up as soon as the signal is aborted, even while the source is silent. */
export async function* abortableBody(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (signal === undefined) {
    yield* source;
    return;
  }
  const iterator = source[Symbol.asyncIterator]();
  let giveUp = (): void => undefined;
  const onAbort = (): void => giveUp();
  signal.addEventListener("abort", onAbort);
  let ended = false;
  try {
    for (;;) {
      signal.throwIfAborted();
      // Not a race with one promise that lasts as long as the body: that one would keep every item until then.
      const next = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        giveUp = () => reject(signal.reason);
        iterator.next().then(resolve, reject);
      });
      if (next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Not awaited: a source that hangs in next() would hang in return() too.
    if (!ended) iterator.return?.().catch(() => undefined);
  }
}
