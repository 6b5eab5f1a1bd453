/**
 * Which Python wheels TensorFlow's library is taken from, for each variant and processor: their names on the index, their
 * platform tags, their digests (of the files published there). TensorFlow is the first, what it loads on a GPU follows.
 */
export const VERSION = "2.21.0";

const cpu = {
  x64: [
    {
      project: "tensorflow-cpu",
      version: VERSION,
      license: "Apache-2.0",
      platform: "manylinux_2_27_x86_64",
      megabytes: 274,
      sha256: "dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb",
    },
  ],
  arm64: [
    {
      project: "tensorflow",
      version: VERSION,
      license: "Apache-2.0",
      platform: "manylinux_2_27_aarch64",
      megabytes: 282,
      sha256: "b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552",
    },
  ],
};

const variants = { cpu };

/** Undefined where there are none for this variant on this machine. */
export function wheelsOf(variant) {
  return process.platform === "linux" ? variants[variant]?.[process.arch] : undefined;
}
