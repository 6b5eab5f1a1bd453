/** Names of settings that are written down: those that there are, and those that an installation is given. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { settingNames, variablesOf } from "@pssr/platform";
import { installationSettings } from "../dist/installation/settings.js";
import { pssr, root, temporaryFolder } from "./pssr.js";

test("the list of all settings has those of every service, as they are now", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/setting-names.mjs", "--check"], {
    cwd: root,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  assert.deepEqual(
    variablesOf(installationSettings).filter((name) => !settingNames.includes(name)),
    [],
  );
});

test("an installation is given no setting that there is not", () => {
  const files = readdirSync(join(root, "deploy"), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(yaml|env)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const used = files.flatMap((file) => readFileSync(file, "utf8").match(/\bPSSR_\w+(?=[=:])|name: PSSR_\w+/g) ?? []);
  const names = [...new Set(used.map((text) => text.replace("name: ", "")))];
  assert.ok(names.includes("PSSR_NATS_URL") && names.includes("PSSR_TOKENS_FILE"), names.join());
  const ofCompose = ["PSSR_USER", "PSSR_TOKEN_FILE"];
  assert.deepEqual(
    names.filter((name) => !settingNames.includes(name) && !ofCompose.includes(name)),
    [],
  );
});

test("a service and the whole installation warn of a misspelt setting before anything else", async (t) => {
  const folder = await temporaryFolder();
  t.after(() => folder.remove());
  const taken = { PSSR_DATA_DIR: folder.path, PSSR_GATEWAY_BIND: "192.0.2.1:1", PSSR_CRAPPIFY_BIND: "192.0.2.1:1" };
  const env = { ...taken, PSSR_TILE_CASH: "1GiB", PSSR_IDENTITY_KEY: "0123456789abcdef0123456789abcdef" };
  for (const command of [["up"], ["service", "crappify"]]) {
    const { code, stderr } = await pssr(command, env);
    assert.equal(code, 2, stderr);
    const { level, msg } = JSON.parse(stderr.split("\n")[0]!);
    assert.deepEqual([level, msg], ["warn", "PSSR_TILE_CASH is no setting; is PSSR_TILE_CACHE meant?"]);
  }
});
