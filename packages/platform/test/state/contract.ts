/** What every state store promises. `open` gives a fresh, empty store for one test. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { StateChange, StateStore } from "@pssr/platform";
import { reason } from "../reason.js";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

export function stateStoreContract(name: string, open: (context: TestContext) => Promise<StateStore>): void {
  test(`${name}: a record is created, read, changed and deleted by revision`, async (context) => {
    const store = await open(context);
    assert.equal(await store.get("a/b"), undefined);
    const first = await store.put("a/b", text("one"), 0n);
    assert.deepEqual(await store.get("a/b"), { key: "a/b", value: text("one"), revision: first });
    const second = await store.put("a/b", text("two"), first);
    assert.ok(second > first);
    await store.delete("a/b", second);
    assert.equal(await store.get("a/b"), undefined);
    assert.ok((await store.put("a/b", text("three"), 0n)) > second);
  });

  test(`${name}: a write with a stale revision conflicts and changes nothing`, async (context) => {
    const store = await open(context);
    const first = await store.put("k", text("one"), 0n);
    await assert.rejects(store.put("k", text("x"), 0n), reason("REVISION_CONFLICT"));
    const second = await store.put("k", text("two"), first);
    await assert.rejects(store.put("k", text("x"), first), reason("REVISION_CONFLICT"));
    await assert.rejects(store.delete("k", first), reason("REVISION_CONFLICT"));
    await assert.rejects(store.put("none", text("x"), second), reason("REVISION_CONFLICT"));
    await assert.rejects(store.delete("none", second), reason("REVISION_CONFLICT"));
    assert.deepEqual((await store.get("k"))?.value, text("two"));
  });

  test(`${name}: of many writers at one revision exactly one wins`, async (context) => {
    const store = await open(context);
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => store.put("k", text(`${i}`), 0n)));
    assert.equal(outcomes.filter((outcome) => outcome.status === "fulfilled").length, 1);
    const winner = outcomes.findIndex((outcome) => outcome.status === "fulfilled");
    assert.deepEqual((await store.get("k"))?.value, text(`${winner}`));
  });

  test(`${name}: revisions rise over all keys`, async (context) => {
    const store = await open(context);
    let last = 0n;
    for (const key of ["a", "b", "a/c", "d"]) {
      const revision = await store.put(key, text(key), 0n);
      assert.ok(revision > last);
      last = revision;
    }
  });

  test(`${name}: 64 KiB fit, one byte more does not`, async (context) => {
    const store = await open(context);
    await store.put("k", new Uint8Array(64 * 1024).fill(7), 0n);
    assert.equal((await store.get("k"))?.value.length, 64 * 1024);
    await assert.rejects(store.put("l", new Uint8Array(64 * 1024 + 1), 0n), reason("LIMIT_EXCEEDED"));
  });

  test(`${name}: list goes page by page in byte order under a prefix`, async (context) => {
    const store = await open(context);
    for (const key of ["p/c", "p", "p/a", "p-q", "pq/a", "p/b/x", "p/b"]) await store.put(key, text(key), 0n);
    const list = async (prefix: string, limit: number, after?: string) =>
      (await store.list(prefix, { limit, after })).map(({ key }) => key);
    assert.deepEqual(await list("p/", 10), ["p/a", "p/b", "p/b/x", "p/c"]);
    assert.deepEqual(await list("p/", 2), ["p/a", "p/b"]);
    assert.deepEqual(await list("p/", 2, "p/b"), ["p/b/x", "p/c"]);
    assert.deepEqual(await list("p/", 2, "p/aa"), ["p/b", "p/b/x"]);
    assert.deepEqual(await list("p/", 2, "p/c"), []);
    assert.deepEqual(await list("", 100), ["p", "p-q", "p/a", "p/b", "p/b/x", "p/c", "pq/a"]);
    await assert.rejects(store.list("p/", { limit: 0 }), reason("INVALID_FIELD"));
  });

  test(`${name}: a watch gives what is present, a marker, then changes in order`, async (context) => {
    const store = await open(context);
    await store.put("w/b", text("1"), 0n);
    const a = await store.put("w/a", text("2"), 0n);
    await store.put("other", text("3"), 0n);
    const changes = watcher(context, store, "w/");
    assert.deepEqual(await changes.next(), ["put", "w/a", "2"]);
    assert.deepEqual(await changes.next(), ["put", "w/b", "1"]);
    assert.deepEqual(await changes.next(), ["current"]);
    const changed = await store.put("w/a", text("4"), a);
    assert.deepEqual(await changes.next(), ["put", "w/a", "4"]);
    await store.put("other2", text("5"), 0n);
    await store.delete("w/a", changed);
    await store.put("w/c", text("6"), 0n);
    assert.deepEqual(await changes.next(), ["delete", "w/a"]);
    assert.deepEqual(await changes.next(), ["put", "w/c", "6"]);
  });

  test(`${name}: a slow watcher misses no last value, and what was present comes before the marker`, async (context) => {
    const store = await open(context);
    let revision = await store.put("w/k", text("0"), 0n);
    await store.put("w/l", text("l"), 0n);
    const changes = watcher(context, store, "w/");
    for (let i = 1; i <= 30; i++) revision = await store.put("w/k", text(`${i}`), revision);
    await store.put("w/z", text("end"), 0n);
    const seen: string[][] = [];
    do seen.push(await changes.next());
    while (seen.at(-1)?.[1] !== "w/z");
    assert.deepEqual(seen.find(([type]) => type === "put")?.slice(0, 2), ["put", "w/k"]);
    assert.equal(seen.findIndex(([, key]) => key === "w/l") < seen.findIndex(([type]) => type === "current"), true);
    assert.equal(seen.filter(([, key]) => key === "w/k").at(-1)?.[2], "30");
  });

  test(`${name}: a watch ends with its signal's reason`, async (context) => {
    const store = await open(context);
    const controller = new AbortController();
    const changes = store.watch("w/", { signal: controller.signal })[Symbol.asyncIterator]();
    assert.deepEqual((await changes.next()).value, { type: "current" });
    const waiting = changes.next();
    controller.abort(new Error("given up"));
    await assert.rejects(waiting, /given up/);
  });

  test(`${name}: keys and prefixes of another form are refused`, async (context) => {
    const store = await open(context);
    for (const key of ["", "/a", "a/", "a//b", "..", "a/../b", ".a", "a.", "A", "a b", "a~", "x".repeat(201)]) {
      await assert.rejects(store.put(key, text("x"), 0n), reason("INVALID_FIELD"), JSON.stringify(key));
      await assert.rejects(store.get(key), reason("INVALID_FIELD"), JSON.stringify(key));
    }
    for (const prefix of ["a", "/", "../", "A/"]) {
      await assert.rejects(store.list(prefix, { limit: 1 }), reason("INVALID_FIELD"), prefix);
      assert.throws(() => store.watch(prefix), reason("INVALID_FIELD"), prefix);
    }
  });
}

function watcher(context: TestContext, store: StateStore, prefix: string): { next(): Promise<string[]> } {
  const controller = new AbortController();
  context.after(() => controller.abort());
  const iterator = store.watch(prefix, { signal: controller.signal })[Symbol.asyncIterator]();
  let last = 0n;
  let current = false;
  return {
    async next() {
      const { value, done } = await iterator.next();
      assert.ok(done !== true);
      const change: StateChange = value;
      if (change.type === "current") {
        current = true;
        return ["current"];
      }
      if (current) {
        assert.ok(change.revision > last, "changes come in the order of their revisions");
        last = change.revision;
      }
      return change.type === "put"
        ? ["put", change.key, new TextDecoder().decode(change.value)]
        : ["delete", change.key];
    },
  };
}
