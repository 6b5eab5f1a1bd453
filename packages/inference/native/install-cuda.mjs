/**
 * Gives onnxruntime-node what it needs on NVIDIA's GPUs (drivers of CUDA 13): ONNX Runtime's provider for them and NVIDIA's
 * libraries, from their Python wheels. They come to lie beside the runtime, where it looks for them; LD_LIBRARY_PATH must name
 * that folder too, for what they load themselves.
 *
 *     node packages/inference/native/install-cuda.mjs [FOLDER]
 */
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fetchLibraries, installing, inTemporaryFolder, openCache, Refusal } from "../../../scripts/installing.mjs";

/** Of the runtime and of its provider: they are one program. */
const VERSION = "1.30.0";
/** Names on the index, platform tags, digests (of the files published there); `only`: which of its libraries. */
const WHEELS = [
  {
    project: "onnxruntime-gpu",
    version: VERSION,
    license: "MIT",
    platform: "manylinux_2_28_x86_64",
    megabytes: 247,
    sha256: "6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1",
    only: "libonnxruntime_providers_(cuda|shared)",
  },
  {
    project: "nvidia-cublas",
    version: "13.10.0.20",
    license: "LicenseRef-NVIDIA-Proprietary",
    platform: "manylinux_2_5_x86_64",
    megabytes: 444,
    sha256: "dcc6d63884c53d07e267ce7e6feac17b2538cebaafec5db865736c3e28e4dc84",
  },
  {
    project: "nvidia-cuda-nvrtc",
    version: "13.5.37",
    license: "LicenseRef-NVIDIA-Proprietary",
    platform: "manylinux_2_12_x86_64",
    megabytes: 58,
    sha256: "86b4d68058807988b7d9af5b44917a0601e9c337f35ccd657bfb3c759ff8d8bc",
  },
  {
    project: "nvidia-cuda-runtime",
    version: "13.5.37",
    license: "LicenseRef-NVIDIA-Proprietary",
    platform: "manylinux_2_17_x86_64",
    megabytes: 3,
    sha256: "df2b79a8852f10d1fef8c848489c49eebb5754051bf870202a862831412b179d",
  },
  {
    project: "nvidia-cudnn-cu13",
    version: "9.28.1.4",
    license: "LicenseRef-NVIDIA-Proprietary",
    platform: "manylinux_2_27_x86_64",
    megabytes: 517,
    sha256: "a54f205b1db1f2895d99f398754db1369816f0569dd459731f925635cf7b65ec",
  },
  {
    project: "nvidia-curand",
    version: "10.4.5.25",
    license: "LicenseRef-NVIDIA-Proprietary",
    platform: "manylinux_2_27_x86_64",
    megabytes: 77,
    sha256: "22bb226a857e5888fe6b54ae465fc4371296bcff13a35f79e19691bcf454f529",
  },
  {
    project: "nvidia-nvjitlink",
    version: "13.5.37",
    license: "LicenseRef-NVIDIA-Proprietary",
    platform: "manylinux_2_12_x86_64",
    megabytes: 47,
    sha256: "280d7cb9649704145f074b8dbde500de04ce02d0872e066e20a83c17bcaa93eb",
  },
];

const about = {
  label: "ONNX Runtime for CUDA",
  without: "Without it predictions run on the processor.",
  room: "6 GB",
};
await installing(about, async ({ cache, timed }) => {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Refusal(`it comes for Linux on x86-64; this is ${process.platform} on ${process.arch}.`);
  }
  const require = createRequire(import.meta.url);
  const { version } = require("onnxruntime-node/package.json");
  if (version !== VERSION) {
    throw new Refusal(
      `onnxruntime-node is ${version}, these are libraries of ${VERSION}: name those of ${version} here.`,
    );
  }
  const runtime = path.join(path.dirname(require.resolve("onnxruntime-node/package.json")), "bin/napi-v6/linux/x64");
  const target = path.resolve(process.argv[2] ?? runtime);
  openCache(cache);
  fs.mkdirSync(target, { recursive: true });
  const size = WHEELS.reduce((sum, { megabytes }) => sum + megabytes, 0);
  await timed(`fetching the libraries (${size} MB) into ${path.relative(process.cwd(), target)}`, () =>
    inTemporaryFolder(cache, (folder) => fetchLibraries(WHEELS, folder, target)),
  );
  // For the bill of materials of an image that holds them.
  fs.writeFileSync(path.join(target, "wheels.json"), JSON.stringify(WHEELS));
});
