/** ImageService: uploads, images, and their way out again. */
import {
  type CreateImageRequest,
  type CreateUploadRequest,
  checkId,
  type DeleteImageRequest,
  type DeleteUploadRequest,
  type DownloadImageRequest,
  type DownloadImageResponse,
  type Empty,
  type GetImageRequest,
  type GetUploadRequest,
  type Image,
  type ImageServiceImplementation,
  imageName,
  isPssrError,
  type ListImagesRequest,
  type ListImagesResponse,
  newResourceId,
  type Operation,
  operationName,
  type PixelBlock,
  PssrError,
  projectName,
  type ReadPixelsRequest,
  type RegisterImageRequest,
  type ReleaseImageRequest,
  type ReserveImageRequest,
  type Upload,
  uploadName,
  type WriteUploadRequest,
} from "@pssr/api";
import {
  type CallExtension,
  type Operations,
  type OperationView,
  type RecordKey,
  readPageToken,
  takePage,
  toOperation,
} from "@pssr/platform";
import type { CallContext } from "nice-grpc-common";
import type { DatasetCatalogue } from "./datasets/dataset-catalogue.js";
import { type ImageCatalogue, nameOfImage } from "./images/image-catalogue.js";
import type { ImageExports } from "./images/image-exports.js";
import { checkComplete, importKind, importOperation, importRequest } from "./images/image-import.js";
import { fromFileFormat, fromKnown, fromOrigin, toImage } from "./images/image-message.js";
import { ownerOf, registration } from "./images/registration.js";
import { fromRegion } from "./pixels/pixel-message.js";
import type { PixelReader } from "./pixels/pixel-reader.js";
import { toUpload } from "./uploads/upload-message.js";
import type { UploadStore } from "./uploads/upload-store.js";

type Context = CallContext & CallExtension;

export interface ImageServiceParts {
  uploads: UploadStore;
  images: ImageCatalogue;
  datasets: DatasetCatalogue;
  exports: ImageExports;
  pixels: PixelReader;
  operations: Operations;
}

export class ImageRpcs implements ImageServiceImplementation<CallExtension> {
  constructor(private readonly parts: ImageServiceParts) {}

  async createUpload(request: CreateUploadRequest, { signal }: Context): Promise<Upload> {
    const { project } = projectName.parse(request.parent, "parent");
    const { filename = "", sizeBytes = 0n, sha256 = "" } = request.upload ?? {};
    const declared = { filename, sizeBytes: Number(sizeBytes), sha256 };
    const { uploadId, requestId } = request;
    return toUpload(await this.parts.uploads.create(project, declared, { uploadId, requestId, signal }));
  }

  async getUpload(request: GetUploadRequest, { signal }: Context): Promise<Upload> {
    return toUpload(await this.parts.uploads.get(uploadKey(request.name), { signal }));
  }

  async writeUpload(requests: AsyncIterable<WriteUploadRequest>, { signal }: Context): Promise<Upload> {
    const iterator = requests[Symbol.asyncIterator]();
    const first = await iterator.next();
    if (first.done) {
      throw new PssrError(
        "INVALID_FIELD",
        "name: the stream ended before its first message; that must name the upload",
        {
          field: "name",
        },
      );
    }
    const { name } = first.value;
    async function* chunks() {
      for (let next = first; !next.done; next = await iterator.next()) {
        if (next.value.name !== "" && next.value.name !== name) {
          throw new PssrError(
            "INVALID_FIELD",
            "name: one stream writes one upload; open another stream for another upload",
            {
              field: "name",
            },
          );
        }
        yield next.value;
      }
    }
    return toUpload(await this.parts.uploads.write(uploadKey(name), chunks(), { signal }));
  }

  async deleteUpload(request: DeleteUploadRequest, { signal }: Context): Promise<Empty> {
    await this.parts.uploads.delete(uploadKey(request.name), { signal });
    return {};
  }

  async createImage(request: CreateImageRequest, { signal, identity }: Context): Promise<Operation> {
    const { uploads, operations } = this.parts;
    const { project } = projectName.parse(request.parent, "parent");
    const { project: uploadProject, upload } = uploadName.parse(request.upload, "upload");
    fromKnown(request.image, "image");
    if (uploadProject !== project) {
      throw new PssrError("INVALID_FIELD", `upload: "${request.upload}" lies outside ${request.parent}`, {
        field: "upload",
      });
    }
    const { requestId } = request;
    const id = newResourceId(request.imageId, requestId, "image_id");
    // A repeated request finds its operation even where that has used the upload up, be it this very moment.
    if (!(await this.#isKnown({ project, id }, signal))) {
      const key = { project, id: upload };
      try {
        checkComplete((await uploads.get(key, { signal })).record);
        await uploads.use(key, importOperation(id), { signal });
      } catch (error) {
        const isUsedUp = isPssrError(error, "NOT_FOUND") && (await this.#isKnown({ project, id }, signal));
        if (!isUsedUp) throw error;
      }
    }
    const submission = {
      kind: importKind,
      project,
      principal: identity.principal,
      resource: id,
      requestId,
      request: importRequest(request),
    };
    const view: OperationView = await operations.submit(submission, { signal });
    return toOperation(view);
  }

  async getImage(request: GetImageRequest, { signal }: Context): Promise<Image> {
    const key = imageKey(request.name);
    return toImage({ key, image: await this.parts.images.get(key, { signal }) });
  }

  async listImages(request: ListImagesRequest, { signal }: Context): Promise<ListImagesResponse> {
    const { project } = projectName.parse(request.parent, "parent");
    const images = this.parts.images.list(project, readPageToken(request.pageToken), { signal });
    const { items, nextPageToken } = await takePage(images, request.pageSize, ({ key }) => key.id);
    return { images: items.map(toImage), nextPageToken };
  }

  async deleteImage(request: DeleteImageRequest, { signal }: Context): Promise<Empty> {
    const key = imageKey(request.name);
    const usedBy = () => this.parts.datasets.userOf(key.project, nameOfImage(key), { signal });
    await this.parts.images.delete(key, usedBy, { signal });
    return {};
  }

  async *downloadImage(request: DownloadImageRequest, { signal }: Context): AsyncIterable<DownloadImageResponse> {
    const key = imageKey(request.name);
    const image = await this.parts.images.get(key, { signal });
    const file = await this.parts.exports.open(key, image, fromFileFormat(request.format), { signal });
    const offset = Number(request.offset);
    if (offset < 0 || offset > file.sizeBytes) {
      throw new PssrError("INVALID_FIELD", `offset: ${offset} lies outside the file of ${file.sizeBytes} bytes`, {
        field: "offset",
      });
    }
    const { filename, mediaType, sizeBytes, sha256 } = file;
    yield { content: { $case: "header", value: { filename, mediaType, sizeBytes: BigInt(sizeBytes), sha256 } } };
    for await (const value of file.read(offset, { signal })) yield { content: { $case: "data", value } };
  }

  async *readPixels(request: ReadPixelsRequest, { signal }: Context): AsyncIterable<PixelBlock> {
    const image = await this.parts.images.get(imageKey(request.name), { signal });
    const region = fromRegion(request.region, image.shape, "region");
    yield* this.parts.pixels.blocks(image, region, { signal });
  }

  async reserveImage(request: ReserveImageRequest, { signal }: Context): Promise<Empty> {
    const { key, operation } = reservation(request);
    await this.parts.images.reserve(key, operation, { signal });
    return {};
  }

  async releaseImage(request: ReleaseImageRequest, { signal }: Context): Promise<Empty> {
    const { key, operation } = reservation(request);
    await this.parts.images.release(key, operation, { signal });
    return {};
  }

  async registerImage(request: RegisterImageRequest, { signal }: Context): Promise<Image> {
    const { key, operation } = reservation(request);
    const { origin, ...wanted } = registration(key.project, operation, request.image);
    const read = async () => {
      const described = await this.parts.pixels.describe(wanted, { signal });
      return { ...wanted, ...described, origin: fromOrigin(origin), createMs: Date.now() };
    };
    return toImage({ key, image: await this.parts.images.register(key, operation, wanted, read, { signal }) });
  }

  /** Whether there is an operation that makes the image, or the image: then the submit tells of it, whatever else is gone. */
  async #isKnown(key: RecordKey, signal: AbortSignal): Promise<boolean> {
    if (await this.parts.images.isTaken(key, { signal })) return true;
    try {
      const operation = importOperation(key.id);
      const { error } = await this.parts.operations.get(operationName.format({ project: key.project, operation }), {
        signal,
      });
      return error === undefined;
    } catch (error) {
      if (isPssrError(error, "NOT_FOUND")) return false;
      throw error;
    }
  }
}

function uploadKey(name: string): RecordKey {
  const { project, upload } = uploadName.parse(name);
  return { project, id: upload };
}

/** Which id is meant, and the id of the operation that is to have it. */
function reservation({ parent, imageId, owner }: ReserveImageRequest): { key: RecordKey; operation: string } {
  const { project } = projectName.parse(parent, "parent");
  return { key: { project, id: checkId(imageId, "image_id") }, operation: ownerOf(project, owner) };
}

function imageKey(name: string): RecordKey {
  const { project, image } = imageName.parse(name);
  return { project, id: image };
}
