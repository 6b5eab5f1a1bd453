import { objectStoreContract } from "./contract.js";
import { openS3Store, s3Config } from "./s3-bucket.js";

objectStoreContract("S3 objects", async (context) => openS3Store(context, await s3Config()));
