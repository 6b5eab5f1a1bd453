/**
 * Certificates for tests, made by openssl in a folder of their own.
 *
 *     await using authority = await CertificateAuthority.make("ours");
 *     const { certFile, keyFile } = await authority.issue("server");
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];

export class CertificateAuthority implements AsyncDisposable {
  readonly #folder: string;
  readonly caFile: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.caFile = join(folder, "ca.pem");
  }

  static async make(name: string): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(await mkdtemp(join(tmpdir(), "pssr-certificates-")));
    const files = ["-keyout", authority.#file("ca.key"), "-out", authority.caFile];
    await run("openssl", ["req", "-x509", ...newKey, ...files, "-subj", `/CN=${name}`]);
    return authority;
  }

  /** A certificate for 127.0.0.1 and localhost, good for servers and clients. */
  async issue(name: string): Promise<{ certFile: string; keyFile: string }> {
    const [certFile, keyFile] = [this.#file(`${name}.pem`), this.#file(`${name}.key`)];
    const [request, extensions] = [this.#file(`${name}.csr`), this.#file(`${name}.ext`)];
    await writeFile(extensions, "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
    await run("openssl", ["req", ...newKey, "-keyout", keyFile, "-out", request, "-subj", `/CN=${name}`]);
    const signing = ["-CA", this.caFile, "-CAkey", this.#file("ca.key"), "-CAcreateserial", "-days", "2"];
    await run("openssl", ["x509", "-req", "-in", request, "-extfile", extensions, "-out", certFile, ...signing]);
    return { certFile, keyFile };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  #file(name: string): string {
    return join(this.#folder, name);
  }
}
