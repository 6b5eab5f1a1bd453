/** What a person reads when nothing, or the wrong thing, is at the address: against real sockets. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer as createHttp2Server } from "node:http2";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { CertificateAuthority } from "@pssr/local-servers";
import { pssr, temporaryFolder } from "./pssr.js";

let ours: CertificateAuthority;
let others: CertificateAuthority;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
before(async () => {
  [ours, others] = await Promise.all([CertificateAuthority.make("ours"), CertificateAuthority.make("others")]);
  folder = await temporaryFolder();
});
after(async () => {
  await ours[Symbol.asyncDispose]();
  await others[Symbol.asyncDispose]();
  await folder.remove();
});

/** Where it listens; with the test it ends, and so do its connections. */
async function listen(t: TestContext, server: Server, host = "127.0.0.1"): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket.on("error", () => undefined)); // the command leaves as it likes
  });
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  server.listen(0, host);
  await once(server, "listening");
  return `${host}:${(server.address() as AddressInfo).port}`;
}

async function encryptedServer(): Promise<Server> {
  const { certFile, keyFile } = await ours.issue("server");
  const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
  return createTlsServer({ cert, key, ALPNProtocols: ["h2"] }).on("tlsClientError", () => undefined); // the refusal that is tested
}

/** The one line that a command ends with. */
async function told(code: number, address: string, ...options: string[]): Promise<string> {
  const ended = await pssr(["--address", address, ...options, "images", "list"]);
  assert.equal(ended.code, code, ended.stderr);
  assert.equal(ended.stdout, "");
  assert.match(ended.stderr, /^pssr: [^\n]+\n$/);
  assert.doesNotMatch(ended.stderr, /connection established|Resolution note|ECONN|ImageService|SSL routines/);
  return ended.stderr;
}

test("where nobody listens a person is told to start PSSR, or to say where it is", async (t) => {
  const server = createServer();
  const address = await listen(t, server);
  server.close();
  await once(server, "close");
  assert.equal(
    await told(3, address),
    `pssr: nobody listens at ${address}: start \`pssr up\`, or say where PSSR listens with --address (PSSR_ADDRESS) (UNAVAILABLE)\n`,
  );
});

test("a host that nobody knows is named", async () => {
  assert.match(await told(3, "microscope.invalid:7717"), /host of microscope\.invalid:7717 is not known.*--address/);
});

test("what is no address is refused before anything is called", async () => {
  for (const address of ["microscope", "127.0.0.1:", "http://127.0.0.1:7717", "127.0.0.1:77177"])
    assert.match(await told(2, address), /is no address: expected HOST:PORT.*--address \(PSSR_ADDRESS\)/);
});

test("without --ca, to a server that takes encrypted connections: name its authority", async (t) => {
  assert.match(
    await told(3, await listen(t, await encryptedServer())),
    /if its connections are encrypted, name its certificate authority with --ca/,
  );
});

test("with --ca, to a server that takes none that are encrypted: leave it out", async (t) => {
  const address = await listen(t, createHttp2Server());
  assert.match(await told(3, address, "--ca", ours.caFile), /takes no encrypted connections: leave --ca/);
});

test("a certificate of another authority is not trusted", async (t) => {
  const address = await listen(t, await encryptedServer());
  assert.match(await told(3, address, "--ca", others.caFile), /not trusted here: check --ca/);
});

test("a certificate for another name is told apart from one of another authority", {
  skip: process.platform !== "linux", // elsewhere 127.0.0.1 is the only address of the loopback
}, async (t) => {
  const address = await listen(t, await encryptedServer(), "127.0.0.2");
  assert.match(await told(3, address, "--ca", ours.caFile), /certificate of 127\.0\.0\.2:\d+ is for another name/);
});

test("a file that holds no certificate is no --ca", async () => {
  const file = join(folder.path, "ca.txt");
  await writeFile(file, "none");
  assert.match(await told(2, "127.0.0.1:9", "--ca", file), /ca\.txt holds no certificate/);
});

test("a program that is not PSSR is not taken for one", async (t) => {
  const address = await listen(
    t,
    createServer((socket) => void socket.write("SSH-2.0-OpenSSH\r\n")),
  );
  assert.match(await told(3, address), /does not speak as PSSR does.*check --address/);
});

test("who never answers is given up after ten seconds, and told to be silent", async (t) => {
  const address = await listen(t, createServer());
  assert.match(await told(3, address, "--ca", ours.caFile), /no connection to .* comes about.*firewall/);
});
