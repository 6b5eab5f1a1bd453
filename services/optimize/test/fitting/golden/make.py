"""PSSR2's objective (pssr 2.4, _Crappifier_Objective.sample) on three small tiles, to golden/profile-objective.json.

    pip install numpy pillow && python make.py

The tiles come from a linear congruential generator, so that the test makes the same ones without keeping them. What follows is
written from the formula, with the same calls of numpy and Pillow, for the class itself needs a dataset and torch.
"""
import json
import pathlib

import numpy as np
from PIL import Image

state = 1


def values(count, low, high):
    global state
    found = []
    for _ in range(count):
        state = (state * 48271) % 2147483647
        found.append(low + state % (high - low))
    return found


losses = []
for _ in range(3):
    hr = np.array(values(32 * 32, 40, 200), dtype=np.uint8).reshape(32, 32)
    ds = np.asarray(Image.fromarray(hr).resize((16, 16), Image.Resampling.BILINEAR)).astype(np.int32)
    lr = np.clip(ds + np.array(values(256, -9, 14)).reshape(16, 16), 0, 255)
    lr_hat = np.clip(ds + np.array(values(256, -15, 16)).reshape(16, 16), 0, 255)
    bins = np.arange(-256, 256)
    pred, target = (lr_hat - ds).astype(np.float32), (lr - ds).astype(np.float32)
    pred_dist, target_dist = np.histogram(pred.flatten(), bins)[0], np.histogram(target.flatten(), bins)[0]
    dist_error = np.mean((target_dist - pred_dist) ** 2) / lr.shape[-1] ** 2
    losses.append(float(dist_error + abs(target.mean() - pred.mean())))

path = pathlib.Path(__file__).with_name("profile-objective.json")
path.write_text(json.dumps({"losses": losses, "objective": sum(losses) / 3}) + "\n")
