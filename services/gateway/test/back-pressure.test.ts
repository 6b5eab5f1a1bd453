import assert from "node:assert/strict";
import { connect, constants } from "node:http2";
import { type TestContext, test } from "node:test";
import { setTimeout as after } from "node:timers/promises";
import type { Client } from "@grpc/grpc-js";
import { Metadata } from "@grpc/grpc-js";
import { openEcho, raw } from "./bench.js";

const MiB = 2 ** 20;

/** Waits until a number has not grown for a while: nothing tells that a stream has come to rest. */
async function atRest(read: () => number): Promise<number> {
  for (let before = -1; ; ) {
    await after(400);
    const now = read();
    if (now === before && now > 0) return now;
    before = now;
  }
}

/** A caller that takes nothing beyond HTTP/2's first window of 64 KiB. */
function stalledCaller(t: TestContext, address: string, path: string) {
  const session = connect(`http://${address}`);
  t.after(() => session.destroy());
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: "POST",
    [constants.HTTP2_HEADER_PATH]: path,
    [constants.HTTP2_HEADER_CONTENT_TYPE]: "application/grpc",
    [constants.HTTP2_HEADER_TE]: "trailers",
  });
  stream.pause();
  stream.end(Buffer.alloc(5));
  return stream;
}

for (const messageBytes of [256 * 1024, 3 * MiB]) {
  test(`a reader that stalls holds a bounded number of bytes (messages of ${messageBytes / 1024} KiB)`, async (t) => {
    let accepted = 0;
    let finished = false;
    const total = 100;
    const { gateway } = await openEcho(t, {
      async Expand(call) {
        for (let i = 0; i < total && !call.cancelled; i++) {
          // Called when the message has left this process' buffers for the connection to the gateway.
          await new Promise<void>((done) => call.write(Buffer.alloc(messageBytes), () => done()));
          accepted += messageBytes;
        }
        finished = true;
        call.end();
      },
    });
    const stream = stalledCaller(t, gateway.address, "/stranger.v1.EchoService/Expand");
    const held = await atRest(() => accepted);
    t.diagnostic(`held: ${(held / MiB).toFixed(2)} MiB`);
    assert.ok(!finished);
    // The window, one message over it, one being read, and the windows of two connections.
    assert.ok(held <= 512 * 1024 + 3 * messageBytes + MiB, `${held} bytes are held`);

    let received = 0;
    stream.on("data", (bytes: Buffer) => {
      received += bytes.byteLength;
    });
    stream.resume();
    await new Promise((done) => stream.once("end", done));
    assert.equal(received, total * (messageBytes + 5));
  });
}

test("a service that stalls holds back its caller", async (t) => {
  const { client } = await openEcho(t, {
    // Reads nothing: the handler never listens for data.
    Collect: () => {},
  });
  const messageBytes = 3 * MiB;
  const written = await stalledUpload(t, client, messageBytes);
  t.diagnostic(`taken: ${(written / MiB).toFixed(2)} MiB`);
  // One message on its way to the gateway, one there, one on its way to the service.
  assert.ok(written <= 3 * messageBytes, `${written} bytes were taken`);
});

async function stalledUpload(t: TestContext, client: Client, messageBytes: number): Promise<number> {
  let written = 0;
  const call = client.makeClientStreamRequest(
    "/stranger.v1.EchoService/Collect",
    raw,
    raw,
    new Metadata(),
    {},
    () => {},
  );
  t.after(() => call.cancel());
  const push = () => {
    call.write(Buffer.alloc(messageBytes), (error: Error | null | undefined) => {
      if (error) return;
      written += messageBytes;
      push();
    });
  };
  push();
  return atRest(() => written);
}
