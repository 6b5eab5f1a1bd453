/**
 * Builds the container images with `docker build` and says how large they are.
 *
 *     make images                      # all that this processor can have; IMAGES="train predict" builds some
 *
 * | variable | default | |
 * |---|---|---|
 * | PSSR_IMAGE_PREFIX | pssr/ | before each name: pssr/train |
 * | PSSR_IMAGE_TAG | the version in package.json | |
 * | PSSR_BASE_IMAGE | that of deploy/images/Dockerfile | what the images stand on; `debootstrap`: both are made here, without a registry |
 * | PSSR_BUILD_IMAGE | that of deploy/images/Dockerfile | what they are built with |
 * | PSSR_IMAGE_SOURCE | none | where the sources are, for the label |
 * | SOURCE_DATE_EPOCH | the commit's date | how old the files in the images are |
 *
 * It writes out/images/images.json, the bill of materials of each image, and the builder's words.
 */
import { spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

const cpuImages = ["crappify", "gateway", "optimize", "predict", "train"];
const gpuImages = ["predict-cuda", "train-cuda"];
/** All but those with a native runtime. */
const largestBytes = 250e6;
const isLimited = (name) => !/^(predict|train)(-|$)/.test(name);

const root = path.join(import.meta.dirname, "..");
const out = path.join(root, "out", "images");
const { env } = process;

/** A failure a person can act on: printed as one sentence, without a stack. */
class Refusal extends Error {}

try {
  await build(chosenImages());
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(`images: ${error.message}`);
  process.exitCode = 1;
}

function chosenImages() {
  const known = [...cpuImages, ...gpuImages];
  const possible = process.arch === "x64" ? known : cpuImages;
  const names = (env.IMAGES ?? possible.join(" ")).split(/[\s,]+/).filter((name) => name !== "");
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Refusal(`there is no image ${unknown}; there are ${known.join(", ")}.`);
  return known.filter((name) => names.includes(name));
}

async function build(names) {
  await requireDocker();
  fs.mkdirSync(out, { recursive: true });
  const { version } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
  const tag = env.PSSR_IMAGE_TAG || version;
  const options = await buildOptions(version);
  const built = [];
  for (const name of names) {
    const image = `${env.PSSR_IMAGE_PREFIX ?? "pssr/"}${name}:${tag}`;
    const start = performance.now();
    process.stdout.write(`images: ${image} … `);
    await dockerBuild(name, [...options, "--target", name, "--tag", image]);
    process.stdout.write(`${Math.round((performance.now() - start) / 1000)} s\n`);
    built.push(await describe(name, image));
    await takeBill(name, image);
  }
  fs.writeFileSync(path.join(out, "images.json"), `${JSON.stringify(built, null, 2)}\n`);
  printTable(built);
  const large = built.find(({ name, bytes }) => isLimited(name) && bytes > largestBytes);
  if (large) {
    throw new Refusal(
      `${large.image} has ${megabytes(large.bytes)} MB, more than ${megabytes(largestBytes)}: see what was added, or choose a smaller base.`,
    );
  }
}

async function requireDocker() {
  const { code, output } = await run("docker", ["version", "--format", "{{.Server.Version}}"]).catch((error) => {
    if (error.code === "ENOENT")
      throw new Refusal("docker is missing: install it (Debian: apt-get install docker.io).");
    throw error;
  });
  if (code !== 0) {
    throw new Refusal(
      `no docker daemon answers (${output.trim().split("\n").at(-1)}): start one, or name another in DOCKER_HOST.`,
    );
  }
}

async function buildOptions(version) {
  const [base, builder] = await standingOn();
  const commit = await commitOf();
  const created = Number(env.SOURCE_DATE_EPOCH || commit.seconds);
  if (!Number.isSafeInteger(created))
    throw new Refusal(`SOURCE_DATE_EPOCH is no number of seconds: ${env.SOURCE_DATE_EPOCH}`);
  const buildArgs = {
    BASE_IMAGE: base,
    BUILD_IMAGE: builder,
    VERSION: version,
    REVISION: commit.revision,
    SOURCE: env.PSSR_IMAGE_SOURCE,
    CREATED: new Date(created * 1000).toISOString(),
    SOURCE_DATE_EPOCH: String(created),
  };
  // Where this network has registries of its own. Named alone: they may hold a password, and others see our arguments.
  const registries = ["NPM_CONFIG_REGISTRY", "PIP_INDEX_URL"].filter((name) => env[name]);
  const given = Object.entries(buildArgs).filter(([, value]) => value);
  // A daemon without a bridge has no other network; RUN needs one for the registries.
  const hasBridge = (await run("docker", ["network", "inspect", "bridge"])).code === 0;
  return [
    ...["--file", path.join(root, "deploy", "images", "Dockerfile")],
    ...given.flatMap(([name, value]) => ["--build-arg", `${name}=${value}`]),
    ...registries.flatMap((name) => ["--build-arg", name]),
    ...(hasBridge ? [] : ["--network", "host"]),
  ];
}

/** Base and build image; undefined: the Dockerfile's own. */
async function standingOn() {
  if (env.PSSR_BASE_IMAGE !== "debootstrap") return [env.PSSR_BASE_IMAGE, env.PSSR_BUILD_IMAGE];
  const { code, stdout } = await run("bash", [path.join(root, "scripts", "images", "base.sh")], { stderr: "inherit" });
  if (code !== 0) throw new Refusal("the base images could not be made (the reason is above).");
  const [base, builder] = stdout.trim().split(" ");
  return [base, env.PSSR_BUILD_IMAGE || builder];
}

/** Of the checkout; a folder without one is as old as time. */
async function commitOf() {
  const { code, stdout } = await run("git", ["-C", root, "log", "-1", "--format=%H %ct"]);
  if (code !== 0) return { revision: "unknown", seconds: 0 };
  const [hash, seconds] = stdout.trim().split(" ");
  const changes = await run("git", ["-C", root, "status", "--porcelain", "--untracked-files=no"]);
  return { revision: changes.stdout.trim() === "" ? hash : `${hash}-modified`, seconds: Number(seconds) };
}

async function dockerBuild(name, options) {
  // Without its plugin, Docker's newer builder cannot be had, and the older one is asked for by name.
  const hasPlugin = (await run("docker", ["buildx", "version"])).code === 0;
  const { code, output } = await run("docker", ["build", ...options, root], {
    env: hasPlugin ? {} : { DOCKER_BUILDKIT: "0" },
  });
  const log = path.join(out, `${name}.log`);
  fs.writeFileSync(log, output);
  if (code !== 0) {
    process.stdout.write("failed\n");
    throw new Refusal(
      `docker cannot build ${name}; its last words, all of them in ${path.relative(process.cwd(), log)}:\n${output.trim().split("\n").slice(-15).join("\n")}`,
    );
  }
}

async function describe(name, image) {
  const { stdout } = await run("docker", ["image", "inspect", image]);
  const [{ Id: id, Size: bytes, RootFS, Config }] = JSON.parse(stdout);
  return { name, image, id, bytes, layers: RootFS.Layers, user: Config.User, labels: Config.Labels };
}

/** Copies the bill of materials out of the image. */
async function takeBill(name, image) {
  const file = `pssr-${name}.cdx.json`;
  const created = await run("docker", ["create", image]);
  if (created.code !== 0) throw new Refusal(`docker cannot create a container of ${image}: ${created.output.trim()}`);
  const container = created.stdout.trim();
  const copied = await run("docker", ["cp", `${container}:/usr/share/sbom/${file}`, path.join(out, file)]);
  await run("docker", ["rm", container]);
  if (copied.code !== 0) throw new Refusal(`${image} has no bill of materials: ${copied.output.trim()}`);
}

function printTable(built) {
  const width = Math.max(...built.map(({ image }) => image.length));
  console.log(`\n${"image".padEnd(width)}      MB   at most`);
  for (const { name, image, bytes } of built) {
    const limit = isLimited(name) ? megabytes(largestBytes) : "-";
    console.log(`${image.padEnd(width)}  ${megabytes(bytes).padStart(6)}  ${limit.padStart(8)}`);
  }
}

function megabytes(bytes) {
  return (bytes / 1e6).toFixed(0);
}

/** Runs a program to its end; `output` is all that it said. */
function run(program, parameters, { env: more = {}, stderr = "pipe" } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { env: { ...env, ...more }, stdio: ["ignore", "pipe", stderr] });
    let stdout = "";
    let output = "";
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      output += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, output }));
  });
}
