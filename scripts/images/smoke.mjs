/**
 * Runs the images as a cluster would, hardened, against a real NATS and a real S3 server, and has them do the whole main job,
 * shortly: images in, a few steps of training, restored images, measures, and a detector's noise found again. Needs
 * `make build servers images`.
 *
 *     node scripts/images/smoke.mjs            # PSSR_IMAGE_PREFIX and PSSR_IMAGE_TAG as for `make images`
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { Fit, Image } from "../../packages/api/dist/index.js";
import { connect, finish } from "../../packages/client/dist/index.js";
import { freePort, ServerProcess, startNatsServer, startS3Server } from "../../packages/local-servers/dist/index.js";

const root = path.join(import.meta.dirname, "..", "..");
const out = path.join(root, "out", "images", "smoke");
const { version } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
const { PSSR_IMAGE_PREFIX: prefix = "pssr/", PSSR_IMAGE_TAG: tag = version } = process.env;
/** In the order in which they start: each calls only those before it. */
const services = ["crappify", "train", "predict", "optimize", "gateway"];
/** What Kubernetes' profile "restricted" asks for, and a root that nobody can write. */
const hardened = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--tmpfs=/tmp:mode=1777"];

/** Gives what it says. This process is not held up meanwhile: a gateway that ends waits until we have closed our connection. */
async function run(command, ...parameters) {
  const child = spawn(command, parameters, { stdio: ["ignore", "pipe", "inherit"] });
  const [said, [status]] = await Promise.all([text(child.stdout), once(child, "close")]);
  if (status !== 0) throw new Error(`${command} ${parameters.slice(0, 2).join(" ")} … ended with ${status}`);
  return said.trim();
}

fs.rmSync(out, { recursive: true, force: true });
fs.mkdirSync(out, { recursive: true });
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "pssr-smoke-"));
const ends = [];
try {
  const nats = await startNatsServer({ directory: path.join(scratch, "nats") });
  ends.push(() => nats.stop());
  const s3 = await startS3Server({ directory: path.join(scratch, "s3") });
  ends.push(() => s3.stop());
  const env = {
    PSSR_NATS_URL: nats.url,
    PSSR_S3_ENDPOINT: s3.endpoint,
    PSSR_S3_ACCESS_KEY: s3.accessKey,
    PSSR_S3_SECRET_KEY: s3.secretKey,
    PSSR_IDENTITY_KEY: randomBytes(32).toString("hex"),
  };
  for (const service of services) {
    const address = `127.0.0.1:${await freePort()}`;
    ends.push(await start(service, { ...env, [`PSSR_${service.toUpperCase()}_BIND`]: address }));
    env[`PSSR_${service.toUpperCase()}_ADDRESS`] = address;
    console.log(`smoke: ${service} runs, as ${await identity(service)}, on a read-only root`);
  }
  const cli = path.join(root, "apps", "cli", "bin", "pssr.js");
  const job = ["demo", "--existing", "--steps", "3", "--out", path.join(out, "demo")];
  const demo = spawn(process.execPath, [cli, "--address", env.PSSR_GATEWAY_ADDRESS, ...job], { stdio: "inherit" });
  const [status] = await once(demo, "close");
  if (status !== 0) throw new Error(`the main job ended with ${status}; ${out} holds what the services said`);
  await fitNoise(env.PSSR_GATEWAY_ADDRESS);
} finally {
  for (const end of ends.reverse()) await end();
  fs.rmSync(scratch, { recursive: true, force: true });
}
console.log("smoke: the main job runs in the images, and each ends in an orderly way when it is told to");

/** Degrades one of the main job's images with the default noise, and has that found again. */
async function fitNoise(address) {
  const client = connect(address);
  try {
    const parent = "projects/default";
    const { images } = await client.images.listImages({ parent, pageSize: 1000 });
    const high = images.map(({ name }) => name).find((name) => name.includes("/truth-"));
    const scan = await client.crappify.crappifyImage({ image: high, imageId: "scan" });
    const { name: low } = await finish(client, scan, Image);
    const budget = { $case: "maxEvaluations", value: 16 };
    const request = { parent, fitId: "smoke", fit: Fit.fromPartial({ pairs: [{ low, high }], tileSize: 128, budget }) };
    const { name } = await finish(client, await client.fits.fitCrappifier(request), Fit);
    const { contentType, data } = await client.fits.renderFit({ name });
    console.log(`smoke: a fit ended well, with a picture of ${data.length} bytes (${contentType})`);
  } finally {
    client.close();
  }
}

function container(service) {
  return `pssr-smoke-${process.pid}-${service}`;
}

/** Starts a service's image; gives what ends it, which fails where the service does not end in an orderly way. */
async function start(service, env) {
  const name = container(service);
  const given = Object.keys(env).flatMap((key) => ["--env", key]); // by name: every process can read the values of arguments
  const image = `${prefix}${service}:${tag}`;
  const server = new ServerProcess({
    command: "docker",
    args: ["run", "--name", name, "--network=host", ...hardened, ...given, image],
    env,
    logFile: path.join(out, `${service}.log`),
    ready: new RegExp(`\\b${service} listens on (\\S+);`),
  });
  const remove = () => run("docker", "rm", "--force", name);
  try {
    await server.start();
  } catch (error) {
    await remove();
    throw error;
  }
  return async () => {
    try {
      await run("docker", "stop", "--time", "20", name);
      await server.ended();
      const code = await run("docker", "inspect", "--format", "{{.State.ExitCode}}", name);
      if (code !== "0") throw new Error(`${service} ended with ${code} when it was told to stop; its log is in ${out}`);
    } finally {
      await remove();
    }
  };
}

/** User and group of the service's process, as the kernel has them. */
async function identity(service) {
  const pid = await run("docker", "inspect", "--format", "{{.State.Pid}}", container(service));
  const status = fs.readFileSync(`/proc/${pid}/status`, "utf8");
  const read = (key) => new RegExp(`^${key}:\\s+(\\S+)`, "m").exec(status)?.[1];
  const [uid, gid, capabilities] = [read("Uid"), read("Gid"), read("CapEff")];
  if (uid === "0" || gid === "0" || !/^0+$/.test(capabilities)) {
    throw new Error(
      `${service} runs as ${uid}:${gid} with capabilities ${capabilities}; expected neither root nor any`,
    );
  }
  return `${uid}:${gid}`;
}
