/**
 * The chunks of an answer's body, several at a time: asking for each one alone costs as much as receiving it. Bytes that nobody
 * has asked for yet are at most `queuedBytes`, and those that the answer itself holds.
 */
import type { IncomingMessage } from "node:http";

const queuedBytes = 2 ** 20;

export async function* bodyBatches(response: IncomingMessage): AsyncGenerator<Buffer[]> {
  let queue: Buffer[] = [];
  let queued = 0;
  let isOver = response.readableEnded || response.destroyed;
  let failure = response.errored ?? undefined;
  let wake = (): void => undefined;
  let isWaking = false;
  // Not at once: what arrives together is handed on together.
  const wakeSoon = (): void => {
    if (isWaking) return;
    isWaking = true;
    setImmediate(() => {
      isWaking = false;
      wake();
    });
  };
  response.on("data", (chunk: Buffer) => {
    queue.push(chunk);
    queued += chunk.length;
    if (queued >= queuedBytes) response.pause();
    wakeSoon();
  });
  response.once("error", (error) => {
    failure = error;
  });
  // Comes after the end and after an error.
  response.once("close", () => {
    isOver = true;
    wakeSoon();
  });
  try {
    for (;;) {
      if (queue.length > 0) {
        const batch = queue;
        queue = [];
        queued = 0;
        response.resume();
        yield batch;
      } else if (isOver) {
        if (failure !== undefined) throw failure;
        return;
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    response.destroy(); // nothing, where it has ended
  }
}
