/**
 * The id of the image that a prediction is to make. It is kept for the prediction's operation from the call that asks for it
 * until the image is registered or the operation has failed: of two predictions that are to make the same image, the second
 * is refused before it has worked for nothing, and no upload takes the id meanwhile.
 */
import { imageName, isPssrError, operationName, PssrError } from "@pssr/api";
import { type CallFor, workerIdentity } from "@pssr/platform";
import type { Peers } from "../peers.js";

export interface OutputImage {
  /** projects/{project}/images/{image} */
  readonly name: string;
  /** Whose it is: projects/{project}/operations/{operation} */
  readonly owner: string;
}

/** @param asked the image's name, "" for one named after the prediction */
export function outputImageName(asked: string, project: string, prediction: string): string {
  return asked || imageName.format({ project, image: prediction });
}

/** May be repeated. Throws ALREADY_EXISTS where there is such an image, or another one makes it. */
export async function reserveOutput(peers: Peers, { name, owner }: OutputImage, call: CallBy): Promise<void> {
  try {
    await peers.reserveImage(name, owner, asService(owner, call));
  } catch (error) {
    if (!isPssrError(error, "ALREADY_EXISTS")) throw error;
    const field = "prediction.output_image";
    throw new PssrError(
      "ALREADY_EXISTS",
      `${field}: there is an image ${name} already, or one in the making; choose another name`,
      { field, cause: error },
    );
  }
}

/** May be repeated. */
export async function releaseOutput(peers: Peers, { name, owner }: OutputImage, call: CallBy): Promise<void> {
  await peers.releaseImage(name, owner, asService(owner, call));
}

interface CallBy extends Omit<CallFor, "identity"> {
  /** On whose behalf. */
  readonly principal: string;
}

function asService(owner: string, { principal, signal }: CallBy): CallFor {
  return { identity: workerIdentity(operationName.parse(owner).project, principal), signal };
}
