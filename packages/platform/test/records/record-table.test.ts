import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isPssrError } from "@pssr/api";
import {
  FileStateStore,
  type RecordEntry,
  RecordTable,
  readPageToken,
  takePage,
  type VersionedRecord,
} from "@pssr/platform";

interface Note extends VersionedRecord {
  text: string;
}

const options = { signal: AbortSignal.timeout(30_000) };
let directory: string;
let state: FileStateStore;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "pssr-records-"));
  state = await FileStateStore.open(directory);
});
after(async () => {
  await rm(directory, { recursive: true });
});

const note = (text: string): Note => ({ schemaVersion: 1, text });

async function idsOf(entries: AsyncIterable<RecordEntry<Note>>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { key } of entries) ids.push(key.id);
  return ids;
}

test("a record comes back as it was, whatever its texts say, and a stale write is refused", async () => {
  const notes = new RecordTable<Note>(state, "notes");
  const key = { project: "em", id: "a" };
  assert.equal(await notes.get(key, options), undefined);
  const { revision } = await notes.put(key, note("Infinity"), 0n, options);
  assert.deepEqual((await notes.get(key, options))?.record, note("Infinity"));
  await notes.put(key, note("two"), revision, options);
  await assert.rejects(notes.put(key, note("three"), revision, options), (e) => isPssrError(e, "REVISION_CONFLICT"));
});

test("pages go on behind the last id, whatever comes or goes, and stay within project and parent", async () => {
  const versions = new RecordTable<Note>(state, "versions");
  for (const id of ["m/a", "m/b", "m/c", "m-2/a"]) await versions.put({ project: "em", id }, note(id), 0n, options);
  await versions.put({ project: "other", id: "m/a" }, note("x"), 0n, options);
  const page = (token: string) =>
    takePage(versions.list("em", readPageToken(token), { ...options, within: "m" }), 2, (e) => e.key.id);
  const first = await page("");
  assert.deepEqual(
    first.items.map((e) => e.key.id),
    ["m/a", "m/b"],
  );
  const gone = await versions.get({ project: "em", id: "m/b" }, options);
  await versions.delete(gone!.key, gone!.revision, options);
  const second = await page(first.nextPageToken);
  assert.deepEqual(
    second.items.map((e) => e.key.id),
    ["m/c"],
  );
  assert.equal(second.nextPageToken, "");
  assert.throws(
    () => readPageToken("nonsense!"),
    (e) => isPssrError(e, "INVALID_FIELD"),
  );
});

test("a record of a newer release is refused by name", async () => {
  const key = "notes/em/newer";
  await state.put(key, new TextEncoder().encode('{"schemaVersion":2}'), 0n, options);
  const notes = new RecordTable<Note>(state, "notes");
  await assert.rejects(
    notes.get({ project: "em", id: "newer" }, options),
    (e) => isPssrError(e, "RECORD_TOO_NEW") && e.message.includes(key),
  );
});

test("a damaged record is named, and hides no other where somebody is told of it", async () => {
  const drafts = new RecordTable<Note>(state, "drafts");
  await drafts.put({ project: "em", id: "z" }, note("whole"), 0n, options);
  const damaged = ["null", "7", "[]", "{}", "not json"];
  for (const [i, text] of damaged.entries()) {
    await state.put(`drafts/em/d${i}`, new TextEncoder().encode(text), 0n, options);
    await assert.rejects(
      drafts.get({ project: "em", id: `d${i}` }, options),
      (e) => isPssrError(e, "OBJECT_CORRUPT") && e.message.includes(`drafts/em/d${i}`),
    );
  }
  const told: string[] = [];
  const report = (error: unknown, doing: string) => {
    if (isPssrError(error, "OBJECT_CORRUPT")) told.push(doing);
  };
  const names = damaged.map((_, i) => `reading drafts/em/d${i}`);
  const listed = await idsOf(drafts.list("em", "", { ...options, report }));
  assert.deepEqual([listed, told], [["z"], names]);
  for await (const { key } of drafts.watch({ ...options, report })) {
    assert.equal(key.id, "z");
    break;
  }
  // Who decides by what is not there must not overlook any.
  await assert.rejects(idsOf(drafts.listAll(options)), (e) => isPssrError(e, "OBJECT_CORRUPT"));
});

test("a page of large records ends early, and the next one goes on there", async () => {
  const books = new RecordTable<Note>(state, "books");
  const ids = Array.from({ length: 30 }, (_, i) => `b${i + 10}`);
  for (const id of ids) await books.put({ project: "em", id }, note("x".repeat(60_000)), 0n, options);
  const seen: string[] = [];
  for (let token = ""; ; ) {
    const { items, nextPageToken } = await takePage(
      books.list("em", readPageToken(token), options),
      1000,
      (e) => e.key.id,
    );
    assert.ok(JSON.stringify(items.map((e) => e.record)).length <= 1 << 20);
    seen.push(...items.map((e) => e.key.id));
    token = nextPageToken;
    if (token === "") break;
  }
  assert.deepEqual(seen, ids);
});
