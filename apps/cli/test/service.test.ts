/** One service alone in a process. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DatasetServiceDefinition, isPssrError } from "@pssr/api";
import { connectService, identityKeys, mintFor, sharedKeyring } from "@pssr/platform";
import { listening, pssr, root, temporaryFolder } from "./pssr.js";

const key = "a key of at least thirty-two bytes, for the test";
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
before(async () => {
  folder = await temporaryFolder();
});
after(() => folder.remove());

/** A service in a process of its own, by its executable or by the command. */
function start(name: string, how: "executable" | "command", settings: string[], env: Record<string, string> = {}) {
  const program =
    how === "command"
      ? [join(root, "apps/cli/bin/pssr.js"), "service", name]
      : [join(root, "services", name, "dist/main.js")];
  const args = [...program, "--data-dir", join(folder.path, `${name}-${how}`), ...settings];
  return spawn(process.execPath, args, {
    env: { ...process.env, PSSR_LOG_LEVEL: "warn", PSSR_IDENTITY_KEY: key, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
}

async function endOf(child: ChildProcess): Promise<{ code: number | null; stderr: string }> {
  let stderr = "";
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stderr };
}

for (const how of ["executable", "command"] as const) {
  test(`a service alone answers whoever brings an identity signed with the shared key, and nobody else (${how})`, async () => {
    const child = start("crappify", how, ["--crappify-bind", "127.0.0.1:0"]);
    const address = await listening(child);
    const keyring = sharedKeyring(identityKeys().read(key));
    const others = sharedKeyring(identityKeys().read(key.replace("test", "peer")));
    const known = connectService(address, { peer: "crappify", token: () => mintFor(keyring, "em", "somebody") });
    const other = connectService(address, { peer: "crappify", token: () => mintFor(others, "em", "somebody") });
    const stranger = connectService(address, { peer: "crappify" });
    try {
      const listed = await known.client(DatasetServiceDefinition).listDatasets({ parent: "projects/em" });
      assert.deepEqual(listed.datasets, []);
      for (const one of [other, stranger])
        await assert.rejects(one.client(DatasetServiceDefinition).listDatasets({ parent: "projects/em" }), (error) =>
          isPssrError(error, "UNAUTHENTICATED"),
        );
    } finally {
      for (const one of [known, other, stranger]) one.close();
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      assert.deepEqual(await exited, [0, null]);
    }
  });
}

test("every service starts from its own executable and ends well on SIGINT", async () => {
  const children = [
    start("train", "executable", ["--train-bind", "127.0.0.1:0"]),
    start("predict", "executable", ["--predict-bind", "127.0.0.1:0"]),
    start("optimize", "executable", ["--optimize-bind", "127.0.0.1:0"]),
    start("gateway", "executable", ["--gateway-bind", "127.0.0.1:0", "--backend-wait", "0s"]),
  ];
  await Promise.all(
    children.map(async (child) => {
      await listening(child);
      const exited = once(child, "exit");
      child.kill("SIGINT");
      assert.deepEqual(await exited, [0, null]);
    }),
  );
});

test("what a service says is a line of JSON each, and tells the address that is bound", async () => {
  const bind = ["--crappify-bind", "0.0.0.0:0", "--probe-bind", "0.0.0.0:0", "--metrics-bind", "127.0.0.1:0"];
  const child = start("crappify", "executable", bind, { PSSR_LOG_LEVEL: "info" });
  const ended = endOf(child);
  const address = await listening(child);
  child.kill("SIGTERM");
  const { code, stderr } = await ended;
  assert.equal(code, 0);
  const said: { service: string; msg: string; address?: string }[] = stderr
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    said.map(({ service }) => service).filter((service) => service !== "crappify"),
    [],
  );
  const addressIn = (msg: string) => said.find((line) => line.msg === msg)?.address?.replace(/[1-9]\d*$/, "PORT");
  assert.equal(addressIn("probes are answered"), "0.0.0.0:PORT");
  assert.equal(addressIn("metrics are served"), "127.0.0.1:PORT");
  assert.equal(addressIn("listening"), "0.0.0.0:PORT");
  assert.equal(addressIn(`crappify listens on ${address}; SIGTERM stops it`), "0.0.0.0:PORT");
});

test("a start that waits is given up by a signal", async () => {
  // Nothing listens there, so the gateway waits for its backends.
  const settings = ["--gateway-bind", "127.0.0.1:0", "--backend-wait", "1h", "--train-address", "127.0.0.1:1"];
  const child = start("gateway", "executable", settings, { PSSR_LOG_LEVEL: "debug" });
  const ended = endOf(child);
  // It logs that it waits.
  await once(child.stderr!, "data");
  child.kill("SIGTERM");
  const { code, stderr } = await ended;
  assert.equal(code, 0);
  assert.doesNotMatch(stderr, /listens on/);
});

test("an address that others can reach is refused where they would need no token", async () => {
  const { code, stderr } = await endOf(start("gateway", "executable", ["--gateway-bind", "0.0.0.0:0"]));
  assert.equal(code, 2);
  assert.match(stderr, /--tokens-file/);
});

test("a service without the shared key does not start, on loopback either, and says what to set", async () => {
  for (const name of ["crappify", "train", "predict", "optimize", "gateway"]) {
    const child = start(name, "executable", [`--${name}-bind`, "127.0.0.1:0"], { PSSR_IDENTITY_KEY: "" });
    const { code, stderr } = await endOf(child);
    assert.equal(code, 2);
    assert.match(stderr, /PSSR_IDENTITY_KEY/);
  }
});

test("an address that is none is refused by the setting's name, and an unknown service by the names there are", async () => {
  const wrong = await pssr(["service", "predict", "--train-address", "nowhere"], { PSSR_IDENTITY_KEY: key });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--train-address/);
  const unknown = await pssr(["service", "develop"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /crappify, train, predict, optimize, gateway/);
});
