"""Holds what the two example servers make of pixels, through previews and a stream of pairs, against what they say they do.

    python custom_crappifiers.py GATEWAY IMAGE.png HUM-SERVER AFTERGLOW-SERVER
"""

import math
import pathlib
import sys
import uuid

import grpc
import numpy as np
from main_job import Pssr

SCALE = 4
AMPLITUDE, ROWS, DECAY = 10, 7.3, 1.5


class Checks:
    def __init__(self, gateway, image):
        self.pssr = Pssr(gateway)
        parent = "projects/custom"
        levels = self.pssr.message("pssr.v1.IntensityLevels", black=0, white=255)
        self.image = self.pssr.import_image(parent, image, levels=levels, pixel_size_nm=10).name
        dataset = self.pssr.message("pssr.v1.Dataset", images=[self.image])
        request = self.pssr.message("pssr.v1.CreateDatasetRequest", parent=parent, dataset_id=f"set-{uuid.uuid4().hex[:8]}", dataset=dataset)
        self.dataset = self.pssr.call("pssr.v1.DatasetService", "CreateDataset", request).name

    def crappifier(self, *steps):
        """Sampling, then the external steps, each an address and its parameters."""
        detector = [
            dict(external=dict(address=address, parameters={name: self.pssr.message("pssr.v1.Parameter", value=value) for name, value in given.items()}))
            for address, given in steps
        ]
        return self.pssr.message("pssr.v1.Crappifier", sampling=dict(scale=SCALE), detector=detector)

    def preview(self, *steps, seed=0):
        request = self.pssr.message("pssr.v1.PreviewRequest", image=self.image, crappifier=self.crappifier(*steps), seed=seed)
        block = self.pssr.call("pssr.v1.CrappifyService", "Preview", request).low
        return np.frombuffer(block.data, np.uint8).reshape(list(block.shape)).astype(float)

    def pairs(self, *steps):
        """The low-resolution tiles of two steps of four pairs."""
        fields = dict(dataset=self.dataset, crappifier=self.crappifier(*steps), batch_size=4, steps=2, seed=5)
        request = self.pssr.message("pssr.v1.StreamPairsRequest", **fields)
        tiles, data = [], b""
        for response in self.pssr.call("pssr.v1.CrappifyService", "StreamPairs", request):
            for part in response.parts:
                data += part.low.data
                if part.last:
                    side = math.isqrt(len(data))
                    tiles.append(np.frombuffer(data, np.uint8).reshape(side, side).astype(float))
                    data = b""
        return np.stack(tiles)

    def train(self, *steps):
        """A training of one step; its error is what it ends with."""
        training = self.pssr.message("pssr.v1.Training", dataset=self.dataset, crappifier=self.crappifier(*steps), learning=dict(max_steps=1))
        request = self.pssr.message("pssr.v1.CreateTrainingRequest", parent="projects/custom", training=training)
        return self.pssr.finish(self.pssr.call("pssr.v1.TrainingService", "CreateTraining", request), "pssr.v1.Training")


def smeared(planes):
    """The afterglow as its server describes it."""
    kept = math.exp(-1 / DECAY)
    light, columns = planes[..., 0], []
    for x in range(planes.shape[-1]):
        light = kept * light + (1 - kept) * planes[..., x]
        columns.append(light)
    return np.round(np.stack(columns, axis=-1))


def check_same(what, pixels, expected):
    """Equal but for the odd pixel that lies between two grey values."""
    difference = np.abs(pixels - expected)
    check(what, difference.max() <= 1 and np.mean(difference > 0) < 1e-3, f"{np.mean(difference > 0):.2%} differ, by {difference.max():g} at most")


def check(what, holds, found):
    print(f"  {what}: {found}")
    if not holds:
        raise SystemExit(f"{what}: this is not what the server says it does")


def check_hum(clean, degraded):
    height, width = clean.shape
    phase = 2 * math.pi / ROWS * (np.arange(height)[:, None] + np.arange(width)[None, :] / width)
    inside = (clean > 2 * AMPLITUDE) & (clean < 255 - 2 * AMPLITUDE)  # the others may have been held at black or white
    waves = np.stack([np.sin(phase)[inside], np.cos(phase)[inside]], axis=1)
    difference = (degraded - clean)[inside]
    found, *_ = np.linalg.lstsq(waves, difference, rcond=None)
    rest = np.std(difference - waves @ found)
    amplitude = np.hypot(*found)
    check("hum in a preview", abs(amplitude - AMPLITUDE) < 0.05 and rest < 0.4, f"a wave of {amplitude:.2f} grey values, {rest:.2f} beside it")


def main():
    gateway, image, hum_server, afterglow_server = sys.argv[1:]
    checks = Checks(gateway, pathlib.Path(image))
    hum = (hum_server, dict(amplitude=AMPLITUDE, rows=ROWS))
    afterglow = (afterglow_server, dict(decay=DECAY))

    clean = checks.preview()
    check_same("afterglow in a preview", checks.preview(afterglow), smeared(clean))
    degraded = checks.preview(hum, seed=1)
    check_hum(clean, degraded)
    check("hum with the same seed", np.array_equal(degraded, checks.preview(hum, seed=1)), "the same pixels")
    check("hum with another seed", not np.array_equal(degraded, checks.preview(hum, seed=2)), "other pixels")

    check_same("afterglow in a stream of pairs", checks.pairs(afterglow), smeared(checks.pairs()))
    both = checks.pairs(hum, afterglow)
    check("hum and afterglow in a stream of pairs", np.array_equal(both, checks.pairs(hum, afterglow)), f"{len(both)} pairs, twice the same")

    for what, step, code, words in [
        ("a parameter that the server refuses", (afterglow_server, dict(decay=-1)), grpc.StatusCode.FAILED_PRECONDITION, "decay: -1 is out of range"),
        ("a server that is not on the list", ("127.0.0.1:9", {}), grpc.StatusCode.INVALID_ARGUMENT, "127.0.0.1:9"),
    ]:
        try:
            checks.preview(step)
        except grpc.RpcError as error:
            check(what, error.code() == code and words in error.details(), error.details())
        else:
            raise SystemExit(f"{what}: the preview succeeded")
    trained = checks.train(afterglow)
    check("afterglow in a training", trained.steps == 1, trained.model_version)
    try:
        checks.train((afterglow_server, dict(decay=-1)))
    except RuntimeError as error:
        check("a training whose server refuses", "decay: -1 is out of range" in str(error), error)
    else:
        raise SystemExit("a training whose server refuses has succeeded")


if __name__ == "__main__":
    main()
