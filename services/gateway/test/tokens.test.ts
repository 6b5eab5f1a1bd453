import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Client, type Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { isPssrError } from "@pssr/api";
import { changeTokenFile, digestOfApiToken, newApiToken, readTokenFile, type TokenEntry } from "../dist/index.js";
import { TokenAuthenticator } from "../dist/tokens/token-authenticator.js";
import { callUnary, openEcho, openGateway } from "./bench.js";

async function tokenFile(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "pssr-tokens-"));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, "tokens.json");
}

/** Adds an entry to the file and gives its token. */
async function addToken(path: string, id: string, entry: Partial<TokenEntry> = {}): Promise<string> {
  const token = newApiToken(id);
  const whole: TokenEntry = {
    id,
    principal: `${id} of the lab`,
    role: "operator",
    projects: ["em"],
    sha256: digestOfApiToken(token),
    createdMs: Date.now(),
    ...entry,
  };
  await changeTokenFile(path, (tokens) => [...tokens, whole]);
  return token;
}

/** Repeats a call until it is answered as wanted: the gateway notices a new file in its own time. */
async function until(client: Client, token: string, wanted: (answer: Buffer | ServiceError) => boolean): Promise<void> {
  while (!wanted(await callUnary(client, token)));
}

const isRefused = (answer: Buffer | ServiceError) => "code" in answer && answer.code === status.UNAUTHENTICATED;
const isAnswered = (answer: Buffer | ServiceError) => !("code" in answer);

/** A service that answers with the identity it was brought. */
const whoCalls = {
  Unary: (call: { metadata: Metadata }, callback: (error: null, bytes: Buffer) => void) => {
    const [, payload] = String(call.metadata.get("authorization")[0]).split(".");
    callback(null, Buffer.from(payload!, "base64url"));
  },
};

test("a token's holder calls as its principal, in its projects and role; everybody else is refused, on this machine too", async (t) => {
  const path = await tokenFile(t);
  const token = await addToken(path, "scope-3", { role: "viewer" });
  const { client } = await openEcho(t, whoCalls, ["--tokens-file", path]);
  const identity = JSON.parse(String(await callUnary(client, token)));
  assert.deepEqual([identity.sub, identity.role, identity.prj], ["scope-3 of the lab", "viewer", ["em"]]);
  const last = token.at(-1) === "A" ? "B" : "A";
  const wrong = [
    undefined,
    "",
    "pssr_scope-3",
    `${token.slice(0, -1)}${last}`,
    newApiToken("scope-3"),
    newApiToken("nobody"),
  ];
  for (const one of wrong) assert.ok(isRefused(await callUnary(client, one)), String(one));
});

test("a signed identity of the services is no way in from outside", async (t) => {
  const path = await tokenFile(t);
  await addToken(path, "scope-3");
  const { client, keyring } = await openEcho(t, whoCalls, ["--tokens-file", path]);
  const signed = await keyring.issue({ principal: "anna", projects: ["*"], role: "service" });
  assert.ok(isRefused(await callUnary(client, signed)));
});

test("an expired token is refused and says so", async (t) => {
  const path = await tokenFile(t);
  const token = await addToken(path, "old", { expiresMs: Date.now() - 1 });
  const { client } = await openEcho(t, whoCalls, ["--tokens-file", path]);
  const answer = await callUnary(client, token);
  assert.ok(isRefused(answer) && "code" in answer && /old expired on/.test(answer.details));
});

test("a new file is read while the gateway runs", async (t) => {
  const path = await tokenFile(t);
  const first = await addToken(path, "first");
  const { client } = await openEcho(t, whoCalls, ["--tokens-file", path, "--tokens-reload", "100ms"]);
  const second = await addToken(path, "second");
  await until(client, second, isAnswered);
  await changeTokenFile(path, (tokens) => tokens.filter(({ id }) => id !== "first"));
  await until(client, first, isRefused);
  assert.ok(isAnswered(await callUnary(client, second)));
});

test("a new file that is broken, open to others or gone is reported once and changes nothing", async (t) => {
  const path = await tokenFile(t);
  const token = await addToken(path, "first");
  const loads: number[] = [];
  const failures: unknown[] = [];
  const authenticator = await TokenAuthenticator.open(path, {
    reloadMs: 3_600_000,
    loaded: (tokens) => loads.push(tokens),
    failed: (error) => failures.push(error),
  });
  t.after(() => authenticator.close());
  const good = await readFile(path);
  const spoil = [
    () => writeFile(path, "{"),
    async () => {
      await writeFile(path, good);
      await chmod(path, 0o606);
    },
    () => rm(path),
  ];
  for (const [i, how] of spoil.entries()) {
    await how();
    for (let looks = 0; looks < 3; looks++) await authenticator.reload();
    assert.equal(failures.length, i + 1);
    const { principal } = await authenticator.authenticate({ authorization: `Bearer ${token}`, peer: "127.0.0.1:1" });
    assert.equal(principal, "first of the lab");
    await assert.rejects(authenticator.authenticate({ authorization: undefined, peer: "127.0.0.1:1" }));
  }
  await writeFile(path, good, { mode: 0o600 });
  await authenticator.reload();
  assert.deepEqual(loads, [1, 1]);
});

test("a file that others may read, that is no file of tokens, or that gives the role of a service is refused at the start", async (t) => {
  const path = await tokenFile(t);
  const entry = { id: "a", principal: "a", role: "service", projects: ["*"], sha256: "0".repeat(64), createdMs: 1 };
  const wrong: [string, RegExp][] = [
    [JSON.stringify({ schemaVersion: 1, tokens: [entry] }), /tokens\.0\.role/],
    [JSON.stringify({ schemaVersion: 2, tokens: [] }), /schemaVersion/],
    [
      JSON.stringify({
        schemaVersion: 1,
        tokens: [
          { ...entry, role: "admin" },
          { ...entry, role: "admin" },
        ],
      }),
      /same id/,
    ],
    ["secret words", /it is no JSON$/],
  ];
  for (const [text, expected] of wrong) {
    await writeFile(path, text, { mode: 0o600 });
    await assert.rejects(
      openGateway(t, { flags: ["--tokens-file", path] }),
      (error) => isPssrError(error, "INVALID_CONFIGURATION") && expected.test(error.message),
    );
  }
  await writeFile(path, JSON.stringify({ schemaVersion: 1, tokens: [] }));
  await chmod(path, 0o644);
  await assert.rejects(
    openGateway(t, { flags: ["--tokens-file", path] }),
    (error) => isPssrError(error, "INVALID_CONFIGURATION") && /chmod 640/.test(error.message),
  );
  await chmod(path, 0o640);
  await openGateway(t, { bind: "0.0.0.0:0", flags: ["--tokens-file", path] });
});

test("a change that cannot be made leaves the file as it was, and two at once do not lose each other", async (t) => {
  const path = await tokenFile(t);
  await addToken(path, "first");
  const refuse = () => {
    throw new Error("no");
  };
  await assert.rejects(changeTokenFile(path, refuse), /no/);
  const results = await Promise.allSettled(["a", "b", "c"].map((id) => addToken(path, id)));
  const added = results.filter(({ status: outcome }) => outcome === "fulfilled").length;
  for (const result of results)
    assert.ok(result.status === "fulfilled" || isPssrError(result.reason, "RESOURCE_IN_USE"));
  assert.equal((await readTokenFile(path)).tokens.length, 1 + added);
});
