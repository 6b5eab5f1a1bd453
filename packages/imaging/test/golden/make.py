"""Writes the golden values beside this file: resampling by Pillow, metrics by scikit-image, percentiles by numpy.

    python -m venv VENV && VENV/bin/pip install numpy pillow scikit-image
    VENV/bin/python make.py FOLDER_OF_EM_FIBSEM

Larger inputs come from a linear congruential generator (Numerical Recipes), so that they need not be stored:
state = (1664525 * state + 1013904223) mod 2^32; a uint8 value is state >> 24, a uint16 value state >> 16, a float32 value
state >> 8 divided by 2^24.
"""
import base64
import glob
import hashlib
import json
import pathlib
import sys

import numpy as np
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

HERE = pathlib.Path(__file__).parent
KERNELS = {
    "BILINEAR": Image.Resampling.BILINEAR,
    "BICUBIC": Image.Resampling.BICUBIC,
    "AREA": Image.Resampling.BOX,
    "POINT": Image.Resampling.NEAREST,
}
SMOOTH = ["BILINEAR", "BICUBIC"]


def lcg(seed, count):
    out = np.empty(count, np.uint32)
    for i in range(count):
        seed = (1664525 * seed + 1013904223) & 0xFFFFFFFF
        out[i] = seed
    return out


def packed(array, dtype):
    """Little-endian bytes in C order, base64."""
    return base64.b64encode(np.asarray(array).astype(np.dtype(dtype).newbyteorder("<")).tobytes()).decode()


def weights(size, out, kernel):
    """The resampling of one axis as a float64 matrix, from the definition of the filters."""
    scale = size / out
    stretch = max(scale, 1)

    def triangle(x):
        return np.maximum(0, 1 - np.abs(x))

    def cubic(x, a=-0.5):
        x = np.abs(x)
        inner = (a + 2) * x**3 - (a + 3) * x**2 + 1
        outer = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
        return np.where(x < 1, inner, np.where(x < 2, outer, 0))

    def box(x):
        return (x > -0.5) & (x <= 0.5)

    if kernel == "POINT":
        return np.eye(size)[np.floor((np.arange(out) + 0.5) * scale).astype(int)]
    centre = (np.arange(out)[:, None] + 0.5) * scale
    filters = {"BILINEAR": triangle, "BICUBIC": cubic, "AREA": box}
    w = filters[kernel]((np.arange(size)[None] + 0.5 - centre) / stretch)
    return w / w.sum(1, keepdims=True)


def exact(image, shape, kernel):
    return weights(image.shape[0], shape[0], kernel) @ image.astype(np.float64) @ weights(image.shape[1], shape[1], kernel).T


def pillow(image, shape, kernel):
    return np.asarray(Image.fromarray(image).resize(shape[::-1], KERNELS[kernel]))


def resampling(em):
    cases = []
    shapes = [(12, 13), (48, 30), (31, 52), (10, 17), (48, 52), (64, 80), (1, 1)]
    wholes = [(12, 13), (24, 26), (16, 26), (3, 52)]
    for shape, kernels in [(shape, SMOOTH) for shape in shapes] + [(shape, ["AREA", "POINT"]) for shape in wholes]:
        for kernel in kernels:
            u8 = em[:16, :20] if shape == (64, 80) else em[:48, :52]
            u16 = u8.astype(np.uint16) * 257
            u16[::2] = np.uint16(40000) - u16[::2] // 2
            f32 = u8.astype(np.float32) / 255
            real = exact(u16, shape, kernel)
            assert np.abs(real - pillow(u16.astype(np.float32), shape, kernel)).max() < 0.02
            cases.append(
                {
                    "shape": shape,
                    "kernel": kernel,
                    "input": list(u8.shape),
                    "uint8": packed(pillow(u8, shape, kernel), "u1"),
                    "uint16": packed(np.clip(real, 0, 65535), "f8"),
                    "float32": packed(pillow(f32, shape, kernel), "f4"),
                }
            )
    big = (lcg(1, 512 * 512) >> 24).astype(np.uint8).reshape(512, 512)
    digests = []
    for shape in [(128, 128), (171, 300), (700, 512), (1024, 1024)]:
        for kernel in SMOOTH:
            digests.append({"shape": shape, "kernel": kernel, "sha256": hashlib.sha256(pillow(big, shape, kernel).tobytes()).hexdigest()})
    return {"em": packed(em[:48, :52], "u1"), "cases": cases, "lcg": {"seed": 1, "shape": [512, 512], "digests": digests}}


def metrics(em):
    a = em[:64, :60]
    small = Image.fromarray(a).resize((15, 16), Image.Resampling.BILINEAR)
    b = np.asarray(small.resize((60, 64), Image.Resampling.BICUBIC))
    n8 = (lcg(2, 64 * 60) >> 24).astype(np.uint8).reshape(64, 60)
    n16 = (lcg(3, 64 * 60) >> 16).astype(np.uint16).reshape(64, 60)
    a16 = (a.astype(np.uint16) * 16 + 100).astype(np.uint16)
    b16 = (a16 + n16 // 64).astype(np.uint16)
    af, bf = a.astype(np.float32) / 255, (n8 / 255 * 0.2 + a / 255 * 0.7).astype(np.float32)
    cases = []
    for name, x, y, span in [("uint8", a, b, 255), ("noise", a, n8, 255), ("uint16", a16, b16, 4095), ("float32", af, bf, 1.0)]:
        gain, offset = np.polyfit(y.astype(np.float64).ravel(), x.astype(np.float64).ravel(), 1)
        cases.append(
            {
                "name": name,
                "dtype": str(x.dtype),
                "dataRange": span,
                "reference": packed(x, x.dtype),
                "image": packed(y, y.dtype),
                "psnr": float(peak_signal_noise_ratio(x, y, data_range=span)),
                "ssim": float(structural_similarity(x, y, data_range=span)),
                "gain": float(gain),
                "offset": float(offset),
            }
        )
    return {"shape": [64, 60], "cases": cases}


def percentiles():
    u16 = (lcg(4, 200 * 150) >> 16) % 4096
    f32 = (lcg(5, 200 * 150) >> 8) / 2**24
    return {
        "uint16": {"seed": 4, "modulus": 4096, "values": np.percentile(u16, [0.1, 99.9]).tolist()},
        "float32": {"seed": 5, "values": np.percentile(f32, [0.1, 99.9]).tolist()},
    }


def write(name, value):
    (HERE / name).write_text(json.dumps(value, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    em = np.asarray(Image.open(sorted(glob.glob(sys.argv[1] + "/test/*.png"))[0]))[100:, 100:]
    write("resampling.json", resampling(em))
    write("metrics.json", metrics(em))
    write("percentiles.json", percentiles())
