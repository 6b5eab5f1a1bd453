"""Writes pssr2.json: what PSSR2's own crappifiers do to flat grey images and, where nothing is drawn, to a small picture, and
Pillow's sampling of it.

Needs no torch: the module of the crappifiers is loaded from the wheel alone.

    python -m venv /tmp/golden && /tmp/golden/bin/pip install numpy pillow scikit-image
    /tmp/golden/bin/pip download pssr==2.4.0 --no-deps -d /tmp/golden && unzip -o /tmp/golden/pssr-2.4.0*.whl -d /tmp/golden/pssr2
    /tmp/golden/bin/python make.py /tmp/golden/pssr2/pssr/crappifiers.py
"""

import importlib.util
import json
import pathlib
import sys

import numpy as np
from PIL import Image

SAMPLES = 400_000
GREYS = [0, 1, 3, 20, 90, 160, 240, 255]


def load(path):
    spec = importlib.util.spec_from_file_location("pssr_crappifiers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def statistics(crappifier, grey):
    """Mean, variance and histogram of the pixels as PSSR2 makes them from a sampled image: crappify, round, clip to 0..255."""
    image = np.full((1, SAMPLES // 1000, 1000), grey, np.float32)
    pixels = np.clip(np.asarray(crappifier.crappify(image)).round(), 0, 255).astype(np.float64)
    first = int(pixels.min())
    histogram = np.bincount(pixels.astype(int).ravel() - first).tolist()
    return {
        "grey": grey,
        "mean": float(pixels.mean()),
        "variance": float(pixels.var()),
        "histogram": {"first": first, "counts": histogram},
    }


def picture(side):
    """A picture that both sides can make from whole numbers alone."""
    row, column = np.mgrid[0:side, 0:side]
    return ((row * row * 3 + column * 7 + (row * column) % 31 * 5) % 256).astype(np.uint8)


def main(path):
    pssr = load(path)
    np.random.seed(1234)

    def poisson(mix):
        return {"kind": "poisson", "mix": mix}, pssr.Poisson(mix)

    def gaussian(mean, sigma):
        return {"kind": "gaussian", "mean": mean, "sigma": sigma}, pssr.AdditiveGaussian(sigma, mean)

    def salt_and_pepper(amount):
        return {"kind": "salt_and_pepper", "amount": amount}, pssr.SaltPepper(100 * amount)

    chains = [
        [poisson(1)],
        [poisson(0.5)],
        [poisson(2.5)],
        [gaussian(0, 13)],
        [gaussian(-6, 4)],
        [poisson(1), gaussian(3, 8)],
        [gaussian(0, 20), poisson(1)],
        [salt_and_pepper(0.005)],
        [salt_and_pepper(0.3)],
        [poisson(1), gaussian(0, 4), salt_and_pepper(0.01)],
    ]
    golden = {"samples": SAMPLES, "chains": []}
    for chain in chains:
        crappifier = pssr.MultiCrappifier(*[step for _, step in chain])
        golden["chains"].append(
            {"steps": [spec for spec, _ in chain], "greys": [statistics(crappifier, grey) for grey in GREYS]}
        )
    blurred = pssr.Blur(1.5).crappify(picture(64)[np.newaxis].astype(np.float32))[0]
    golden["blurred"] = {"side": 64, "sigma": 1.5, "pixels": [round(float(x), 4) for x in blurred.ravel()]}
    sampled = Image.fromarray(picture(64)).resize((16, 16), Image.Resampling.BILINEAR)
    golden["sampled"] = {"side": 64, "scale": 4, "pixels": np.asarray(sampled).ravel().tolist()}
    out = pathlib.Path(__file__).with_name("pssr2.json")
    out.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


main(sys.argv[1])
