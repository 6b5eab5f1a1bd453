import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isPssrError } from "@pssr/api";
import { FileStateStore, RecordTable, readPageToken, takePage, type VersionedRecord } from "@pssr/platform";

interface Note extends VersionedRecord {
  text: string;
  psnr: number;
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

const note = (text: string): Note => ({ schemaVersion: 1, text, psnr: Number.POSITIVE_INFINITY });

test("a record comes back as it was, infinity included, and a stale write is refused", async () => {
  const notes = new RecordTable<Note>(state, "notes");
  const key = { project: "em", id: "a" };
  assert.equal(await notes.get(key, options), undefined);
  const { revision } = await notes.put(key, note("one"), 0n, options);
  assert.deepEqual((await notes.get(key, options))?.record, note("one"));
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
