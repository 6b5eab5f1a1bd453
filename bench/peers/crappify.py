"""PSSR2's crappifiers, timed: answers {"case": …, "rounds": n} with the seconds of each round."""

import importlib.util
import json
import pathlib
import sys
import sysconfig
import time

import numpy as np
from PIL import Image


def crappifiers():
    """The module alone: the package itself would load torch, which no crappifier needs."""
    path = pathlib.Path(sysconfig.get_path("purelib")) / "pssr" / "crappifiers.py"
    spec = importlib.util.spec_from_file_location("pssr_crappifiers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pssr = crappifiers()
row, column = np.mgrid[0:512, 0:512]
image = ((row * row * 3 + column * 7 + (row * column) % 31 * 5) % 256).astype(np.uint8)


def degrade(crappifier, low):
    """As PSSR2's _gen_pair does it: float32 in, rounded and clipped out."""
    return np.clip(crappifier.crappify(low.astype(np.float32)).round(), 0, 255).astype(np.uint8)


def pair(crappifier):
    low = Image.fromarray(image).resize((128, 128), Image.Resampling.BILINEAR)
    return degrade(crappifier, np.stack([np.asarray(low)]))


whole = image[np.newaxis]
chain = pssr.MultiCrappifier(pssr.Poisson(1), pssr.AdditiveGaussian(4), pssr.SaltPepper(0.5))
cases = {
    "pair": lambda: pair(pssr.Poisson(1)),
    "poisson": lambda: degrade(pssr.Poisson(1), whole),
    "gaussian": lambda: degrade(pssr.AdditiveGaussian(13), whole),
    "salt-and-pepper": lambda: degrade(pssr.SaltPepper(0.5), whole),
    "blur": lambda: degrade(pssr.Blur(2), whole),
    "chain": lambda: degrade(chain, whole),
}

for line in sys.stdin:
    question = json.loads(line)
    work = cases[question["case"]]
    seconds = []
    for _ in range(question["rounds"]):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    print(json.dumps(seconds), flush=True)
