import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { PssrError } from "@pssr/api";
import { DataDirectory } from "@pssr/platform";
import { reason } from "../reason.js";
import { temporaryDirectory } from "../temporary-directory.js";

const holder = `
import { DataDirectory } from ${JSON.stringify(import.meta.resolve("@pssr/platform"))};
await DataDirectory.lock(process.argv[1]);
process.stdout.write("locked");
setInterval(() => undefined, 1000);
`;

test("a data directory has one holder, whom the error names, and is free at once after kill -9", async (context) => {
  const path = await temporaryDirectory(context);
  const child = spawn(process.execPath, ["--input-type=module", "-e", holder, path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  context.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  await assert.rejects(DataDirectory.lock(path), (error: Error) => {
    assert.match(error.message, new RegExp(`process ${child.pid}\\b`));
    return reason("DATA_DIRECTORY_LOCKED")(error);
  });
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
  await (await DataDirectory.lock(path)).close();
});

test("a directory given back can be locked again, and not twice in one process", async (context) => {
  const path = await temporaryDirectory(context);
  const first = await DataDirectory.lock(path);
  await assert.rejects(DataDirectory.lock(path), reason("DATA_DIRECTORY_LOCKED"));
  await first.close();
  await (await DataDirectory.lock(path)).close();
});

test("a path that can be no folder is a wrong setting, and the error names it", async (context) => {
  const file = join(await temporaryDirectory(context), "file");
  await writeFile(file, "");
  for (const path of [file, join(file, "below"), join(file, "..", "x".repeat(300))]) {
    await assert.rejects(DataDirectory.lock(path), (error: PssrError) => {
      assert.equal(error.field, "dataDir");
      return reason("INVALID_CONFIGURATION")(error);
    });
  }
});
