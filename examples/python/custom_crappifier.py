"""A crappifier step of your own in Python: the hum of the mains in a scanned image.

    python -m pip install grpcio-tools numpy
    python -m grpc_tools.protoc -I ../../proto --python_out=. --grpc_python_out=. \\
        pssr/v1/pixels.proto pssr/v1/custom_crappifier_service.proto
    python custom_crappifier.py 127.0.0.1:7801

    PSSR_EXTERNAL_CRAPPIFIERS=127.0.0.1:7801 npx pssr up

A crappifier then has the step
{"kind": "external", "address": "127.0.0.1:7801", "parameters": {"amplitude": {"value": 10}, "rows": {"value": 7.3}}}.
"""

import argparse
import concurrent.futures
import math
import random

import grpc
import numpy as np
from pssr.v1 import custom_crappifier_service_pb2 as messages
from pssr.v1 import custom_crappifier_service_pb2_grpc as service
from pssr.v1 import pixels_pb2

KNOWN = {"amplitude", "rows"}


def hum(plane, black, white, amplitude, rows, phase):
    """Adds a wave that goes on from line to line, as the mains go on while a beam scans.

    amplitude: in (white - black) / 255; rows: scan lines in one period of the mains; phase: in radians.
    """
    height, width = plane.shape
    lines = np.arange(height)[:, None] + np.arange(width)[None, :] / width
    wave = np.sin(2 * math.pi / rows * lines + phase)
    return (plane + amplitude * (white - black) / 255 * wave).astype("<f4")


class Hum(service.CustomCrappifierServiceServicer):
    def Crappify(self, request, context):
        unknown = set(request.parameters) - KNOWN
        if unknown:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{', '.join(sorted(unknown))}: unknown; known are amplitude and rows")
        amplitude, rows = request.parameters.get("amplitude", 8), request.parameters.get("rows", 8)
        if rows <= 0:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"rows: {rows:g} is out of range; give a number above 0")

        pixels = request.pixels
        plane = np.frombuffer(pixels.data, "<f4").reshape(list(pixels.shape))
        # All randomness comes from the seed: the same request has the same answer for ever, and on every instance.
        phase = random.Random(request.seed).uniform(0, 2 * math.pi)
        data = hum(plane, request.black, request.white, amplitude, rows, phase).tobytes()
        answer = pixels_pb2.PixelBlock(axes=pixels.axes, shape=pixels.shape, data_type=pixels.data_type, data=data)
        return messages.CrappifyResponse(pixels=answer)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("bind", help="where to listen: 127.0.0.1:7801; port 0 is a free one")
    given = arguments.parse_args()

    server = grpc.server(concurrent.futures.ThreadPoolExecutor())
    service.add_CustomCrappifierServiceServicer_to_server(Hum(), server)
    port = server.add_insecure_port(given.bind)
    server.start()
    print(f"listens on {given.bind.rpartition(':')[0]}:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
