/** One service alone in a process. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DatasetServiceDefinition, isPssrError } from "@pssr/api";
import { connectService, createKeyring, mintFor } from "@pssr/platform";
import { pssr, root, temporaryFolder } from "./pssr.js";

const key = "a key of at least thirty-two bytes, for the test";
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
before(async () => {
  folder = await temporaryFolder();
});
after(() => folder.remove());

test("a service alone answers whoever brings an identity signed with the shared key, and nobody else", async () => {
  const args = [
    "service",
    "crappify",
    "--data-dir",
    join(folder.path, "data"),
    "--crappify-bind",
    "127.0.0.1:0",
    "--log-level",
    "warn",
  ];
  const child = spawn(process.execPath, [join(root, "apps/cli/bin/pssr.js"), ...args], {
    env: { ...process.env, PSSR_IDENTITY_KEY: key },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  const address = await new Promise<string>((found, failed) => {
    child.stderr.on("data", (chunk) => {
      said += chunk;
      const listening = /listens on (\S+);/.exec(said);
      if (listening !== null) found(listening[1]!);
    });
    child.once("exit", () => failed(new Error(said)));
  });
  const bytes = new TextEncoder().encode(key);
  const keyring = createKeyring([{ id: "shared", algorithm: "HS256", sign: bytes, verify: bytes }], {
    configured: true,
  });
  const known = connectService(address, { peer: "crappify", token: () => mintFor(keyring, "em", "somebody") });
  const stranger = connectService(address, { peer: "crappify" });
  try {
    const listed = await known.client(DatasetServiceDefinition).listDatasets({ parent: "projects/em" });
    assert.deepEqual(listed.datasets, []);
    await assert.rejects(stranger.client(DatasetServiceDefinition).listDatasets({ parent: "projects/em" }), (error) =>
      isPssrError(error, "UNAUTHENTICATED"),
    );
  } finally {
    known.close();
    stranger.close();
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    assert.deepEqual(await exited, [0, null]);
  }
});

test("without the shared key a service alone does not start, and says what to set", async () => {
  const ended = await pssr(["service", "train", "--data-dir", join(folder.path, "none")], { PSSR_IDENTITY_KEY: "" });
  assert.equal(ended.code, 2);
  assert.match(ended.stderr, /PSSR_IDENTITY_KEY/);
});

test("an address that is none is refused by the setting's name, and an unknown service by the names there are", async () => {
  const wrong = await pssr(["service", "predict", "--train-address", "nowhere"], { PSSR_IDENTITY_KEY: key });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--train-address/);
  const unknown = await pssr(["service", "develop"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /crappify, train, predict, gateway/);
});
