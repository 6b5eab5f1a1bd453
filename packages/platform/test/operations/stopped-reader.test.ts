import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { temporaryDirectory } from "../temporary-directory.js";
import type { StoppedReadersReport } from "./stopped-readers.js";

const program = fileURLToPath(new URL("stopped-readers.js", import.meta.url));

test("readers that stop reading hold neither memory nor the worker, and get the end when they read again", async (context) => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--expose-gc", "--no-warnings=ExperimentalWarning", program, await temporaryDirectory(context)],
    { timeout: 60_000 },
  );
  const { aloneMs, watchedMs, grownBytes, watched, subscribed, leftQueues }: StoppedReadersReport = JSON.parse(stdout);
  context.diagnostic(
    `computed ${aloneMs.toFixed()} ms alone, ${watchedMs.toFixed()} ms beside stopped readers; ${grownBytes} bytes are held`,
  );
  // Were something made for each reader each time it is told of, it would be thirty times as much.
  assert.ok(watchedMs < 5 * aloneMs, `${watchedMs} ms of computing, ${aloneMs} ms without readers`);
  // Of a hundred megabytes that were told to each of a hundred readers.
  assert.ok(grownBytes < 16 << 20, `${grownBytes} bytes`);
  assert.equal(watched.length, 50);
  for (const got of watched) assert.deepEqual(got, { states: ["SUCCEEDED"], progress: "100000" });
  assert.deepEqual(new Set(subscribed), new Set(["100000"]));
  assert.equal(leftQueues, 0);
});
