/** A crappifier with a step of one's own on the command line: a server behind a certificate, and a real `pssr up` that may call it. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { type CrappifyRequest, CustomCrappifierServiceDefinition } from "@pssr/api";
import { decodeImage } from "@pssr/imaging";
import { CertificateAuthority } from "@pssr/local-servers";
import { createLogger, type GrpcServer, grpcService, localAuthenticator, startGrpcServer } from "@pssr/platform";
import { pssr, root, temporaryFolder, up } from "./pssr.js";

const slice = join(root, "examples/em-fibsem/train/iso.03546.png");
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let authority: CertificateAuthority;
let server: GrpcServer;

before(async () => {
  folder = await temporaryFolder();
  authority = await CertificateAuthority.make("microscopist");
  server = await startGrpcServer({
    bind: "127.0.0.1:0",
    services: [grpcService(CustomCrappifierServiceDefinition, { crappify: async (request) => darkened(request) })],
    authenticator: localAuthenticator({ principal: "pssr", projects: [], role: "operator" }),
    log: createLogger({ service: "darkener", level: "silent" }),
    tls: await authority.issue("darkener"),
  });
  const detector = [
    { kind: "external", address: server.address, parameters: { loss: { value: 7 }, nothing: { value: 0 } } },
  ];
  await writeFile(file("darker.json"), JSON.stringify({ sampling: { scale: 2 }, detector }));
  await writeFile(file("plain.json"), JSON.stringify({ sampling: { scale: 2 } }));
});
after(async () => {
  await server.close({ graceMs: 0 });
  await authority[Symbol.asyncDispose]();
  await folder.remove();
});

const file = (name: string) => join(folder.path, name);

function darkened({ pixels, parameters }: CrappifyRequest) {
  const values = new Float32Array(Uint8Array.from(pixels!.data).buffer).map((value) => value - parameters.loss!);
  return { pixels: { ...pixels!, data: new Uint8Array(values.buffer) } };
}

/** Starts an installation with these settings and the image; gives its command. It ends with the test. */
async function installation(t: TestContext, ...settings: string[]) {
  const { address, end } = await up(file(`data-${settings.length}`), ...settings);
  t.after(() => end("SIGTERM"));
  const command = (...args: string[]) => pssr(["--address", address, ...args]);
  const imported = await command("images", "import", slice, "--black", "0", "--white", "255");
  assert.equal(imported.code, 0, imported.stderr);
  const crappify = (spec: string) =>
    command("crappify", "iso-03546", "-o", file("out.png"), "--crappifier-file", file(spec));
  return { command, crappify };
}

async function pixels(): Promise<number[]> {
  const { pixels } = await decodeImage(await readFile(file("out.png")), { maxPixels: 2 ** 20, maxBytes: 2 ** 20 });
  return [...pixels.data];
}

test("a file with an external step is used as any other, over an encrypted connection", async (t) => {
  const trusting = ["--external-crappifier-ca-file", authority.caFile];
  const { command, crappify } = await installation(t, "--external-crappifiers", server.address, ...trusting);
  assert.equal((await crappify("plain.json")).code, 0);
  const before = await pixels();
  const ended = await crappify("darker.json");
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(
    await pixels(),
    before.map((value) => Math.max(0, value - 7)),
  );
  const { stdout } = await command("crappifiers", "create", "darker", "--crappifier-file", file("darker.json"));
  assert.ok(stdout.endsWith(`: ×2 BILINEAR → external ${server.address}(loss 7, nothing 0)\n`), stdout);
});

test("without the certificate's authority it is said what to set", async (t) => {
  const { crappify } = await installation(t, "--external-crappifiers", server.address);
  const { code, stderr } = await crappify("darker.json");
  assert.equal(code, 3, stderr);
  assert.ok(stderr.includes(`the external crappifier at ${server.address} cannot be reached`), stderr);
  assert.match(stderr, /set --external-crappifier-ca-file \(PSSR_EXTERNAL_CRAPPIFIER_CA_FILE\)/);
});
