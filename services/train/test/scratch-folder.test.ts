import assert from "node:assert/strict";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeScratchFolder, sweepScratchFolders } from "../dist/process/scratch-folder.js";
import { workplace } from "./workplace.js";

test("a scratch folder that nobody has touched for a day is removed, and nothing else", async (context) => {
  await workplace(context);
  const folder = await makeScratchFolder();
  await writeFile(join(folder, "checkpoint"), "1");
  await mkdir(join(tmpdir(), "somebody-else"));
  await sweepScratchFolders();
  assert.equal((await readdir(tmpdir())).length, 2);
  await sweepScratchFolders(Date.now() + 25 * 3_600_000);
  assert.deepEqual(await readdir(tmpdir()), ["somebody-else"]);
});
