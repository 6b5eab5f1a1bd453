"""A whole fit as PSSR2's approximate_crappifier makes it: gp_minimize over an objective of histograms (pssr 2.4, pssr/train.py),
written anew from its formula without torch, for a crappifier of blur, Poisson and Gaussian noise. Answers {"pairs": [[high, low], …]
(PNG files), "ranges": [[from, to], …], "calls", "seed"} with {"seconds", "values", "calls_seconds"}."""

import json
import random
import sys
import time
import warnings

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter
from skopt import gp_minimize

warnings.filterwarnings("ignore")
bins = np.arange(-256, 256)


def degraded(high, size, sigma, mix, deviation):
    blurred = gaussian_filter(high.astype(np.float32), sigma, mode="nearest") if sigma > 0 else high
    small = np.asarray(Image.fromarray(np.clip(blurred, 0, 255).astype(np.uint8)).resize(size, Image.Resampling.BILINEAR))
    noisy = np.random.poisson(small) * mix + small * (1 - mix)
    noisy = np.clip(noisy, 0, 255) + np.random.normal(0, deviation, small.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


for line in sys.stdin:
    question = json.loads(line)
    tiles = []
    for high, low in question["pairs"]:
        low = np.asarray(Image.open(low))
        side = low.shape[-1]
        high = np.asarray(Image.open(high))[: side * 4, : side * 4]
        small = np.asarray(Image.fromarray(high).resize((side, side), Image.Resampling.BILINEAR)).astype(np.float32)
        profile = low.astype(np.float32) - small
        tiles.append((high, small, np.histogram(profile.flatten(), bins)[0], profile.mean(), side))
    own = 0.0

    def objective(numbers):
        global own
        began = time.perf_counter()
        losses = []
        for high, small, target, mean, side in tiles:
            profile = degraded(high, (side, side), *numbers).astype(np.float32) - small
            histogram = np.histogram(profile.flatten(), bins)[0]
            losses.append(float(np.mean((target - histogram) ** 2) / side**2 + abs(mean - profile.mean())))
        own += time.perf_counter() - began
        return sum(losses) / len(losses)

    np.random.seed(question["seed"])
    random.seed(question["seed"])
    began = time.perf_counter()
    found = gp_minimize(
        objective, [tuple(map(float, ends)) for ends in question["ranges"]], n_calls=question["calls"], random_state=question["seed"]
    )
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "values": [float(x) for x in found.x], "objective_seconds": own}), flush=True)
