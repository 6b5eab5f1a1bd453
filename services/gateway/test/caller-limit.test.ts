import assert from "node:assert/strict";
import test from "node:test";
import { status } from "@grpc/grpc-js";
import { CallerLimit } from "../dist/caller-limit.js";
import { callUnary, defer, openEcho } from "./bench.js";

test("one principal's calls are refused beyond the limit, others' are not, and each that ends makes room", () => {
  const limit = new CallerLimit(2);
  const leave = limit.enter("ann");
  limit.enter("ann");
  assert.throws(() => limit.enter("ann"), { reason: "LIMIT_EXCEEDED" });
  limit.enter("ben");
  leave();
  leave(); // a call ends once, however often that is said
  limit.enter("ann");
  assert.throws(() => limit.enter("ann"), { reason: "LIMIT_EXCEEDED" });
});

test("a caller with too many calls open is refused, and let in again when one has ended", async (t) => {
  const begun = defer();
  const mayEnd = defer();
  const holding = {
    Unary: async (_: unknown, callback: (error: null, bytes: Buffer) => void) => {
      begun.resolve();
      await mayEnd.promise;
      callback(null, Buffer.from("done"));
    },
  };
  const { client } = await openEcho(t, holding, ["--caller-calls", "1"]);
  const first = callUnary(client);
  await begun.promise;
  const refused = await callUnary(client);
  assert.ok(
    "code" in refused && refused.code === status.RESOURCE_EXHAUSTED && /PSSR_CALLER_CALLS/.test(refused.details),
  );
  mayEnd.resolve();
  assert.equal(String(await first), "done");
  assert.equal(String(await callUnary(client)), "done");
});
