import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { Interruption, isInterruption } from "@pssr/platform/process-end";

/** A process that asks for what `stubborn` says when it is interrupted, and says when it can be. */
async function processOf(body: string) {
  const script = `
    const { Interruption } = await import(${JSON.stringify(import.meta.resolve("@pssr/platform/process-end"))});
    const interruption = new Interruption();
    const { signal, allow } = interruption;
    ${body}
    process.stdout.write("ready");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return child;
}

const endless = "setInterval(() => {}, 1000);";

test("the first signal asks a process to stop, the second ends it at once", async () => {
  const child = await processOf(`${endless} signal.addEventListener("abort", () => process.stdout.write("asked"));`);
  const ended = once(child, "exit");
  const asked = once(child.stdout, "data");
  child.kill("SIGTERM");
  assert.equal(String((await asked)[0]), "asked");
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [130, null]);
});

test("a process may stop for as long as it was allowed to, and never less than by default", () => {
  using interruption = new Interruption();
  const { allow, limitMs: byDefault } = interruption;
  allow({ stopDelay: 0, workGrace: 10, stopGrace: 10 });
  assert.equal(interruption.limitMs, byDefault);
  allow({ stopDelay: 0, workGrace: 60_000, stopGrace: 2_000 });
  allow({ stopDelay: 0, workGrace: 2_500, stopGrace: 1_500 });
  assert.equal(interruption.limitMs, 63_000);
  allow({ stopDelay: 5_000, workGrace: 60_000, stopGrace: 2_000 });
  assert.equal(interruption.limitMs, 68_000);
});

test("only what follows from the end that was asked for counts as an interruption", () => {
  const stop = new AbortController();
  const error = new Error("disk full");
  assert.equal(isInterruption(error, stop.signal), false);
  stop.abort(new Error("interrupted"));
  assert.equal(isInterruption(error, stop.signal), false);
  assert.equal(isInterruption(stop.signal.reason, stop.signal), true);
});
