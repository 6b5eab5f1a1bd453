/** CrappifyService: one degraded region to look at, a whole degraded image, or an endless stream of pairs to learn from. */
import {
  type CrappifyImageRequest,
  type CrappifyServiceImplementation,
  imageName,
  newResourceId,
  type Operation,
  type PreviewRequest,
  type PreviewResponse,
  type StreamPairsRequest,
  type StreamPairsResponse,
} from "@pssr/api";
import { checkFit } from "@pssr/crappifiers";
import { type CallExtension, type Operations, toOperation } from "@pssr/platform";
import type { CallContext } from "nice-grpc-common";
import type { CrappifierCatalogue } from "./crappifiers/crappifier-catalogue.js";
import { datasetKey } from "./dataset-service.js";
import type { ExternalCrappifiers } from "./external/external-crappifiers.js";
import type { BandLimits } from "./images/band-cut.js";
import { checkCrappifiable, crappificationKind, crappifyRequest, resolvedRequest } from "./images/crappified-image.js";
import type { ImageCatalogue } from "./images/image-catalogue.js";
import { fromStreamPairs } from "./pairs/pair-message.js";
import { messagesOf } from "./pairs/pair-messages.js";
import type { PairStreams } from "./pairs/pair-streams.js";
import { calibrationOf, checkCrappifySize, cutToScale, lowShape } from "./pixels/crappify-region.js";
import { toNoiseStatistics } from "./pixels/noise-statistics-message.js";
import { fromRegion, toLevels, toPixelBlock } from "./pixels/pixel-message.js";
import type { PixelReader } from "./pixels/pixel-reader.js";

type Context = CallContext & CallExtension;

export interface CrappifyServiceParts {
  crappifiers: CrappifierCatalogue;
  images: ImageCatalogue;
  pixels: PixelReader;
  /** For each image that is degraded whole. */
  bands: BandLimits;
  pairs: PairStreams;
  external: ExternalCrappifiers;
  operations: Operations;
}

export class CrappifyRpcs implements CrappifyServiceImplementation<CallExtension> {
  constructor(private readonly parts: CrappifyServiceParts) {}

  async preview(request: PreviewRequest, { signal }: Context): Promise<PreviewResponse> {
    const { project, image: id } = imageName.parse(request.image, "image");
    const { crappifier } = await this.parts.crappifiers.resolve(request.crappifier, "crappifier", project, { signal });
    this.parts.external.check(crappifier, "crappifier");
    const { scale } = crappifier.sampling;
    const image = await this.parts.images.get({ project, id }, { signal, field: "image" });
    const whole = { start: image.shape.map(() => 0n), shape: cutToScale(image.shape, scale).map(BigInt) };
    const region = fromRegion(request.region ?? whole, image.shape, "region");
    checkCrappifySize(region.shape, scale, image.dtype);
    const [height, width] = region.shape.slice(-2) as [number, number];
    checkFit(crappifier, { height, width, pixelSizeNm: image.pixelSizeNm || undefined }, "crappifier");
    const order = {
      crappifier,
      calibration: calibrationOf(image),
      key: { seed: request.seed, image: image.digest, tile: 0, epoch: 0 },
    };
    const box = { location: image.location, ...region };
    const { low, statistics } = await this.parts.pixels.preview(box, order, { signal });
    const shape = lowShape(region.shape, scale);
    return {
      low: toPixelBlock(
        image.axes,
        shape,
        shape.map(() => 0),
        image.dtype,
        low,
      ),
      pixelSizeNm: image.pixelSizeNm * scale,
      levels: toLevels(image.levels),
      statistics: toNoiseStatistics(statistics),
    };
  }

  async crappifyImage(request: CrappifyImageRequest, { signal, identity }: Context): Promise<Operation> {
    const { project, image: id } = imageName.parse(request.image, "image");
    const { requestId } = request;
    const resource = newResourceId(request.imageId, requestId, "image_id");
    const asked = crappifyRequest(request);
    const known = { kind: crappificationKind, project, resource, requestId, asked };
    // The image, or a saved crappifier, may be gone since: a repeated request finds its operation all the same.
    const before = await this.parts.operations.before(known, { signal });
    if (before !== undefined) return toOperation(before);
    const { crappifier } = await this.parts.crappifiers.resolve(request.crappifier, "crappifier", project, { signal });
    const image = await this.parts.images.get({ project, id }, { signal, field: "image" });
    checkCrappifiable(image, crappifier, request.seed, this.parts.bands);
    const submission = { ...known, principal: identity.principal, request: resolvedRequest(request, crappifier) };
    return toOperation(await this.parts.operations.submit(submission, { signal }));
  }

  async *streamPairs(request: StreamPairsRequest, { signal }: Context): AsyncIterable<StreamPairsResponse> {
    const key = datasetKey(request.dataset, "dataset");
    const { crappifier } = await this.parts.crappifiers.resolve(request.crappifier, "crappifier", key.project, {
      signal,
    });
    this.parts.external.check(crappifier, "crappifier");
    const spec = fromStreamPairs(request, crappifier);
    yield* messagesOf(this.parts.pairs.open(key, request.datasetDigest, spec, { signal }));
  }
}
