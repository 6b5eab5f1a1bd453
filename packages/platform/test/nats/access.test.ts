/** How a NATS server lets us in, and how it does not. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { startNatsServer } from "@pssr/local-servers";
import { loadConfig, NatsConnection, natsSettings } from "@pssr/platform";
import { reason } from "../reason.js";
import { temporaryDirectory } from "../temporary-directory.js";
import { report } from "./nats.js";

async function open(env: Record<string, string>): Promise<NatsConnection> {
  const config = loadConfig(natsSettings, { argv: [], env });
  return NatsConnection.open({ ...config, natsUrl: config.natsUrl ?? [] }, { report });
}

test("a token lets us in; a wrong one is a wrong setting, and is not shown", async (context) => {
  const server = await startNatsServer({ directory: await temporaryDirectory(context), token: "the-right-one" });
  context.after(() => server.stop());
  const connection = await open({ PSSR_NATS_URL: server.url, PSSR_NATS_TOKEN: "the-right-one" });
  await connection.close();
  await assert.rejects(open({ PSSR_NATS_URL: server.url, PSSR_NATS_TOKEN: "a-wrong-one" }), (error: Error) => {
    assert.doesNotMatch(error.message, /a-wrong-one/);
    return reason("INVALID_CONFIGURATION")(error);
  });
  await assert.rejects(open({ PSSR_NATS_URL: server.url }), reason("INVALID_CONFIGURATION"));
});

test("over TLS only a server whose authority we trust is spoken to", async (context) => {
  const directory = await temporaryDirectory(context);
  const ours = await certificate(directory, "ours");
  const other = await certificate(directory, "other");
  const server = await startNatsServer({ directory: join(directory, "nats"), tls: ours });
  context.after(() => server.stop());
  const connection = await open({ PSSR_NATS_URL: server.url, PSSR_NATS_CA_FILE: ours.cert });
  await connection.close();
  const wait = { PSSR_NATS_WAIT: "300ms" };
  await assert.rejects(open({ PSSR_NATS_URL: server.url, PSSR_NATS_CA_FILE: other.cert, ...wait }));
  await assert.rejects(open({ PSSR_NATS_URL: server.url, ...wait }));
  await assert.rejects(
    open({ PSSR_NATS_URL: server.url, PSSR_NATS_CA_FILE: join(directory, "none.pem") }),
    reason("INVALID_CONFIGURATION"),
  );
});

test("an address that asks for TLS is not spoken to without", async (context) => {
  const server = await startNatsServer({ directory: await temporaryDirectory(context), token: "not for the wire" });
  context.after(() => server.stop());
  const url = server.url.replace("nats://", "tls://");
  await assert.rejects(open({ PSSR_NATS_URL: url, PSSR_NATS_TOKEN: "not for the wire", PSSR_NATS_WAIT: "300ms" }));
  const mixed = { PSSR_NATS_URL: `${url},${server.url}` };
  await assert.rejects(open(mixed), reason("INVALID_CONFIGURATION"));
  await assert.rejects(
    open({ PSSR_NATS_URL: server.url, PSSR_NATS_CERT_FILE: "a.pem" }),
    reason("INVALID_CONFIGURATION"),
  );
});

/** A self-signed certificate for localhost, which is its own authority. */
async function certificate(directory: string, name: string): Promise<{ cert: string; key: string }> {
  const cert = join(directory, `${name}.pem`);
  const key = join(directory, `${name}.key`);
  const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost", "-days", "2"];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  await promisify(execFile)("openssl", ["req", "-x509", ...kind, ...subject, "-keyout", key, "-out", cert]);
  return { cert, key };
}
