import assert from "node:assert/strict";
import { test } from "node:test";
import { CrappifyServiceDefinition, PairPart, type PixelBlock, StreamPairsResponse } from "@pssr/api";
import {
  bearerAuthenticator,
  connectService,
  createLogger,
  createProcessKeyring,
  type Encodable,
  grpcService,
  startGrpcServer,
  tokenSource,
  whenEncoded,
} from "@pssr/platform";
import { PieceWriter, withStreamEncoding } from "../../dist/grpc/stream-encoding.js";

/** Sizes about those at which a length takes another byte, and at which a value is no longer copied at once. */
const sizes = [0, 1, 100, 127, 128, 4095, 4096, 16_383, 16_384, 300_000];

function block(size: number): PixelBlock {
  const data = Uint8Array.from({ length: size }, (_, n) => n % 251);
  return { axes: "yx", shape: [1n, BigInt(size)], dataType: 1, data, origin: [0n, 2n ** 40n] };
}

function part(low: number | undefined, high: number | undefined): PairPart {
  return PairPart.fromPartial({
    step: 7n,
    index: 300,
    pairsInStep: 2,
    levels: { black: 0.5, white: 255, source: 1 },
    ...(low === undefined ? {} : { low: block(low) }),
    ...(high === undefined ? {} : { high: block(high) }),
    last: true,
  });
}

test("a message written in pieces is to the byte the one that the generated code writes by itself", () => {
  const messages: StreamPairsResponse[] = [{ parts: [] }];
  for (const size of sizes) {
    messages.push({ parts: [part(size, undefined)] }, { parts: [part(size, size), part(undefined, 3), part(9, size)] });
  }
  for (const message of messages) {
    const expected = StreamPairsResponse.encode(message).finish();
    const writer = new PieceWriter();
    assert.deepEqual(StreamPairsResponse.encode(message, writer).finish(), expected);
    // Once more: nothing of the last message is left.
    assert.deepEqual(StreamPairsResponse.encode(message, writer).finish(), expected);
    const { responseType } = withStreamEncoding(CrappifyServiceDefinition).methods.streamPairs;
    assert.deepEqual(new Uint8Array(Buffer.from(responseType.encode(message).finish())), expected);
  }
});

test("messages that were written are told so, and what is missing in them is filled in before", () => {
  const { responseType } = withStreamEncoding(CrappifyServiceDefinition).methods.streamPairs;
  const pair = part(undefined, 5000);
  let written = 0;
  const answer: Encodable & Parameters<typeof StreamPairsResponse.fromPartial>[0] = {
    parts: [{ high: pair.high! }],
    [whenEncoded]: () => written++,
  };
  const message = responseType.fromPartial!(answer);
  assert.equal(written, 0);
  const expected = StreamPairsResponse.encode(
    StreamPairsResponse.fromPartial({ parts: [{ high: pair.high! }] }),
  ).finish();
  assert.deepEqual(new Uint8Array(Buffer.from(responseType.encode(message).finish())), expected);
  assert.equal(written, 1);
});

test("a message larger than what is kept for messages is written as well", () => {
  const message = { parts: [part(undefined, 3 * 2 ** 20)] };
  assert.deepEqual(
    StreamPairsResponse.encode(message, new PieceWriter()).finish(),
    StreamPairsResponse.encode(message).finish(),
  );
});

test("over a real server each message is right though its memory is used again at once, and is told once", async (t) => {
  const { streamPairs } = CrappifyServiceDefinition.methods;
  const service = { ...CrappifyServiceDefinition, methods: { streamPairs } } as const;
  const sizes = Array.from({ length: 60 }, (_, n) => (n % 6 === 5 ? 3 * 2 ** 20 : n * 7000));
  let told = 0;
  async function* answer() {
    for (const size of sizes) {
      const message = { parts: [part(undefined, size)] };
      yield Object.assign(message, {
        [whenEncoded]() {
          told++;
          message.parts[0]!.high!.data.fill(0);
        },
      });
    }
  }
  const keyring = createProcessKeyring();
  const server = await startGrpcServer({
    bind: "127.0.0.1:0",
    services: [grpcService(service, { streamPairs: answer })],
    authenticator: bearerAuthenticator(keyring),
    log: createLogger({ service: "test", level: "silent" }),
  });
  t.after(() => server.close({ graceMs: 0 }));
  const token = tokenSource(keyring, { principal: "anna", projects: ["em"], role: "operator" });
  const connection = connectService(server.address, { peer: "test", token });
  t.after(async () => connection.close());
  // Two at once, for all streams of a process share the memory in which messages are put together.
  const read = async () => {
    let n = 0;
    for await (const { parts } of connection.client(service).streamPairs({ dataset: "projects/em/datasets/d" })) {
      assert.ok(Buffer.from(parts[0]!.high!.data).equals(block(sizes[n++]!).data));
    }
    assert.equal(n, sizes.length);
  };
  await Promise.all([read(), read()]);
  assert.equal(told, 2 * sizes.length);
});

test("only what a service answers with streams is written so", () => {
  const { preview, streamPairs } = withStreamEncoding(CrappifyServiceDefinition).methods;
  assert.equal(preview, CrappifyServiceDefinition.methods.preview);
  assert.notEqual(streamPairs.responseType, CrappifyServiceDefinition.methods.streamPairs.responseType);
});
