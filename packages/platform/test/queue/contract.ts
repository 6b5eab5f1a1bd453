/** What every work queue promises. `open` gives a fresh queue with this visibility time for one test. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Claim, newSpan, runInScope, type WorkQueue } from "@pssr/platform";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export function workQueueContract(
  name: string,
  open: (context: TestContext, visibilityMs: number) => Promise<WorkQueue>,
): void {
  test(`${name}: a published job is claimed once, with its payload, by kind`, async (context) => {
    const queue = await open(context, 30_000);
    await queue.publish("train", "t1", text("one"));
    await queue.publish("fit", "f1", text("two"));
    const claim = await queue.claim("fit");
    assert.deepEqual([claim.kind, claim.jobId, claim.payload], ["fit", "f1", text("two")]);
    assert.equal((await queue.claim("train")).jobId, "t1");
    await assertEmpty(queue, "train");
  });

  test(`${name}: a claim names the span its job was published in, however often it comes`, async (context) => {
    const queue = await open(context, 30_000);
    const trace = newSpan();
    await runInScope({ trace }, () => queue.publish("train", "a", text("x")));
    const claim = await queue.claim("train");
    assert.deepEqual(claim.trace, trace);
    await claim.giveBack(0);
    assert.deepEqual((await queue.claim("train")).trace, trace);
    await queue.publish("train", "b", text("x"));
    assert.equal((await queue.claim("train")).trace, undefined);
  });

  test(`${name}: a claim waits for the next job; several waiters get several jobs`, async (context) => {
    const queue = await open(context, 30_000);
    const waiting = [queue.claim("train"), queue.claim("train")];
    await queue.publish("train", "a", text(""));
    await queue.publish("train", "b", text(""));
    const ids = (await Promise.all(waiting)).map(({ jobId }) => jobId);
    assert.deepEqual(ids.sort(), ["a", "b"]);
  });

  test(`${name}: a job id is queued once until it is acknowledged`, async (context) => {
    const queue = await open(context, 30_000);
    for (let i = 0; i < 3; i++) await queue.publish("train", "a", text(`${i}`));
    const claim = await queue.claim("train");
    await queue.publish("train", "a", text("during"));
    await assertEmpty(queue, "train");
    await claim.ack();
    await queue.publish("train", "a", text("again"));
    assert.deepEqual((await queue.claim("train")).payload, text("again"));
  });

  test(`${name}: a job given back comes again, after its delay`, async (context) => {
    const queue = await open(context, 30_000);
    await queue.publish("train", "a", text("x"));
    await (await queue.claim("train")).giveBack(0);
    const began = performance.now();
    await (await queue.claim("train")).giveBack(60);
    const claim = await queue.claim("train");
    assert.ok(performance.now() - began >= 55);
    await claim.ack();
    await assertEmpty(queue, "train");
  });

  test(`${name}: a claim without heartbeat returns to the queue, and its holder can do nothing more`, async (context) => {
    const queue = await open(context, 50);
    await queue.publish("train", "a", text("x"));
    const lost = await queue.claim("train");
    const taken = await queue.claim("train");
    assert.equal(taken.jobId, "a");
    await lost.heartbeat();
    await lost.giveBack(0);
    await lost.ack();
    assert.equal((await queue.claim("train")).jobId, "a");
  });

  test(`${name}: heartbeats hold a claim for as long as they come`, async (context) => {
    const queue = await open(context, 200);
    await queue.publish("train", "a", text("x"));
    const claim = await queue.claim("train");
    const beats = setInterval(() => void claim.heartbeat(), 20);
    const next = queue.claim("train");
    const first = await Promise.race([
      next.then(() => "lost"),
      new Promise((resolve) => setTimeout(resolve, 500, "held")),
    ]);
    clearInterval(beats);
    assert.equal(first, "held");
    await claim.giveBack(0);
    assert.equal((await next).jobId, "a");
  });

  test(`${name}: a waiting claim ends with its signal's reason and takes no job with it`, async (context) => {
    const queue = await open(context, 30_000);
    const controller = new AbortController();
    const waiting = queue.claim("train", { signal: controller.signal });
    controller.abort(new Error("given up"));
    await assert.rejects(waiting, /given up/);
    await queue.publish("train", "a", text("x"));
    assert.equal((await queue.claim("train")).jobId, "a");
  });
}

/** A marker published now is the next job, so nothing else was claimable. */
async function assertEmpty(queue: WorkQueue, kind: string): Promise<void> {
  await queue.publish(kind, "marker", new Uint8Array());
  const claim: Claim = await queue.claim(kind);
  assert.equal(claim.jobId, "marker");
  await claim.ack();
}
