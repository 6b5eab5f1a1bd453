/** What is stored of an upload: the file that was declared, and which objects hold its bytes. */
import { PssrError } from "@pssr/api";
import type { VersionedRecord } from "@pssr/platform";

export interface UploadDeclaration {
  filename: string;
  /** Size of the whole file. */
  sizeBytes: number;
  /** SHA-256 of the whole file, 64 lower-case hexadecimal digits. */
  sha256: string;
}

export interface UploadRecord extends VersionedRecord, UploadDeclaration {
  /** Where the parts lie; ends in "/" and is this upload's alone, also when its id is used again. */
  prefix: string;
  /** Size of every part but the last. */
  partBytes: number;
  /** The parts' keys below `prefix`, in order. */
  parts: string[];
  receivedBytes: number;
  createMs: number;
  /** Last byte or last use, milliseconds since 1970: the upload is forgotten 24 hours later. */
  touchedMs: number;
  /** The caller's request_id, "" for none. */
  requestId: string;
  /** The id of the operation that is to make an image of it; none yet where it is missing. */
  usedBy?: string;
}

const smallestPartBytes = 4 * 1024 * 1024;
/** So many keys of 13 characters fit into a state record of 64 KiB. */
const maximumParts = 2000;

/** Part size for a file: 4 MiB, more where the list of parts would grow too long for its record. */
export function choosePartBytes(sizeBytes: number): number {
  const mebibyte = 1024 * 1024;
  return Math.max(smallestPartBytes, Math.ceil(sizeBytes / maximumParts / mebibyte) * mebibyte);
}

/** Checks what a caller declares. Throws INVALID_FIELD or IMAGE_TOO_LARGE with the field's path. */
export function checkDeclaration(declared: UploadDeclaration, maximumBytes: number): UploadDeclaration {
  const { filename, sizeBytes } = declared;
  const isPlain = filename.length > 0 && filename.length <= 255 && !/[/\\\p{Cc}]/u.test(filename);
  if (!isPlain || filename === "." || filename === "..") {
    throw new PssrError(
      "INVALID_FIELD",
      'upload.filename: give the file\'s own name, 1 to 255 characters without "/", "\\" and control characters',
      { field: "upload.filename" },
    );
  }
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) {
    throw new PssrError(
      "INVALID_FIELD",
      `upload.size_bytes: ${sizeBytes} is no file's size; give the bytes of the file, at least 1`,
      {
        field: "upload.size_bytes",
      },
    );
  }
  if (sizeBytes > maximumBytes) {
    throw new PssrError(
      "IMAGE_TOO_LARGE",
      `upload.size_bytes: ${sizeBytes} bytes are more than the ${maximumBytes} that this installation accepts; split the file, or raise the limit`,
      { field: "upload.size_bytes", metadata: { limit: String(maximumBytes) } },
    );
  }
  const sha256 = declared.sha256.toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    throw new PssrError("INVALID_FIELD", "upload.sha256: give the SHA-256 of the whole file as 64 hexadecimal digits", {
      field: "upload.sha256",
    });
  }
  return { filename, sizeBytes, sha256 };
}
