"""Makes safetensors.json: a file written by the reference implementation (pip install numpy safetensors)."""
import base64
import json
import pathlib

import numpy
from safetensors.numpy import save

tensors = {
    "b/weights": numpy.arange(12, dtype="<f4").reshape(1, 1, 3, 4) / 8 - 0.5,
    "a/bias": numpy.array([1.5, -2.25, 3e-20], dtype="<f4"),
}
golden = {
    "file": base64.b64encode(save(tensors, metadata={"layout": "hwio"})).decode(),
    "tensors": {name: {"shape": list(t.shape), "values": t.ravel().tolist()} for name, t in tensors.items()},
}
pathlib.Path(__file__).with_name("safetensors.json").write_text(json.dumps(golden, indent=1) + "\n")
