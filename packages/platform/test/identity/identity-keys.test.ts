import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import { type Identity, identityKeys, loadConfig, secret, sharedKeyring } from "@pssr/platform";

const settings = { identityKey: secret(identityKeys(), { description: "keys" }) };
const anna: Identity = { principal: "anna", projects: ["em"], role: "operator" };
const [first, second] = ["first-".repeat(6), "second".repeat(6)];

function keyring(text: string) {
  return sharedKeyring(loadConfig(settings, { argv: [], env: { PSSR_IDENTITY_KEY: text } }).identityKey);
}

test("keys change while everything runs: the next is accepted before it signs, the last until it is taken out", async () => {
  const before = keyring(`a:${first}\nb:${second}\n`);
  const after = keyring(`b:${second}\na:${first}\n`);
  const retired = keyring(`b:${second}\n`);
  const fromBefore = await before.issue(anna);
  const fromAfter = await after.issue(anna);
  assert.deepEqual(await before.verify(fromAfter), anna);
  assert.deepEqual(await after.verify(fromBefore), anna);
  assert.deepEqual(await retired.verify(fromAfter), anna);
  await assert.rejects(retired.verify(fromBefore), (error) => isPssrError(error, "UNAUTHENTICATED"));
});

test("a key of the same id and another secret is another key", async () => {
  const token = await keyring(`a:${first}`).issue(anna);
  await assert.rejects(keyring(`a:${second}`).verify(token), (error) => isPssrError(error, "UNAUTHENTICATED"));
});

test("a secret alone is a key, and stays one in a list under the id shared", async () => {
  const token = await keyring(first).issue(anna);
  assert.deepEqual(await keyring(`b:${second}\nshared:${first}`).verify(token), anna);
});

test("a wrong key file is named with its line, and nothing of its secrets is told", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "pssr-keys-"));
  t.after(() => rm(folder, { recursive: true }));
  const wrong: [string, RegExp][] = [
    [`# keys\na:${first}\n\nb:hush-hush\n`, /line 4 has 9 bytes/],
    [`a:${first}\nhush-hush\n`, /line 2 is not of the form id:secret/],
    [`a:${first}\na:${second}\n`, /line 2 has the same id/],
    ["# none yet\n", /no key/],
    ["hush-hush", /line 1 has 9 bytes/],
  ];
  const file = join(folder, "keys");
  for (const [text, expected] of wrong) {
    await writeFile(file, text);
    assert.throws(
      () => loadConfig(settings, { argv: [], env: { PSSR_IDENTITY_KEY_FILE: file } }),
      (error) =>
        isPssrError(error, "INVALID_CONFIGURATION") &&
        error.message.includes(file) &&
        expected.test(error.message) &&
        !/hush|first|second/.test(error.message),
      text,
    );
  }
});

test("without keys there is no shared keyring", () => {
  assert.throws(
    () => sharedKeyring(loadConfig(settings, { argv: [], env: {} }).identityKey),
    (error) => isPssrError(error, "INVALID_CONFIGURATION") && /PSSR_IDENTITY_KEY_FILE/.test(error.message),
  );
});
