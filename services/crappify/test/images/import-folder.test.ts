import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { AbandonedImportFolders, withImportFolder } from "../../dist/images/import-folder.js";
import { dayMs, hourMs, JumpingClock } from "../jumping-clock.js";
import { reason } from "../reason.js";

test("a disk that is full while an upload is decoded is told as that, and the folder goes", async () => {
  let lent = "";
  const work = withImportFolder(async (folder) => {
    lent = folder;
    await writeFile("/dev/full", "one byte too many");
  });
  await assert.rejects(work, reason("STORAGE_FULL"));
  assert.equal(existsSync(lent), false);
});

test("folders of services that were killed go after a day, those in use stay", async (t) => {
  const [abandoned, used] = await Promise.all([1, 2].map(() => mkdtemp(join(tmpdir(), "pssr-import-"))));
  t.after(() => rm(used!, { recursive: true, force: true }));
  await writeFile(join(abandoned!, "upload"), "pixels");
  const yesterday = new Date(Date.now() - dayMs - hourMs);
  await utimes(abandoned!, yesterday, yesterday);
  const { signal } = new AbortController();
  const clock = new JumpingClock();
  const folders = new AbandonedImportFolders(clock);
  clock.jump(1000 * dayMs);
  await folders.sweep({ signal });
  assert.equal(existsSync(used!), true, "whatever the clock says");
  clock.jump(0);
  clock.pass(hourMs);
  await folders.sweep({ signal });
  assert.equal(existsSync(abandoned!), false);
  assert.equal(existsSync(used!), true);
});
