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

/** For NVIDIA's GPUs with drivers of CUDA 12. TensorFlow counts no GPU where one of these libraries cannot be loaded. */
const cuda = {
  x64: [
    {
      project: "tensorflow",
      version: VERSION,
      license: "Apache-2.0",
      platform: "manylinux_2_27_x86_64",
      megabytes: 573,
      sha256: "b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0",
    },
    {
      project: "nvidia-cublas-cu12",
      version: "12.9.3.13",
      license: "LicenseRef-NVIDIA-Proprietary",
      platform: "manylinux_2_27_x86_64",
      megabytes: 581,
      sha256: "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72",
    },
    {
      project: "nvidia-cuda-nvrtc-cu12",
      version: "12.9.86",
      license: "LicenseRef-NVIDIA-Proprietary",
      platform: "manylinux_2_12_x86_64",
      megabytes: 90,
      sha256: "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4",
    },
    {
      project: "nvidia-cuda-runtime-cu12",
      version: "12.9.79",
      license: "LicenseRef-NVIDIA-Proprietary",
      platform: "manylinux_2_17_x86_64",
      megabytes: 3,
      sha256: "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3",
    },
    {
      project: "nvidia-cudnn-cu12",
      version: "9.28.0.42",
      license: "LicenseRef-NVIDIA-Proprietary",
      platform: "manylinux_2_27_x86_64",
      megabytes: 717,
      sha256: "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375",
    },
    {
      project: "nvidia-cufft-cu12",
      version: "11.4.1.4",
      license: "LicenseRef-NVIDIA-Proprietary",
      platform: "manylinux_2_17_x86_64",
      megabytes: 201,
      sha256: "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28",
    },
    {
      project: "nvidia-curand-cu12",
      version: "10.3.10.19",
      license: "LicenseRef-NVIDIA-Proprietary",
      platform: "manylinux_2_27_x86_64",
      megabytes: 68,
      sha256: "49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e",
    },
    {
      project: "nvidia-cusolver-cu12",
      version: "11.7.5.82",
      license: "LicenseRef-NVIDIA-Proprietary",
      platform: "manylinux_2_27_x86_64",
      megabytes: 338,
      sha256: "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88",
    },
    {
      project: "nvidia-cusparse-cu12",
      version: "12.5.10.65",
      license: "LicenseRef-NVIDIA-Proprietary",
      platform: "manylinux_2_17_x86_64",
      megabytes: 366,
      sha256: "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78",
    },
    {
      project: "nvidia-nvjitlink-cu12",
      version: "12.9.86",
      license: "LicenseRef-NVIDIA-Proprietary",
      platform: "manylinux_2_12_x86_64",
      megabytes: 40,
      sha256: "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9",
    },
  ],
};

const variants = { cpu, cuda };

/** Undefined where there are none for this variant on this machine. */
export function wheelsOf(variant) {
  return process.platform === "linux" ? variants[variant]?.[process.arch] : undefined;
}
