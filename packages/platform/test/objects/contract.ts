/** What every object store promises. `open` gives a fresh, empty store for one test. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";
import { PssrError } from "@pssr/api";
import type { ObjectStore } from "@pssr/platform";
import { reason } from "../reason.js";

export function objectStoreContract(name: string, open: (context: TestContext) => Promise<ObjectStore>): void {
  test(`${name}: what was put comes back, as a whole, as a stream, by range, with its digest`, async (context) => {
    const store = await open(context);
    const bytes = pattern(700_001);
    const stat = await store.put("a/b", bytes);
    assert.deepEqual(await store.stat("a/b"), stat);
    assert.equal(stat.size, bytes.length);
    assert.equal(stat.sha256, createHash("sha256").update(bytes).digest("hex"));
    assert.deepEqual(await store.getBytes("a/b", bytes.length), bytes);
    assert.deepEqual(await collect(store.get("a/b")), bytes);
    assert.deepEqual(await store.range("a/b", 300_000, 10), bytes.slice(300_000, 300_010));
    assert.deepEqual(await store.range("a/b", 700_000, 10), bytes.slice(700_000));
    assert.deepEqual(await store.range("a/b", 800_000, 10), new Uint8Array());
  });

  test(`${name}: an empty object is an object`, async (context) => {
    const store = await open(context);
    await store.put("empty", new Uint8Array());
    assert.equal((await store.stat("empty"))?.size, 0);
    assert.deepEqual(await collect(store.get("empty")), new Uint8Array());
  });

  test(`${name}: a stream is put chunk by chunk`, async (context) => {
    const store = await open(context);
    async function* chunks() {
      for (let i = 0; i < 20; i++) yield pattern(100_000);
    }
    assert.equal((await store.put("streamed", chunks())).size, 2_000_000);
    assert.equal((await collect(store.get("streamed"))).length, 2_000_000);
  });

  test(`${name}: the same bytes may be put twice, other bytes not`, async (context) => {
    const store = await open(context);
    await store.put("k", pattern(100));
    await store.put("k", pattern(100));
    await assert.rejects(store.put("k", pattern(101)), reason("ALREADY_EXISTS"));
    assert.equal((await store.getBytes("k", 1000)).length, 100);
  });

  test(`${name}: of two writers of one key one wins, the other is told`, async (context) => {
    const store = await open(context);
    const outcomes = await Promise.allSettled([store.put("k", pattern(10)), store.put("k", pattern(20))]);
    const [winner] = outcomes.filter((outcome) => outcome.status === "fulfilled");
    const [loser] = outcomes.filter((outcome) => outcome.status === "rejected");
    assert.ok(winner !== undefined && loser !== undefined);
    assert.ok(loser.reason instanceof PssrError && loser.reason.reason === "ALREADY_EXISTS");
    assert.equal((await store.stat("k"))?.size, winner.value.size);
  });

  test(`${name}: a body that throws, or an abort, leaves nothing`, async (context) => {
    const store = await open(context);
    async function* broken() {
      yield pattern(1000);
      throw new Error("the sender went away");
    }
    await assert.rejects(store.put("broken", broken()), /the sender went away/);
    const controller = new AbortController();
    async function* silent() {
      yield pattern(1000);
      controller.abort(new Error("given up"));
      await new Promise(() => undefined);
    }
    await assert.rejects(store.put("aborted", silent(), { signal: controller.signal }), /given up/);
    assert.deepEqual(await keys(store, ""), []);
  });

  test(`${name}: what is not there is NOT_FOUND`, async (context) => {
    const store = await open(context);
    assert.equal(await store.stat("no/such"), undefined);
    await assert.rejects(store.getBytes("no/such", 10), reason("NOT_FOUND"));
    await assert.rejects(store.range("no/such", 0, 10), reason("NOT_FOUND"));
    await assert.rejects(collect(store.get("no/such")), reason("NOT_FOUND"));
    await store.delete("no/such");
    await store.deletePrefix("no/such/");
  });

  test(`${name}: getBytes refuses more than its limit`, async (context) => {
    const store = await open(context);
    await store.put("k", pattern(11));
    await assert.rejects(store.getBytes("k", 10), reason("LIMIT_EXCEEDED"));
  });

  test(`${name}: list is in byte order, by prefix, behind a key`, async (context) => {
    const store = await open(context);
    const all = ["a", "a-b", "a.b", "a/b", "a/b/c", "aB", "a_b", "ab", "b/1", "b/10", "b/2"];
    for (const key of [...all].reverse()) await store.put(key, pattern(3));
    assert.deepEqual(await keys(store, ""), all);
    assert.deepEqual(await keys(store, "a/"), ["a/b", "a/b/c"]);
    assert.deepEqual(await keys(store, "b/1"), ["b/1", "b/10"]);
    assert.deepEqual(await keys(store, "c"), []);
    for (const after of [...all, "a/bb", "aa", "b/"]) {
      assert.deepEqual(
        await keys(store, "", after),
        all.filter((key) => key > after),
        `after ${after}`,
      );
    }
  });

  test(`${name}: delete and deletePrefix take away exactly what they name`, async (context) => {
    const store = await open(context);
    for (const key of ["p/a", "p/b/c", "p", "pq/a"]) await store.put(key, pattern(3));
    await store.deletePrefix("p/");
    assert.deepEqual(await keys(store, ""), ["p", "pq/a"]);
    await store.delete("p");
    await store.put("p", pattern(4));
    assert.deepEqual(await keys(store, ""), ["p", "pq/a"]);
    await assert.rejects(store.deletePrefix("p"), reason("INVALID_FIELD"));
  });

  test(`${name}: keys that could leave the store are refused`, async (context) => {
    const store = await open(context);
    for (const key of [
      "",
      "/a",
      "a/",
      "a//b",
      "../a",
      "a/../b",
      ".",
      ".tmp/a",
      "a\\b",
      "a\0",
      "ä",
      "a~",
      "x".repeat(201),
    ]) {
      await assert.rejects(store.put(key, pattern(1)), reason("INVALID_FIELD"), JSON.stringify(key));
      await assert.rejects(store.getBytes(key, 1), reason("INVALID_FIELD"), JSON.stringify(key));
      await assert.rejects(store.delete(key), reason("INVALID_FIELD"), JSON.stringify(key));
    }
    await assert.rejects(keys(store, "../"), reason("INVALID_FIELD"));
  });

  test(`${name}: an aborted call rejects with the signal's reason`, async (context) => {
    const store = await open(context);
    await store.put("k", pattern(10));
    const signal = AbortSignal.abort(new Error("given up"));
    await assert.rejects(store.put("k", pattern(10), { signal }), /given up/);
    await assert.rejects(collect(store.get("k", { signal })), /given up/);
    await assert.rejects(store.stat("k", { signal }), /given up/);
  });
}

/** Bytes that differ at every length and place. */
export function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255);
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return new Uint8Array(Buffer.concat(all));
}

async function keys(store: ObjectStore, prefix: string, after?: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix, { after })) found.push(key);
  return found;
}
