import assert from "node:assert/strict";
import { test } from "node:test";
import { errorDomain, errorOf, PssrError, RpcStatus, statusOf } from "@pssr/api";
import { Status } from "nice-grpc-common";

test("an error keeps its reason, field, metadata and words over the wire", () => {
  const sent = new PssrError("TILE_TOO_LARGE", "tile_size 512 is too large; use at most 480", {
    field: "dataset.tile_size",
    metadata: { largest: "480" },
  });
  const received = errorOf(RpcStatus.decode(RpcStatus.encode(statusOf(sent)).finish()))!;
  assert.equal(received.reason, "TILE_TOO_LARGE");
  assert.equal(received.code, Status.INVALID_ARGUMENT);
  assert.equal(received.message, sent.message);
  assert.equal(received.field, "dataset.tile_size");
  assert.deepEqual(received.metadata, { largest: "480" });
});

test("an error after which trying again makes sense says when", () => {
  const names = (error: PssrError) => statusOf(error).details.map((d) => d.typeUrl.split(".").at(-1));
  assert.deepEqual(names(new PssrError("UNAVAILABLE", "gone")), ["ErrorInfo", "RetryInfo"]);
  assert.deepEqual(names(new PssrError("NOT_FOUND", "none")), ["ErrorInfo"]);
});

test("a reason newer than this build keeps the kind of error, and somebody else's error is not taken for ours", () => {
  const status = statusOf(new PssrError("NOT_FOUND", "none"));
  const replaced = (from: string, to: string) => ({
    ...status,
    details: status.details.map((d) => ({
      ...d,
      value: Buffer.from(Buffer.from(d.value).toString("latin1").replace(from, to), "latin1"),
    })),
  });
  const newer = errorOf(replaced("NOT_FOUND", "NOT_BOUND"))!;
  assert.equal(newer.reason, "NOT_FOUND");
  assert.equal(newer.metadata.reason, "NOT_BOUND");
  assert.equal(errorOf(replaced(errorDomain, "pssr.com")), undefined);
});

/** What the trailers of an error take in a block of headers. */
function trailerBytes(error: PssrError): number {
  const status = statusOf(error);
  const details = Buffer.from(RpcStatus.encode(status).finish()).toString("base64");
  return "grpc-message".length + encodeURI(status.message).length + "grpc-status-details-bin".length + details.length;
}

for (const [what, character] of Object.entries({
  latin: "x",
  accented: "ü",
  Chinese: "像",
  astral: "🔬",
  percent: "%",
  space: " ",
  brace: "{",
})) {
  test(`a long message and much metadata stay within the header block of any client: ${what} characters`, () => {
    const metadata = { a: character.repeat(50_000), b: "z" };
    const long = new PssrError("UNAVAILABLE", character.repeat(100_000), { field: "f", metadata });
    assert.ok(trailerBytes(long) < 8000, `${trailerBytes(long)} bytes`);
    const { message, metadata: kept } = errorOf(statusOf(long))!;
    for (const text of [message, kept.a!]) {
      const count = (text.length - 1) / character.length;
      assert.ok(count >= 150);
      assert.equal(text, `${character.repeat(count)}…`);
    }
  });
}

test("a message that is not too long is whole", () => {
  const words = "x".repeat(1000);
  assert.equal(statusOf(new PssrError("INTERNAL", words, { field: "f" })).message, words);
});
