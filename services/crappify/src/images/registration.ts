/** What one of our services says of pixels it has written, checked before it becomes an image. */
import { type Image, type ImageOrigin, PssrError } from "@pssr/api";
import type { Levels } from "@pssr/imaging";
import { fromKnown } from "../message.js";

export interface Registration {
  /** Ends in "/". */
  location: string;
  /** 0: unknown. */
  pixelSizeNm: number;
  levels: Levels;
  origin: ImageOrigin | undefined;
}

/** Throws INVALID_FIELD; above all where the pixels are not those of an operation in the same project. */
export function registration(project: string, image: Image | undefined): Registration {
  const { levels, pixelSizeNm = 0 } = fromKnown(image, "image");
  if (image === undefined || levels === undefined) {
    throw new PssrError("INVALID_FIELD", "image.levels: say which pixel values are black and white", {
      field: "image.levels",
    });
  }
  const location = image.location.endsWith("/") ? image.location : `${image.location}/`;
  const [operations, owner, operation, ...below] = location.slice(0, -1).split("/");
  const isPlain = location.split("/").every((segment, index, all) => segment !== "" || index === all.length - 1);
  if (!isPlain || operations !== "operations" || owner !== project || !operation || below.length === 0) {
    throw new PssrError(
      "INVALID_FIELD",
      `image.location: "${location.slice(0, 200)}" is no place of an operation in this project; expected operations/${project}/{operation}/{attempt}/…`,
      { field: "image.location" },
    );
  }
  return { location, pixelSizeNm, levels, origin: image.origin };
}
