/** What one of our services says of pixels it has written, checked before it becomes an image. */
import { type Image, type ImageOrigin, operationName, PssrError } from "@pssr/api";
import type { Levels } from "@pssr/imaging";
import { fromKnown } from "./image-message.js";

export interface Registration {
  /** Ends in "/". */
  location: string;
  /** 0: unknown. */
  pixelSizeNm: number;
  levels: Levels;
  origin: ImageOrigin | undefined;
}

/** The id of the operation that an image is for, by its name. Throws INVALID_FIELD; above all for another project's. */
export function ownerOf(project: string, owner: string): string {
  const { project: its, operation } = operationName.parse(owner, "owner");
  if (its === project) return operation;
  throw new PssrError("INVALID_FIELD", `owner: "${owner}" lies in another project than the image`, { field: "owner" });
}

/**
 * @param operation The id of the operation that has written the pixels.
 * Throws INVALID_FIELD; above all where the pixels do not lie among that operation's objects.
 */
export function registration(project: string, operation: string, image: Image | undefined): Registration {
  const { levels, pixelSizeNm = 0 } = fromKnown(image, "image");
  if (image === undefined || levels === undefined) {
    throw new PssrError("INVALID_FIELD", "image.levels: say which pixel values are black and white", {
      field: "image.levels",
    });
  }
  const location = image.location.endsWith("/") ? image.location : `${image.location}/`;
  const [operations, inProject, ofOperation, ...below] = location.slice(0, -1).split("/");
  const isPlain = location.split("/").every((segment, index, all) => segment !== "" || index === all.length - 1);
  const isTheirs = operations === "operations" && inProject === project && ofOperation === operation;
  if (!isPlain || !isTheirs || below.length === 0) {
    throw new PssrError(
      "INVALID_FIELD",
      `image.location: "${location.slice(0, 200)}" is no place of the image's operation; expected operations/${project}/${operation}/{attempt}/…`,
      { field: "image.location" },
    );
  }
  return { location, pixelSizeNm, levels, origin: image.origin };
}
