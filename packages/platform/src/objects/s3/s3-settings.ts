/** Where the objects of a cluster are, and how long we wait for them. */
import { type Config, optional, type SettingKind, secret, setting } from "../../config/setting.js";
import { bytes, duration, integer, text } from "../../config/setting-kinds.js";

export const s3Settings = {
  s3Endpoint: optional(endpoint(), {
    description: "Address of the S3 server that holds all images and models; absent: they are in the data directory",
  }),
  s3Bucket: setting(bucket(), { default: "pssr", description: "Bucket of the objects; made if it is not there" }),
  s3Prefix: optional(prefix(), {
    description: "Beginning of all object names, where the bucket is shared with others",
  }),
  s3Region: setting(text(), {
    default: "us-east-1",
    description: "Region that requests to the S3 server are signed for",
  }),
  s3AccessKey: secret(text(), { description: "Access key of the S3 account" }),
  s3SecretKey: secret(text(), { description: "Secret key of the S3 account" }),
  s3CaFile: optional(text(), {
    description: "File of the certificates (PEM) that vouch for the S3 server, in place of the public ones",
  }),
  s3PartSize: setting(bytes({ min: 5 * 2 ** 20, max: 2 ** 30 }), {
    default: "8MiB",
    description: "Larger objects are sent in parts of this size; four of them are in memory per object that is written",
  }),
  s3Wait: setting(duration({ minMs: 0 }), {
    default: "30s",
    description: "How long a start waits for the S3 server before it gives up",
  }),
  s3IdleTimeout: setting(duration({ minMs: 10, maxMs: 600_000 }), {
    default: "15s",
    description: "A request to the S3 server on which no byte moves for this long is given up and tried again",
  }),
  s3Retries: setting(integer({ min: 0, max: 20 }), {
    default: "6",
    description:
      "How often a failed request to the S3 server is sent again, with growing pauses (six: about 6 seconds)",
  }),
} as const;

export type S3Config = Config<typeof s3Settings>;

function endpoint(): SettingKind<string> {
  return {
    description: "a URL with scheme, host and port only, such as https://s3.example.org or http://127.0.0.1:9000",
    read(value) {
      if (!URL.canParse(value)) return undefined;
      const url = new URL(value);
      const isPlain = url.href === `${url.origin}/`;
      return isPlain && (url.protocol === "http:" || url.protocol === "https:") ? url.origin : undefined;
    },
  };
}

function bucket(): SettingKind<string> {
  return {
    description: "a bucket's name: 3 to 63 of a-z 0-9 . -, a letter or digit at both ends",
    read: (value) => (/^[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)*$/.test(value) && isBucketLong(value) ? value : undefined),
  };
}

function isBucketLong(value: string): boolean {
  return value.length >= 3 && value.length <= 63 && !value.endsWith("-");
}

function prefix(): SettingKind<string> {
  return {
    description: 'segments of A-Z a-z 0-9 _ - joined by "/", at most 100 characters',
    read: (value) => (/^[\w-]+(\/[\w-]+)*$/.test(value) && value.length <= 100 ? value : undefined),
  };
}
