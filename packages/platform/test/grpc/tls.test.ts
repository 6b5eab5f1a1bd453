import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { Dataset, DatasetServiceDefinition, isPssrError } from "@pssr/api";
import { CertificateAuthority } from "@pssr/local-servers";
import {
  bearerAuthenticator,
  connectService,
  createLogger,
  createProcessKeyring,
  grpcService,
  startGrpcServer,
  type TlsFiles,
  tokenSource,
} from "@pssr/platform";

const name = "projects/em/datasets/d";
const keyring = createProcessKeyring();
const token = tokenSource(keyring, { principal: "anna", projects: ["em"], role: "operator" });

async function makeAuthority(t: TestContext, name: string): Promise<CertificateAuthority> {
  const authority = await CertificateAuthority.make(name);
  t.after(() => authority[Symbol.asyncDispose]());
  return authority;
}

async function serve(t: TestContext, tls?: TlsFiles): Promise<string> {
  const none = async (): Promise<never> => {
    throw new Error("not in this test");
  };
  const server = await startGrpcServer({
    bind: "127.0.0.1:0",
    services: [
      grpcService(DatasetServiceDefinition, {
        getDataset: async () => Dataset.fromPartial({ name }),
        createDataset: none,
        listDatasets: none,
        deleteDataset: none,
      }),
    ],
    authenticator: bearerAuthenticator(keyring),
    log: createLogger({ service: "test", level: "silent" }),
    tls,
  });
  t.after(() => server.close({ graceMs: 0 }));
  return server.address;
}

function get(t: TestContext, address: string, tls?: TlsFiles): Promise<Dataset> {
  const connection = connectService(address, { peer: "test", token, tls });
  t.after(async () => connection.close());
  return connection.client(DatasetServiceDefinition).getDataset({ name });
}

const unavailable = (words: RegExp) => (error: unknown) =>
  isPssrError(error, "UNAVAILABLE") && words.test(error.message);

test("a call over TLS is answered to who trusts the certificate, and to nobody else", async (t) => {
  const [ours, others] = [await makeAuthority(t, "ours"), await makeAuthority(t, "others")];
  const address = await serve(t, await ours.issue("server"));
  assert.equal((await get(t, address, { caFile: ours.caFile })).name, name);
  await assert.rejects(
    get(t, address, { caFile: others.caFile }),
    unavailable(/not trusted here: check .*PSSR_TLS_CA_FILE/),
  );
});

test("words that are not encrypted, to a server that expects them so, and the other way round, are explained", async (t) => {
  const ours = await makeAuthority(t, "ours");
  const encrypted = await serve(t, await ours.issue("server"));
  await assert.rejects(get(t, encrypted), unavailable(/may expect an encrypted one \(then set .*PSSR_TLS_CA_FILE/));
  await assert.rejects(get(t, await serve(t), { caFile: ours.caFile }), unavailable(/takes no encrypted connections/));
});

test("where services know each other by certificates, a caller without one of theirs is refused", async (t) => {
  const [ours, others] = [await makeAuthority(t, "ours"), await makeAuthority(t, "others")];
  const { caFile } = ours;
  const address = await serve(t, { ...(await ours.issue("server")), clientCaFile: caFile });
  assert.equal((await get(t, address, { caFile, ...(await ours.issue("client")) })).name, name);
  await assert.rejects(
    get(t, address, { caFile }),
    unavailable(/shows a certificate that it trusts|not trust our certificate/),
  );
  const stranger = await others.issue("stranger");
  await assert.rejects(get(t, address, { caFile, ...stranger }), unavailable(/certificate/));
});

test("files that are missing, no certificates, or do not belong together are named before anything is opened", async (t) => {
  const ours = await makeAuthority(t, "ours");
  const [one, two] = [await ours.issue("one"), await ours.issue("two")];
  const noPem = `${ours.caFile}.txt`;
  await writeFile(noPem, "no certificate");
  const wrong: [TlsFiles, RegExp][] = [
    [{ certFile: one.certFile }, /tlsKeyFile: is not set/],
    [{ keyFile: one.keyFile }, /tlsCertFile: is not set/],
    [{ certFile: one.certFile, keyFile: two.keyFile }, /cannot be used together/],
    [{ certFile: `${one.certFile}.gone`, keyFile: one.keyFile }, /\.gone cannot be read/],
    [{ ...one, clientCaFile: noPem }, /tlsClientCaFile: .* is no PEM file/],
    [{ clientCaFile: ours.caFile }, /set tlsCertFile too/],
  ];
  for (const [files, words] of wrong)
    await assert.rejects(
      serve(t, files),
      (error) => isPssrError(error, "INVALID_CONFIGURATION") && words.test(error.message),
      String(words),
    );
});

test("every certificate of a bundle is looked at, and the one that cannot be read is named", async (t) => {
  const [ours, others] = [await makeAuthority(t, "ours"), await makeAuthority(t, "others")];
  const own = await ours.issue("server");
  const [first, second] = await Promise.all([others, ours].map(({ caFile }) => readFile(caFile, "utf8")));
  const bundle = `${ours.caFile}.bundle`;
  await writeFile(bundle, `# others\n${first}\n# ours\n${second}`);
  const address = await serve(t, { ...own, clientCaFile: bundle });
  assert.equal((await get(t, address, { ...own, caFile: bundle })).name, name);
  const junk = "-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";
  const wrong: [content: string, words: RegExp][] = [
    [first + junk + second, /: certificate 2 of 3 in the file .*\.bundle cannot be read/],
    [first + second!.slice(0, second!.length / 2), /: certificate 2 of 2 in the file .*\.bundle cannot be read/],
    [await readFile(own.keyFile!, "utf8"), /\.bundle holds no certificate/],
  ];
  for (const [content, words] of wrong) {
    await writeFile(bundle, content);
    const named = (field: string) => (error: Error) =>
      isPssrError(error, "INVALID_CONFIGURATION") && error.field === field && words.test(error.message);
    assert.throws(() => connectService(address, { peer: "test", token, tls: { caFile: bundle } }), named("tlsCaFile"));
    await assert.rejects(serve(t, { ...own, clientCaFile: bundle }), named("tlsClientCaFile"));
  }
});
