/** Files over a connection that breaks: a real gRPC server on this machine that gives up in the middle. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import {
  type DownloadImageRequest,
  type DownloadImageResponse,
  ImageServiceDefinition,
  isPssrError,
  type Upload,
  type WriteUploadRequest,
} from "@pssr/api";
import { connect, downloadFile, type PssrClient, uploadFile } from "@pssr/client";
import { type CallContext, createServer, type Server, ServerError, Status } from "nice-grpc";

const file = randomBytes(1_000_000);
const sha256 = createHash("sha256").update(file).digest("hex");

/** What arrived, and how the server behaves. */
let received: Buffer;
let declared: Upload;
/** After so many bytes of one stream it breaks off; 0: never. */
let breaksAfter: number;
let digestSent: string;
/** Refuses every byte. */
let stuck: boolean;
/** How many streams fall silent before one works. */
let silentStreams: number;

async function untilLeft(signal: AbortSignal): Promise<never> {
  silentStreams -= 1;
  if (!signal.aborted) await once(signal, "abort");
  throw signal.reason;
}

const service = {
  async createUpload({ upload }: { upload: Upload | undefined }) {
    declared = { ...upload!, name: "projects/p/uploads/u" };
    return { ...declared, receivedBytes: BigInt(received.length) };
  },
  async getUpload() {
    return { ...declared, receivedBytes: BigInt(received.length) };
  },
  async writeUpload(requests: AsyncIterable<WriteUploadRequest>, { signal }: CallContext) {
    if (silentStreams > 0) await untilLeft(signal);
    let taken = 0;
    for await (const { offset, data } of requests) {
      if (stuck) throw new ServerError(Status.UNAVAILABLE, "broken off");
      assert.equal(Number(offset), received.length);
      received = Buffer.concat([received, data]);
      taken += data.length;
      if (breaksAfter > 0 && taken >= breaksAfter) throw new ServerError(Status.UNAVAILABLE, "broken off");
    }
    return { ...declared, receivedBytes: BigInt(received.length) };
  },
  async *downloadImage(
    { offset }: DownloadImageRequest,
    { signal }: CallContext,
  ): AsyncGenerator<DownloadImageResponse> {
    const header = { filename: "a.tif", mediaType: "image/tiff", sizeBytes: BigInt(file.length), sha256: digestSent };
    yield { content: { $case: "header", value: header } };
    if (silentStreams > 0) await untilLeft(signal);
    for (let at = Number(offset); at < file.length; at += 100_000) {
      if (breaksAfter > 0 && at - Number(offset) >= breaksAfter)
        throw new ServerError(Status.UNAVAILABLE, "broken off");
      yield { content: { $case: "data", value: file.subarray(at, at + 100_000) } };
    }
  },
};

let server: Server;
let client: PssrClient;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "pssr-client-"));
  server = createServer();
  const missing = async () => {
    throw new ServerError(Status.UNIMPLEMENTED, "not of this test");
  };
  const rest = Object.fromEntries(Object.keys(ImageServiceDefinition.methods).map((name) => [name, missing]));
  server.add(ImageServiceDefinition, { ...rest, ...service } as unknown as Parameters<
    typeof server.add<typeof ImageServiceDefinition>
  >[1]);
  client = connect(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  await writeFile(join(folder, "a.tif"), file);
});
after(async () => {
  client.close();
  server.forceShutdown();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  received = Buffer.alloc(0);
  breaksAfter = 0;
  digestSent = sha256;
  stuck = false;
  silentStreams = 0;
});

const quick = { pauseMs: 1 };

const download = (name: string, options: Parameters<typeof downloadFile>[2] = quick) =>
  downloadFile(
    (offset, { signal }) => client.images.downloadImage({ name: "projects/p/images/i", offset }, { signal }),
    join(folder, name),
    options,
  );

test("an upload that breaks off goes on where the server stands", async () => {
  breaksAfter = 300_000;
  const upload = await uploadFile(client, join(folder, "a.tif"), { parent: "projects/p", ...quick });
  assert.equal(Number(upload.receivedBytes), file.length);
  assert.deepEqual(received, file);
  assert.equal(declared.sha256, sha256);
});

test("an upload that never gets further gives up with the server's error", async () => {
  stuck = true;
  await assert.rejects(
    uploadFile(client, join(folder, "a.tif"), { parent: "projects/p", ...quick }),
    (error) => isPssrError(error, "UNAVAILABLE") && error.message.includes("broken off"),
  );
});

test("a download that breaks off is taken up again, and is the file", async () => {
  breaksAfter = 300_000;
  const header = await download("b.tif");
  assert.equal(header.filename, "a.tif");
  assert.deepEqual(await readFile(join(folder, "b.tif")), file);
});

test("bytes that are not what the header promised are never seen under the file's name", async () => {
  digestSent = "0".repeat(64);
  await assert.rejects(download("c.tif"), (error) => isPssrError(error, "OBJECT_CORRUPT"));
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith("c.tif")),
    [],
  );
});

test("a stream that falls silent is given up and opened again", async () => {
  silentStreams = 1;
  await download("d.tif", { ...quick, silenceMs: 200 });
  assert.deepEqual(await readFile(join(folder, "d.tif")), file);
  silentStreams = 1;
  await uploadFile(client, join(folder, "a.tif"), { parent: "projects/p", ...quick, silenceMs: 200 });
  assert.deepEqual(received, file);
  assert.equal(silentStreams, 0);
});

test("a download that its caller gives up leaves nothing", async () => {
  silentStreams = 1;
  const reason = new Error("enough");
  const controller = new AbortController();
  const downloading = download("e.tif", { signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(downloading);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith("e.tif")),
    [],
  );
});
