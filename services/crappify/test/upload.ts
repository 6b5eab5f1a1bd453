/** Uploading in tests. */
import { createHash } from "node:crypto";
import type { Image, WriteUploadRequest } from "@pssr/api";
import { Image as ImageMessage } from "@pssr/api";
import { type Installation, project } from "./installation.js";

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Pieces of a file from an offset on, as a client sends them. */
export async function* pieces(
  name: string,
  bytes: Uint8Array,
  from = 0,
  pieceBytes = 256 * 1024,
): AsyncIterable<WriteUploadRequest> {
  for (let at = from; at < bytes.length; at += pieceBytes) {
    yield { name: at === from ? name : "", offset: BigInt(at), data: bytes.subarray(at, at + pieceBytes) };
  }
}

/** Declares a file and sends all of it; resolves with the upload's name. */
export async function upload({ images }: Installation, filename: string, bytes: Uint8Array): Promise<string> {
  const file = { filename, sizeBytes: BigInt(bytes.length), sha256: sha256(bytes) };
  const { name } = await images.createUpload({ parent: project, upload: file });
  await images.writeUpload(pieces(name, bytes));
  return name;
}

/** Imports a file as an image and waits for it. Rejects with the operation's error. */
export async function importImage(
  installation: Installation,
  id: string,
  bytes: Uint8Array,
  options: { filename?: string; image?: Partial<Image> } = {},
): Promise<Image> {
  const name = await upload(installation, options.filename ?? `${id}.png`, bytes);
  const image = options.image && ImageMessage.fromPartial(options.image);
  const operation = await installation.images.createImage({ parent: project, imageId: id, upload: name, image });
  const { error, result } = await installation.operations.wait(operation.name);
  if (error !== undefined) throw new ImportFailed(error.reason, error.message);
  return ImageMessage.decode(result!.bytes);
}

export class ImportFailed extends Error {
  constructor(
    readonly reason: string,
    message: string,
  ) {
    super(`${reason}: ${message}`);
  }
}
