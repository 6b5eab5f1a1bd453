"""The main job from Python with nothing but gRPC reflection: no generated code, no package of ours.

    python -m pip install grpcio grpcio-reflection
    python main_job.py 127.0.0.1:7717 ../em-fibsem/train --steps 50 --output restored.png

Uploads images, makes a dataset, trains, restores a crappified image, and downloads the result.
"""

import argparse
import hashlib
import pathlib
import uuid

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

CHUNK = 256 * 1024


class Pssr:
    """Calls any method of an installation by the descriptors that it shows of itself."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        grpc.channel_ready_future(self.channel).result(timeout=30)
        self.pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(self.channel))

    def type(self, name):
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))

    def message(self, full_name, /, **fields):
        return self.type(full_name)(**fields)

    def call(self, service, method, request, timeout=60):
        """One call of any kind: `request` is a message, or an iterator of messages where the method takes a stream."""
        described = self.pool.FindServiceByName(service).FindMethodByName(method)
        response = message_factory.GetMessageClass(described.output_type)
        streams = ("stream" if described.client_streaming else "unary") + "_" + ("stream" if described.server_streaming else "unary")
        multicallable = getattr(self.channel, streams)(
            f"/{service}/{method}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response.FromString,
        )
        return multicallable(request, timeout=timeout)

    def finish(self, operation, response):
        """Follows an operation to its end and gives its response."""
        request = self.message("pssr.v1.WatchOperationRequest", name=operation.name)
        for state in self.call("pssr.v1.OperationWatchService", "WatchOperation", request, timeout=3600):
            operation = state.operation
            metadata = self.message("pssr.v1.OperationMetadata")
            operation.metadata.Unpack(metadata)
            print(f"\r{operation.name.rsplit('/', 1)[1]}: {metadata.progress.phase} {metadata.progress.fraction:.0%}   ", end="")
        print()
        if operation.HasField("error"):
            raise RuntimeError(operation.error.message)
        result = self.message(response)
        operation.response.Unpack(result)
        return result

    def upload(self, parent, filename, data):
        """Declares a file, sends it from where it stands, and gives the upload's name."""
        declared = self.message("pssr.v1.Upload", filename=filename, size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        request = self.message("pssr.v1.CreateUploadRequest", parent=parent, upload=declared)
        upload = self.call("pssr.v1.ImageService", "CreateUpload", request)
        # Looked up before the call: gRPC takes the chunks on a thread of its own.
        chunk = self.type("pssr.v1.WriteUploadRequest")
        chunks = (
            chunk(name=upload.name, offset=offset, data=data[offset : offset + CHUNK])
            for offset in range(upload.received_bytes, len(data), CHUNK)
        )
        self.call("pssr.v1.ImageService", "WriteUpload", chunks)
        return upload.name

    def import_image(self, parent, path, **known):
        """Uploads a file and makes it an image. `known` is what the caller knows of it: levels, pixel_size_nm."""
        upload = self.upload(parent, path.name, path.read_bytes())
        request = self.message("pssr.v1.CreateImageRequest", parent=parent, upload=upload, image=self.message("pssr.v1.Image", **known))
        return self.finish(self.call("pssr.v1.ImageService", "CreateImage", request), "pssr.v1.Image")

    def download(self, image, path):
        """Writes an image to a PNG file, checked against the digest that comes first."""
        png = 1
        request = self.message("pssr.v1.DownloadImageRequest", name=image, format=png)
        data, header = bytearray(), None
        for message in self.call("pssr.v1.ImageService", "DownloadImage", request):
            if message.HasField("header"):
                header = message.header
            else:
                data += message.data
        if hashlib.sha256(data).hexdigest() != header.sha256:
            raise RuntimeError("the download is damaged")
        path.write_bytes(data)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("address")
    arguments.add_argument("images", type=pathlib.Path, help="folder of PNG files")
    arguments.add_argument("--project", default="python")
    arguments.add_argument("--count", type=int, default=4, help="images to learn from")
    arguments.add_argument("--steps", type=int, default=50)
    arguments.add_argument("--output", type=pathlib.Path, default=pathlib.Path("restored.png"))
    given = arguments.parse_args()

    pssr = Pssr(given.address)
    parent = f"projects/{given.project}"
    run = uuid.uuid4().hex[:8]
    levels = pssr.message("pssr.v1.IntensityLevels", black=0, white=255)
    files = sorted(given.images.glob("*.png"))[: given.count]
    images = [pssr.import_image(parent, path, levels=levels, pixel_size_nm=10).name for path in files]

    dataset = pssr.call(
        "pssr.v1.DatasetService",
        "CreateDataset",
        pssr.message("pssr.v1.CreateDatasetRequest", parent=parent, dataset_id=f"set-{run}", dataset=pssr.message("pssr.v1.Dataset", images=images)),
    )
    print(f"{dataset.name}: {dataset.training_tiles} tiles to learn from")

    learning = pssr.message("pssr.v1.LearningSpec", max_steps=given.steps)
    training = pssr.message("pssr.v1.Training", dataset=dataset.name, learning=learning)
    request = pssr.message("pssr.v1.CreateTrainingRequest", parent=parent, training_id=f"run-{run}", training=training)
    training = pssr.finish(pssr.call("pssr.v1.TrainingService", "CreateTraining", request), "pssr.v1.Training")
    print(f"{training.model_version}: {training.steps} steps in {training.training_seconds:.0f} s")

    # What a fast scan would have seen of the first image, as an image of its own. The default degradation is x4 and photon noise.
    request = pssr.message("pssr.v1.CrappifyImageRequest", image=images[0], image_id=f"fast-{run}")
    low = pssr.finish(pssr.call("pssr.v1.CrappifyService", "CrappifyImage", request), "pssr.v1.Image")
    print(f"{low.name}: crappified to {'x'.join(map(str, low.shape))} pixels of {low.pixel_size_nm:g} nm")

    prediction = pssr.message("pssr.v1.Prediction", image=low.name, model_version=training.model_version)
    request = pssr.message("pssr.v1.CreatePredictionRequest", parent=parent, prediction=prediction)
    prediction = pssr.finish(pssr.call("pssr.v1.PredictionService", "CreatePrediction", request), "pssr.v1.Prediction")
    pssr.download(prediction.output_image, given.output)
    print(f"{prediction.output_image} is in {given.output} ({prediction.clipped_pixels} pixels clipped)")


if __name__ == "__main__":
    main()
