import assert from "node:assert/strict";
import { generateKeyPairSync, webcrypto } from "node:crypto";
import { test } from "node:test";
import { isPssrError } from "@pssr/api";
import {
  createKeyring,
  createProcessKeyring,
  type Identity,
  isLoopback,
  localAuthenticator,
  maySee,
  mintFor,
  tokenSource,
} from "@pssr/platform";
import { SignJWT } from "jose";

const anna: Identity = { principal: "anna", projects: ["em"], role: "operator" };
const refused = (error: unknown) => isPssrError(error, "UNAUTHENTICATED");

test("an identity survives the way through its token", async () => {
  const keyring = createProcessKeyring();
  assert.deepEqual(await keyring.verify(await keyring.issue(anna)), anna);
});

test("a token of another key, an expired one, one without claims and an unsigned one are refused", async () => {
  const secret = webcrypto.getRandomValues(new Uint8Array(32));
  const keyring = createKeyring([{ id: "k", algorithm: "HS256", sign: secret, verify: secret }], { configured: true });
  const sign = (claims: Record<string, string>, seconds: number) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256", kid: "k" })
      .setSubject("anna")
      .setIssuer("pssr")
      .setAudience("pssr-services")
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(secret);
  const text = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const unsigned = `${text({ alg: "none", kid: "k" })}.${text({ sub: "anna", role: "admin", prj: ["*"] })}.`;
  const tokens = [
    await createProcessKeyring().issue(anna),
    await sign({}, -60),
    await sign({}, 60),
    unsigned,
    "",
    "x".repeat(1e5),
  ];
  for (const token of tokens) await assert.rejects(keyring.verify(token), refused, token.slice(0, 200));
});

test("a public key verifies what its private key signed, and cannot sign", async () => {
  const pair = generateKeyPairSync("ed25519");
  const { subtle } = webcrypto;
  const spki = pair.publicKey.export({ format: "der", type: "spki" });
  const pkcs8 = pair.privateKey.export({ format: "der", type: "pkcs8" });
  const verify = await subtle.importKey("spki", spki, "Ed25519", true, ["verify"]);
  const sign = await subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  const signer = createKeyring([{ id: "k", algorithm: "EdDSA", sign, verify }], { configured: true });
  const verifier = createKeyring([{ id: "k", algorithm: "EdDSA", verify }], { configured: true });
  assert.deepEqual(await verifier.verify(await signer.issue(anna)), anna);
  await assert.rejects(verifier.issue(anna), (error) => isPssrError(error, "INVALID_CONFIGURATION"));
});

test("a worker's token is bound to its project", async () => {
  const keyring = createProcessKeyring();
  const worker = await keyring.verify(await mintFor(keyring, "em", "anna"));
  assert.deepEqual(worker, { principal: "anna", projects: ["em"], role: "service" });
  assert.ok(maySee(worker, "projects/em/images/a"));
  assert.ok(!maySee(worker, "projects/em2/images/a"));
  assert.ok(!maySee(worker, "projects/-/images/a"));
  await assert.rejects(async () => mintFor(keyring, "*", "anna"));
});

test("one token serves many calls and is renewed before it expires", async () => {
  const keyring = createProcessKeyring();
  const lasting = tokenSource(keyring, anna);
  assert.equal(await lasting(), await lasting());
  let issued = 0;
  const counting = {
    ...keyring,
    issue: (...args: Parameters<typeof keyring.issue>) => {
      issued++;
      return keyring.issue(...args);
    },
  };
  const fleeting = tokenSource(counting, anna, 0);
  await fleeting();
  await fleeting();
  assert.equal(issued, 2);
});

test("only loopback counts as this machine", async () => {
  for (const here of ["127.0.0.1:1", "127.9.9.9:0", "localhost:80", "[::1]:80", "::1", "::ffff:127.0.0.1"]) {
    assert.ok(isLoopback(here), here);
  }
  for (const elsewhere of [
    "0.0.0.0:1",
    "[::]:1",
    "10.0.0.1:1",
    "127.example.org:1",
    "::ffff:10.0.0.1",
    "unknown",
    "",
  ]) {
    assert.ok(!isLoopback(elsewhere), elsewhere);
  }
  const local = localAuthenticator(anna);
  assert.equal(await local.authenticate({ authorization: undefined, peer: "127.0.0.1:5" }), anna);
  await assert.rejects(local.authenticate({ authorization: undefined, peer: "10.0.0.1:5" }), refused);
});
