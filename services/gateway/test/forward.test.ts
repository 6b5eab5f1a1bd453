import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { type ClientReadableStream, Metadata, type ServiceError, type StatusObject, status } from "@grpc/grpc-js";
import { errorOf, PssrError, RpcStatus, statusDetailsKey, statusOf } from "@pssr/api";
import { defer, openEcho, raw } from "./bench.js";

const path = (method: string) => `/stranger.v1.EchoService/${method}`;
const text = (value: string) => Buffer.from(value);
const soon = () => ({ deadline: Date.now() + 20_000 });

function received(metadata: Metadata): Metadata {
  const answer = new Metadata();
  answer.set("seen", metadata.get("note").join());
  answer.set("seen-bin", metadata.get("note-bin")[0] as Buffer);
  return answer;
}

const note = () => {
  const metadata = new Metadata();
  metadata.set("note", "hello");
  metadata.set("note-bin", Buffer.from([0, 1, 254, 255]));
  return metadata;
};

function unary(
  client: Awaited<ReturnType<typeof openEcho>>["client"],
  body: Buffer,
  metadata: Metadata,
  options: object = soon(),
) {
  return new Promise<{
    error: ServiceError | null;
    body: Buffer | undefined;
    header?: Metadata;
    status?: StatusObject;
  }>((resolve) => {
    let header: Metadata | undefined;
    let answer: { error: ServiceError | null; body: Buffer | undefined };
    const call = client.makeUnaryRequest(path("Unary"), raw, raw, body, metadata, options, (error, body) => {
      answer = { error, body };
    });
    call.on("metadata", (got) => {
      header = got;
    });
    call.on("status", (status) => resolve({ ...answer, ...(header && { header }), status }));
  });
}

test("a unary call carries bytes, metadata, binary metadata and trailers both ways", async (t) => {
  const { client } = await openEcho(t, {
    Unary(call, callback) {
      call.sendMetadata(received(call.metadata));
      callback(null, Buffer.concat([call.request, text("!")]), received(call.metadata));
    },
  });
  const { error, body, header, status: end } = await unary(client, text("hello"), note());
  assert.equal(error, null);
  assert.equal(body?.toString(), "hello!");
  for (const metadata of [header, end?.metadata]) {
    assert.deepEqual(metadata?.get("seen"), ["hello"]);
    assert.deepEqual(metadata?.get("seen-bin"), [Buffer.from([0, 1, 254, 255])]);
  }
});

test("an empty message is a message", async (t) => {
  const { client } = await openEcho(t, { Unary: (call, callback) => callback(null, call.request) });
  assert.equal((await unary(client, Buffer.alloc(0), new Metadata())).body?.byteLength, 0);
});

test("a client stream arrives whole and in order, and its end is seen", async (t) => {
  const { client } = await openEcho(t, {
    async Collect(call, callback) {
      const parts: string[] = [];
      for await (const part of call) parts.push(String(part));
      callback(null, text(parts.join()));
    },
  });
  const answer = await new Promise<Buffer | undefined>((resolve, reject) => {
    const call = client.makeClientStreamRequest(path("Collect"), raw, raw, new Metadata(), soon(), (error, body) =>
      error === null ? resolve(body) : reject(error),
    );
    for (let i = 0; i < 100; i++) call.write(text(String(i)));
    call.end();
  });
  assert.equal(String(answer), [...Array(100).keys()].join());
});

test("a server stream arrives whole and in order", async (t) => {
  const { client } = await openEcho(t, {
    Expand(call) {
      for (let i = 0; i < 100; i++) call.write(Buffer.alloc(10_000, i));
      call.end();
    },
  });
  const call = client.makeServerStreamRequest(path("Expand"), raw, raw, text(""), new Metadata(), soon());
  const firsts: number[] = [];
  for await (const message of call) {
    assert.equal((message as Buffer).byteLength, 10_000);
    firsts.push((message as Buffer)[0]!);
  }
  assert.deepEqual(firsts, [...Array(100).keys()]);
});

test("a bidirectional stream answers each message before the next is sent", async (t) => {
  const { client } = await openEcho(t, {
    Chat(call) {
      call.on("data", (message: Buffer) => call.write(Buffer.concat([message, text("?")])));
      call.on("end", () => call.end());
    },
  });
  const call = client.makeBidiStreamRequest(path("Chat"), raw, raw, new Metadata(), soon());
  for (const word of ["a", "b", "c"]) {
    call.write(text(word));
    const [answer] = await once(call, "data");
    assert.equal(String(answer), `${word}?`);
  }
  call.end();
  const [end] = await once(call, "status");
  assert.equal(end.code, status.OK);
});

test("rich error details pass unchanged", async (t) => {
  const sent = new PssrError("TILE_TOO_LARGE", "512 is larger than 480; use 480", {
    field: "dataset.tile",
    metadata: { limit: "480" },
  });
  const metadata = new Metadata();
  metadata.set(statusDetailsKey, Buffer.from(RpcStatus.encode(statusOf(sent)).finish()));
  const { client } = await openEcho(t, {
    Unary: (_, callback) => callback({ code: status.INVALID_ARGUMENT, details: sent.message, metadata }),
  });
  const { error } = await unary(client, text(""), new Metadata());
  assert.equal(error?.code, status.INVALID_ARGUMENT);
  assert.equal(error?.details, sent.message);
  const got = errorOf(RpcStatus.decode(error?.metadata.get(statusDetailsKey)[0] as Buffer));
  assert.deepEqual([got?.reason, got?.field, got?.metadata], [sent.reason, sent.field, sent.metadata]);
});

test("an error after messages comes after them", async (t) => {
  const { client } = await openEcho(t, {
    Expand(call) {
      for (let i = 0; i < 20; i++) call.write(Buffer.alloc(50_000));
      call.emit("error", { code: status.DATA_LOSS, details: "the rest is gone" });
    },
  });
  const call = client.makeServerStreamRequest(path("Expand"), raw, raw, text(""), new Metadata(), soon());
  let messages = 0;
  call.on("data", () => messages++);
  const [error] = await once(call, "error");
  assert.equal(error.code, status.DATA_LOSS);
  assert.equal(error.details, "the rest is gone");
  assert.equal(messages, 20);
});

test("the caller's deadline reaches the service and ends the call there too", async (t) => {
  const seen = defer<number>();
  const ended = defer();
  const { client } = await openEcho(t, {
    Unary(call) {
      seen.resolve(Number(call.getDeadline()) - Date.now());
      call.on("cancelled", () => ended.resolve());
    },
  });
  const { error } = await unary(client, text(""), new Metadata(), { deadline: Date.now() + 1000 });
  assert.equal(error?.code, status.DEADLINE_EXCEEDED);
  const left = await seen.promise;
  assert.ok(left > 0 && left <= 1000, `${left} ms were left`);
  await ended.promise;
});

test("a unary call without a deadline gets the default, a stream does not", async (t) => {
  const deadlines: number[] = [];
  const { client } = await openEcho(
    t,
    {
      Unary: (call) => void deadlines.push(Number(call.getDeadline())),
      Expand(call) {
        deadlines.push(Number(call.getDeadline()));
        call.end();
      },
    },
    ["--default-deadline", "500ms"],
  );
  const { error } = await unary(client, text(""), new Metadata(), {});
  assert.equal(error?.code, status.DEADLINE_EXCEEDED);
  const call = client.makeServerStreamRequest(path("Expand"), raw, raw, text(""), new Metadata());
  call.resume();
  await once(call, "end");
  assert.ok(Number.isFinite(deadlines[0]));
  assert.equal(deadlines[1], Number.POSITIVE_INFINITY);
});

test("a cancel reaches the service at once", async (t) => {
  const entered = defer();
  const cancelled = defer<number>();
  const { client } = await openEcho(t, {
    Chat(call) {
      entered.resolve();
      call.on("cancelled", () => cancelled.resolve(performance.now()));
    },
  });
  const call = client.makeBidiStreamRequest(path("Chat"), raw, raw, new Metadata(), soon());
  const over = once(call, "error");
  await entered.promise;
  const begun = performance.now();
  call.cancel();
  const took = (await cancelled.promise) - begun;
  t.diagnostic(`cancel took ${took.toFixed(1)} ms`);
  assert.ok(took < 1000);
  await over;
});

test("the service sees the gateway's signed identity and never the caller's token", async (t) => {
  const seen = defer<Metadata>();
  const { client, keyring } = await openEcho(t, {
    Unary(call, callback) {
      seen.resolve(call.metadata);
      callback(null, text(""));
    },
  });
  const metadata = new Metadata();
  metadata.set("authorization", "Bearer forged");
  metadata.set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  await unary(client, text(""), metadata);
  const received = await seen.promise;
  const [authorization, ...others] = received.get("authorization");
  assert.equal(others.length, 0);
  const identity = await keyring.verify(String(authorization).slice("Bearer ".length));
  assert.deepEqual(identity, { principal: "local", projects: ["*"], role: "admin" });
  assert.match(String(received.get("traceparent")[0]), /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)/);
});

test("a method that the service describes and does not have is UNIMPLEMENTED, as is one nobody describes", async (t) => {
  const { client } = await openEcho(t, {});
  assert.equal((await unary(client, text(""), new Metadata())).error?.code, status.UNIMPLEMENTED);
  const error = await failure(
    t,
    client.makeServerStreamRequest(path("Nothing"), raw, raw, text(""), new Metadata(), soon()),
  );
  assert.equal(error.code, status.UNIMPLEMENTED);
});

async function failure(_: TestContext, call: ClientReadableStream<Buffer>): Promise<ServiceError> {
  call.resume();
  const [error] = await once(call, "error");
  return error;
}
