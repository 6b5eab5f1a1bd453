import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { describeConfig, kinds, loadConfig, optional, secret, setting } from "@pssr/platform";

const { address, bytes, duration, integer, listOf, oneOf, text } = kinds;

const settings = {
  dataDir: setting(text(), { default: "pssr-data", description: "Folder of all data" }),
  workers: setting(integer({ min: 1, max: 64 }), { default: "2", description: "Worker threads" }),
  deadline: setting(duration(), { default: "30s", description: "Deadline" }),
  memory: setting(bytes({ min: 0, max: 2 ** 40 }), { default: "256MiB", description: "Cache" }),
  level: setting(oneOf("info", "debug"), { default: "info", description: "Level" }),
  fast: setting(oneOf("true", "false"), { default: "false", description: "Hurry" }),
  peers: setting(listOf(address()), { default: "", description: "Others" }),
  bind: optional(address(), { description: "Where to listen" }),
  apiKey: secret(text(), { description: "Key" }),
};

function refused(run: () => unknown, message: RegExp): void {
  assert.throws(run, (error) => isPssrError(error, "INVALID_CONFIGURATION") && message.test(error.message));
}

test("a flag wins over the environment, the environment over the default", () => {
  const config = loadConfig(settings, {
    argv: ["--workers", "3", "--level=debug", "--peers", "a:1, b:2"],
    env: { PSSR_WORKERS: "9", PSSR_DEADLINE: "1.5m", PSSR_FAST: "true" },
  });
  assert.deepEqual(config, {
    dataDir: "pssr-data",
    workers: 3,
    deadline: 90_000,
    memory: 256 * 2 ** 20,
    level: "debug",
    fast: "true",
    peers: ["a:1", "b:2"],
    bind: undefined,
    apiKey: undefined,
  });
  const typed: number = config.workers;
  assert.equal(typed, 3);
});

test("a wrong value names its setting, where it came from and what was expected", () => {
  const run = (argv: string[], env: Record<string, string> = {}) => loadConfig(settings, { argv, env });
  refused(() => run(["--workers", "65"]), /--workers.*"65".*flag --workers.*whole number from 1 to 64/);
  refused(() => run([], { PSSR_MEMORY: "3 apples" }), /--memory.*3 apples.*variable PSSR_MEMORY.*256KiB/);
  refused(() => run(["--bind", "localhost"]), /host:port/);
  refused(() => run(["--bind", "localhost:70000"]), /host:port/);
  refused(() => run(["--fast", "toString"]), /one of true, false/);
  refused(() => run(["--workers"]), /no value/);
  refused(() => run(["--workers", "--fast", "true"]), /no value/);
  refused(() => run(["--workers=1", "--workers=2"]), /twice/);
});

test("an unknown flag is refused with the nearest known one", () => {
  refused(
    () => loadConfig(settings, { argv: ["--data", "x"], env: {} }),
    /--data is not a setting here; expected --data-dir/,
  );
  refused(() => loadConfig(settings, { argv: ["data"], env: {} }), /"data" is not a flag/);
});

test("a secret comes from the environment or a file, never from a flag, and is never shown", () => {
  const folder = mkdtempSync(join(tmpdir(), "pssr-config-"));
  try {
    writeFileSync(join(folder, "key"), "hidden\n");
    const path = join(folder, "key");
    assert.equal(loadConfig(settings, { argv: [], env: { PSSR_API_KEY_FILE: path } }).apiKey, "hidden");
    refused(() => loadConfig(settings, { argv: ["--api-key", "x"], env: {} }), /secret and never a flag/);
    refused(() => loadConfig(settings, { argv: [], env: { PSSR_API_KEY_FILE: `${path}2` } }), /cannot be read/);
    refused(() => loadConfig(settings, { argv: [], env: { PSSR_API_KEY: "", PSSR_LEVEL: "info" } }), /not shown/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the description names every setting with flag, variable and default", () => {
  const described = describeConfig(settings);
  assert.match(described, /--data-dir, PSSR_DATA_DIR\n {6}Folder of all data\. Expects .*Default: "pssr-data"/);
  assert.match(described, /PSSR_API_KEY or PSSR_API_KEY_FILE/);
  assert.equal(described.match(/Default: /g)?.length, Object.keys(settings).length);
});
