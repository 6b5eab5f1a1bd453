import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { isPssrError } from "@pssr/api";
import { FaultyProxy, startS3Server, withoutHeader } from "@pssr/local-servers";
import { describeConfig, loadConfig, S3ObjectStore, s3Settings } from "@pssr/platform";
import { reason } from "../reason.js";
import { temporaryDirectory } from "../temporary-directory.js";
import { collect, objectStoreContract, pattern } from "./contract.js";
import { openS3Store, plainClient, s3Config, s3Server } from "./s3-bucket.js";

objectStoreContract("S3 objects", async (context) => openS3Store(context, await s3Config()));
objectStoreContract("S3 objects under a prefix", async (context) =>
  openS3Store(context, await s3Config({ PSSR_S3_PREFIX: "lab-1/pssr" })),
);

test("two prefixes of one bucket do not see each other", async (context) => {
  const config = await s3Config();
  const one = await openS3Store(context, { ...config, s3Prefix: "one" });
  const two = await openS3Store(context, { ...config, s3Prefix: "one-more" });
  await one.put("k", pattern(10));
  assert.equal(await two.stat("k"), undefined);
  assert.deepEqual(await keys(two), []);
  assert.deepEqual(await keys(one), ["k"]);
});

test("a body larger than a part is sent in parts, one of exactly a part too", async (context) => {
  const partSize = 5 * 2 ** 20;
  const config = await s3Config({ PSSR_S3_PART_SIZE: `${partSize}` });
  const store = await openS3Store(context, config);
  const footer = 40;
  for (const size of [partSize - footer, partSize - footer + 1, partSize, 3 * partSize, 3 * partSize + 1]) {
    const bytes = new Uint8Array(randomBytes(size));
    const key = `object-${size}`;
    assert.equal((await store.put(key, bytes)).size, size);
    assert.deepEqual(await store.getBytes(key, size), bytes);
    assert.deepEqual(await collect(store.get(key)), bytes);
    assert.deepEqual(await store.range(key, size - 3, 100), bytes.slice(size - 3));
  }
  // Five writers of one key, each in parts of its own.
  const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map((n) => store.put("same", randomBytes(partSize + n))));
  const size = (await store.stat("same"))!.size;
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === "fulfilled") assert.equal(size, partSize + i + 1);
    else assert.ok(isPssrError(outcome.reason, "ALREADY_EXISTS"));
  }
  assert.equal(outcomes.filter(({ status }) => status === "fulfilled").length, 1);
  const { uploads } = await (await plainClient()).listIncompleteUploadsQuery(config.s3Bucket, "", "", "", "");
  assert.deepEqual(uploads, []);
});

test("more than a page of objects is listed, and deleted, whole", async (context) => {
  const store = await openS3Store(context, await s3Config());
  const all = Array.from({ length: 1_001 }, (_, i) => `many/${String(i).padStart(5, "0")}`);
  for (let i = 0; i < all.length; i += 25) {
    await Promise.all(all.slice(i, i + 25).map((key) => store.put(key, pattern(1))));
  }
  await store.put("other", pattern(1));
  assert.deepEqual(await keys(store, "many/"), all);
  await store.deletePrefix("many/");
  assert.deepEqual(await keys(store), ["other"]);
});

test("a server without conditional writes still does not overwrite what is there", async (context) => {
  const proxy = await FaultyProxy.to((await s3Server()).endpoint);
  context.after(() => proxy.refuse());
  proxy.fault = () => withoutHeader("if-none-match");
  const config = await s3Config({ PSSR_S3_ENDPOINT: proxy.endpoint, PSSR_S3_PART_SIZE: "5MiB" });
  const store = await openS3Store(context, config);
  for (const size of [100, 6_000_000]) {
    const key = `object-${size}`;
    await store.put(key, pattern(size));
    await store.put(key, pattern(size));
    await assert.rejects(store.put(key, pattern(size + 1)), reason("ALREADY_EXISTS"));
    assert.deepEqual(await store.getBytes(key, size), pattern(size));
  }
  const { uploads } = await (await plainClient()).listIncompleteUploadsQuery(config.s3Bucket, "", "", "", "");
  assert.deepEqual(uploads, []);
});

test("damage at the server is found, before the end of a stream", async (context) => {
  const config = await s3Config();
  const store = await openS3Store(context, config);
  const client = await plainClient();
  const content = pattern(600_000);
  await store.put("k", content);
  const stored = Buffer.from(await collect(await client.getObject(config.s3Bucket, "k!")));
  const flipped = Buffer.from(stored);
  flipped[5]! ^= 1;
  await client.putObject(config.s3Bucket, "k!", flipped);
  await assert.rejects(store.getBytes("k", content.length), reason("OBJECT_CORRUPT"));
  let received = 0;
  const reading = (async () => {
    for await (const chunk of store.get("k")) received += chunk.length;
  })();
  await assert.rejects(reading, reason("OBJECT_CORRUPT"));
  assert.ok(received < content.length);
  for (const length of [stored.length - 1, 40, 10, 0]) {
    await client.putObject(config.s3Bucket, "k!", stored.subarray(0, length));
    await assert.rejects(collect(store.get("k")), reason("OBJECT_CORRUPT"));
    await assert.rejects(store.getBytes("k", content.length), reason("OBJECT_CORRUPT"));
    await assert.rejects(store.stat("k"), reason("OBJECT_CORRUPT"));
  }
});

test("what others keep in the bucket is not ours", async (context) => {
  const config = await s3Config();
  const store = await openS3Store(context, config);
  const client = await plainClient();
  for (const name of ["theirs", "a b!", ".probe-of-now"]) {
    await client.putObject(config.s3Bucket, name, Buffer.from("theirs"));
  }
  await store.put("ours", pattern(3));
  assert.deepEqual(await keys(store), ["ours"]);
});

test("unfinished uploads and probes of processes that are gone are swept, those under way are not", async (context) => {
  const config = await s3Config({ PSSR_S3_PREFIX: "p" });
  const store = await openS3Store(context, config);
  const client = await plainClient();
  await client.initiateNewMultipartUpload(config.s3Bucket, "p/a!", {});
  await client.initiateNewMultipartUpload(config.s3Bucket, "p/b!", {});
  await client.initiateNewMultipartUpload(config.s3Bucket, "elsewhere", {});
  await client.putObject(config.s3Bucket, `p/.probe-${randomUUID()}`, Buffer.from("probe"));
  assert.equal(await store.removeStaleUploads(60_000), 0);
  // A time before now that lies ahead: all of them are older.
  assert.equal(await store.removeStaleUploads(-60_000), 3);
  assert.equal(await store.removeStaleUploads(-60_000), 0);
  const { uploads } = await client.listIncompleteUploadsQuery(config.s3Bucket, "", "", "", "");
  assert.deepEqual(
    uploads.map(({ key }) => key),
    ["elsewhere"],
  );
});

test("unfinished uploads and objects of others in the bucket are not swept", async (context) => {
  const config = await s3Config();
  const store = await openS3Store(context, config);
  const client = await plainClient();
  const theirs = ["a b!", "backup.tar", "folder/.hidden!", ".probe-of-the-moon"];
  for (const name of [...theirs, "ours!", "also/ours!"]) {
    await client.initiateNewMultipartUpload(config.s3Bucket, name, {});
  }
  await client.putObject(config.s3Bucket, ".probe-of-the-sun", Buffer.from("theirs"));
  assert.equal(await store.removeStaleUploads(-60_000), 2);
  const { uploads } = await client.listIncompleteUploadsQuery(config.s3Bucket, "", "", "", "");
  assert.deepEqual(uploads.map(({ key }) => key).sort(), theirs.toSorted());
  await client.statObject(config.s3Bucket, ".probe-of-the-sun");
});

test("more unfinished uploads of one object than a page holds are swept whole", async (context) => {
  const config = await s3Config();
  const store = await openS3Store(context, config);
  const client = await plainClient();
  const [count, atOnce] = [1_020, 20];
  for (let i = 0; i < count; i += atOnce) {
    const starts = Array.from({ length: atOnce }, () =>
      client.initiateNewMultipartUpload(config.s3Bucket, "same!", {}),
    );
    await Promise.all(starts);
  }
  await client.initiateNewMultipartUpload(config.s3Bucket, "then!", {});
  assert.equal(await store.removeStaleUploads(-60_000), count + 1);
  const { uploads } = await client.listIncompleteUploadsQuery(config.s3Bucket, "", "", "", "");
  assert.deepEqual(uploads, []);
});

test("what is wrong with the configuration is said when the store is opened, without secrets", async () => {
  const config = await s3Config();
  const cases = [
    { change: { s3SecretKey: "a-wrong-secret" }, says: /PSSR_S3_ACCESS_KEY, PSSR_S3_SECRET_KEY/, field: "s3AccessKey" },
    { change: { s3AccessKey: "nobody" }, says: /PSSR_S3_ACCESS_KEY, PSSR_S3_SECRET_KEY/, field: "s3AccessKey" },
    { change: { s3SecretKey: undefined }, says: /PSSR_S3_SECRET_KEY_FILE/, field: "s3SecretKey" },
    { change: { s3AccessKey: undefined }, says: /PSSR_S3_ACCESS_KEY_FILE/, field: "s3AccessKey" },
    { change: { s3Endpoint: undefined }, says: /PSSR_S3_ENDPOINT/, field: "s3Endpoint" },
    { change: { s3Region: "mars-1" }, says: /PSSR_S3_REGION/, field: "s3Region" },
    {
      change: { s3Endpoint: config.s3Endpoint!.replace("http:", "https:") },
      says: /PSSR_S3_ENDPOINT/,
      field: "s3Endpoint",
    },
    {
      change: { s3Endpoint: "https://127.0.0.1:1", s3CaFile: "/no/such/file" },
      says: /PSSR_S3_CA_FILE/,
      field: "s3CaFile",
    },
  ];
  for (const { change, says, field } of cases) {
    await assert.rejects(S3ObjectStore.open({ ...config, ...change }), (error) => {
      assert.ok(isPssrError(error, "INVALID_CONFIGURATION"), String(error));
      assert.match(error.message, says);
      assert.equal(error.field, field);
      for (const secret of [config.s3SecretKey!, "a-wrong-secret"]) assert.ok(!error.message.includes(secret));
      return true;
    });
  }
});

test("settings that can be nothing are refused as they are read", () => {
  const wrong: Record<string, string[]> = {
    PSSR_S3_ENDPOINT: ["localhost:9000", "ftp://host", "http://user:secret@host", "http://host/path", "http://host?x"],
    PSSR_S3_BUCKET: ["ab", "Upper", "a_b", "-ab", "ab-", "a..b", "x".repeat(64)],
    PSSR_S3_PREFIX: ["/a", "a/", "a//b", "..", "a b", "x".repeat(101)],
    PSSR_S3_PART_SIZE: ["1MiB", "2GiB"],
  };
  for (const [variable, values] of Object.entries(wrong)) {
    for (const value of values) {
      assert.throws(
        () => loadConfig(s3Settings, { argv: [], env: { [variable]: value } }),
        reason("INVALID_CONFIGURATION"),
        `${variable}=${value}`,
      );
    }
  }
  const read = loadConfig(s3Settings, {
    argv: ["--s3-bucket", "my.bucket-1", "--s3-endpoint=https://s3.example.org/"],
    env: { PSSR_S3_PREFIX: "lab_1/x" },
  });
  assert.equal(read.s3Endpoint, "https://s3.example.org");
  assert.match(describeConfig(s3Settings), /PSSR_S3_SECRET_KEY or PSSR_S3_SECRET_KEY_FILE/);
});

test("TLS: a server is trusted through its authority's certificate only", async (context) => {
  const directory = await temporaryDirectory(context);
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const subject = ["-subj", "/CN=pssr-test", "-addext", "subjectAltName=IP:127.0.0.1"];
  await promisify(execFile)("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", cert]);
  const server = await startS3Server({ directory: join(directory, "s3"), tls: { cert, key } });
  context.after(() => server.stop());
  assert.match(server.endpoint, /^https:/);
  const config = await s3Config({
    PSSR_S3_ENDPOINT: server.endpoint,
    PSSR_S3_ACCESS_KEY: server.accessKey,
    PSSR_S3_SECRET_KEY: server.secretKey,
    PSSR_S3_CA_FILE: cert,
  });
  const store = await openS3Store(context, config);
  const bytes = pattern(9_000_000);
  await store.put("k", bytes);
  assert.deepEqual(await collect(store.get("k")), bytes);
  const empty = join(directory, "other.pem");
  await writeFile(empty, "");
  for (const s3CaFile of [undefined, empty]) {
    await assert.rejects(S3ObjectStore.open({ ...config, s3CaFile }), (error) => {
      assert.ok(isPssrError(error, "INVALID_CONFIGURATION"), String(error));
      assert.equal(error.field, "s3CaFile");
      return true;
    });
  }
});

async function keys(store: S3ObjectStore, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found;
}
