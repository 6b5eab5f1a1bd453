/** Uploads as the contract's messages. */
import { type Upload, uploadName } from "@pssr/api";
import type { RecordEntry } from "@pssr/platform";
import type { UploadRecord } from "./upload-record.js";

export function toUpload({ key, record }: RecordEntry<UploadRecord>): Upload {
  return {
    name: uploadName.format({ project: key.project, upload: key.id }),
    filename: record.filename,
    sizeBytes: BigInt(record.sizeBytes),
    sha256: record.sha256,
    receivedBytes: BigInt(record.receivedBytes),
    createTime: new Date(record.createMs),
  };
}
