/**
 * A fit as records keep it: the contract's message, its images by their ids alone, for hundreds of full names would be too long
 * for a record. A fit's images are all of its own project.
 */
import { createHash } from "node:crypto";
import { Fit, imageName, PssrError } from "@pssr/api";
import { maximumBytes, type TypedBytes } from "@pssr/platform";

/** What an operation is to do. */
export interface FitSpec {
  readonly schemaVersion: 1;
  /** SHA-256 of the request as it was asked. */
  readonly asked: string;
  /** JSON of pssr.v1.Fit, complete, with ids in place of the images' names. */
  readonly fit: unknown;
}

const specType = "application/json; message=pssr.optimize.FitSpec";

/** Throws LIMIT_EXCEEDED for a fit that does not fit into its operation's record. */
export function encodeSpec(spec: FitSpec): TypedBytes {
  const bytes = new TextEncoder().encode(JSON.stringify(spec));
  if (bytes.length <= maximumBytes.request) return { type: specType, bytes };
  throw new PssrError(
    "LIMIT_EXCEEDED",
    `fit: it takes ${bytes.length} bytes written down, more than the ${maximumBytes.request} that fit into a record; name fewer images, or give them shorter ids`,
    { field: "fit", metadata: { limit: `${maximumBytes.request}` } },
  );
}

/** Throws RECORD_TOO_NEW for what a newer release wrote. */
export function decodeSpec({ bytes }: TypedBytes): FitSpec {
  const spec = JSON.parse(new TextDecoder().decode(bytes)) as { schemaVersion: number };
  if (spec.schemaVersion !== 1) {
    throw new PssrError(
      "RECORD_TOO_NEW",
      `a fit's request has schema version ${spec.schemaVersion}, this release reads version 1: run a newer release`,
    );
  }
  return spec as FitSpec;
}

export function toStoredFit(fit: Fit): unknown {
  return Fit.toJSON(withImages(fit, (name) => imageName.parse(name).image));
}

export function fromStoredFit(stored: unknown, project: string): Fit {
  return withImages(Fit.fromJSON(stored), (image) => imageName.format({ project, image }));
}

/** Of what a caller decides. The fields of maps come in any order, in Go in another one each time. */
export function digestOf(asked: Fit): string {
  const ordered = JSON.stringify(Fit.toJSON(withoutOutputs(asked)), (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash("sha256").update(ordered).digest("hex");
}

/** What a caller may say of a fit. */
export function withoutOutputs(fit: Fit): Fit {
  return { ...fit, name: "", state: 0, operation: "", createTime: undefined, result: undefined };
}

function withImages(fit: Fit, change: (image: string) => string): Fit {
  const { pairs, unpaired, detectorImages } = fit;
  return {
    ...fit,
    pairs: pairs.map(({ low, high }) => ({ low: change(low), high: change(high) })),
    unpaired: unpaired && { low: unpaired.low.map(change), high: unpaired.high.map(change) },
    detectorImages: detectorImages && {
      scans: detectorImages.scans.map(({ first, second }) => ({ first: change(first), second: change(second) })),
      darkFrames: detectorImages.darkFrames.map(change),
    },
  };
}
