/** Turns what a caller asks for into a specification: asks the owners of image and model, and refuses early what cannot work. */
import { imageName, modelVersionName, PssrError } from "@pssr/api";
import { planeShape } from "@pssr/imaging";
import { createNetwork, modelFiles } from "@pssr/networks";
import type { CallFor } from "@pssr/platform";
import { fromImage } from "../message.js";
import type { ModelFiles } from "../models/model-files.js";
import type { Peers } from "../peers.js";
import { bytesPerInputPixel, fitTileSize } from "../tiling/tile-memory.js";
import { type AskedPrediction, type PredictionSpec, type SpecifiedModel, shardShapeFor } from "./prediction-spec.js";

const defaultTileSize = 256;
const [smallestTile, largestTile] = [16, 2048];
const path = "prediction";

export class PredictionResolver {
  constructor(
    private readonly peers: Peers,
    private readonly models: ModelFiles,
    private readonly settings: { tileMemoryBytes: number },
  ) {}

  /** Throws INVALID_FIELD, NOT_FOUND, LIMIT_EXCEEDED or INVALID_MODEL with the field to blame. */
  async resolve(project: string, asked: AskedPrediction, call: CallFor): Promise<PredictionSpec> {
    checkWithin(project, imageName.parse(asked.image, `${path}.image`).project, `${path}.image`);
    checkWithin(
      project,
      modelVersionName.parse(asked.modelVersion, `${path}.model_version`).project,
      `${path}.model_version`,
    );
    if (asked.outputImage !== "") {
      checkWithin(project, imageName.parse(asked.outputImage, `${path}.output_image`).project, `${path}.output_image`);
    }
    const wantedTile = checkTileSize(asked.tileSize);
    const [image, { model, bytesPerPixel }] = await Promise.all([
      this.peers.image(asked.image, `${path}.image`, call).then((found) => fromImage(found, `${path}.image`)),
      this.#model(asked.modelVersion, call),
    ]);
    if (image.axes !== "yx" && image.axes !== "zyx") {
      throw new PssrError(
        "UNSUPPORTED_PIXELS",
        `${path}.image: ${image.name} has the axes "${image.axes}"; images ("yx") and stacks ("zyx") can be restored`,
        { field: `${path}.image` },
      );
    }
    const tileSize = fitTileSize(wantedTile, { ...model, bytesPerPixel }, planeShape(image), {
      limitBytes: this.settings.tileMemoryBytes,
      field: `${path}.model_version`,
    });
    const spec = { schemaVersion: 1, asked, image, model, tileSize } as const;
    return { ...spec, shardShape: shardShapeFor(spec) };
  }

  async #model(name: string, call: CallFor): Promise<{ model: SpecifiedModel; bytesPerPixel: number }> {
    const field = `${path}.model_version`;
    const version = await this.peers.modelVersion(name, field, call);
    if (version.inputFrames > 1) {
      throw new PssrError(
        "INVALID_FIELD",
        `${field}: ${version.name} sees ${version.inputFrames} neighbouring planes at once, which this release cannot predict with; use a model trained with 1 input frame`,
        { field },
      );
    }
    const manifest = await this.models.manifest(version.location, { signal: call.signal });
    const onnx = manifest.files[modelFiles.onnx];
    if (onnx === undefined || manifest.halo === "unbounded") {
      const problem = onnx === undefined ? `has no ${modelFiles.onnx}` : "sees the whole image at once";
      throw new PssrError("INVALID_MODEL", `${field}: ${version.name} ${problem}, so it cannot work tile by tile`, {
        field,
      });
    }
    const { halo, grid, network } = manifest;
    const model = {
      name: version.name,
      location: version.location,
      onnx,
      scale: network.scale,
      halo,
      grid,
      levels: { black: manifest.intensity.black, white: manifest.intensity.white },
    };
    return { model, bytesPerPixel: bytesPerInputPixel(createNetwork(network), grid) };
  }
}

function checkTileSize(size: number): number {
  if (size === 0) return defaultTileSize;
  if (size >= smallestTile && size <= largestTile) return size;
  const field = `${path}.tile_size`;
  throw new PssrError(
    "INVALID_FIELD",
    `${field}: ${size} is outside ${smallestTile} to ${largestTile}; leave it out for ${defaultTileSize}`,
    { field },
  );
}

/** An operation works within its project, so all it reads and makes must lie there. */
function checkWithin(project: string, found: string, field: string): void {
  if (found === project) return;
  throw new PssrError(
    "INVALID_FIELD",
    `${field}: it lies in the project "${found}"; a prediction in "${project}" works with what is there`,
    { field },
  );
}
