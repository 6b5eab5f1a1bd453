/** Which image of a fit a field names. A person has named files and folders, and cannot count to `fit.pairs[3].low`. */
import { type Fit, imageName, isPssrError, PssrError } from "@pssr/api";

type Images = Pick<Fit, "pairs" | "unpaired" | "detectorImages">;

/** The id of the image at "fit.pairs[3].low", or "pairs[3].low"; undefined for a field that is no image's. */
export function imageAt({ pairs, unpaired, detectorImages }: Images, field: string): string | undefined {
  const [, list, index, end] = /^(?:fit\.)?([a-z_.]+)\[(\d+)\](?:\.([a-z]+))?$/.exec(field) ?? [];
  const n = Number(index);
  const scan = detectorImages?.scans[n];
  const names: Readonly<Record<string, string | undefined>> = {
    "pairs.low": pairs[n]?.low,
    "pairs.high": pairs[n]?.high,
    "unpaired.low": unpaired?.low[n],
    "unpaired.high": unpaired?.high[n],
    "detector_images.scans.first": scan?.first,
    "detector_images.scans.second": scan?.second,
    "detector_images.dark_frames": detectorImages?.darkFrames[n],
  };
  const name = names[end === undefined ? `${list}` : `${list}.${end}`];
  return name === undefined ? undefined : imageName.parse(name).image;
}

/** The error, with the image that its field names. */
export function namingImage(error: unknown, images: Images): unknown {
  if (!isPssrError(error) || error.field === undefined) return error;
  const { reason, message, field, metadata } = error;
  const image = imageAt(images, field);
  if (image === undefined) return error;
  return new PssrError(reason, `${message} (${field} is ${image})`, { field, metadata, cause: error });
}
