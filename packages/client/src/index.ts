export { type ConnectOptions, connect, type PssrClient } from "./connect.js";
export { downloadFile, type FileStream } from "./download.js";
export { cancel, errorIn, finish, type OperationState, type WatchOptions, watchOperation } from "./operations.js";
export type { RetryOptions } from "./retries.js";
export { digestOfFile, type UploadOptions, uploadFile } from "./upload.js";
