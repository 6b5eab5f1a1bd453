/** Asks a server that was just started until it takes requests; false where it has ended, or took too long. */
const startMs = 60_000;
const askAgainMs = 20;

export async function becomesReady(isReady: () => Promise<boolean>, isOver: () => boolean): Promise<boolean> {
  const giveUpAt = performance.now() + startMs;
  while (!(await isReady())) {
    if (isOver() || performance.now() > giveUpAt) return false;
    await new Promise((resolve) => setTimeout(resolve, askAgainMs));
  }
  return !isOver();
}
